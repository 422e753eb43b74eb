"""A rollout on a server, what a person and an apply do to it, and its runner."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from components.rollouts.in_pod.project import Found, Rollouts
from components.rollouts.in_pod.turn import Turned, turn
from flagops.flagsmith_api.client import FlagsmithError
from tests.flagops.commands.flags.support import Project, Run

FLAG = "banner"
BEGAN = datetime(2026, 11, 1, 9, tzinfo=UTC)
SHARE = "banner.production"
CATALOGUE = """project: FootAnalytics
environments: [production]
flags:
  banner:
    description: A banner.
    owner: web
    kind: ops
    enabled: false
    rollout:
      start: 2026-11-01 09:00 UTC
      steps: [{to: 5, for: 6h}, {to: 50, for: 1d}, {to: 100}]
"""


class Rolling:
    """The banner's rollout on a server, and its runner. Another segment's share has another `name`."""

    def __init__(self, server: Project, run: Run, home: Path) -> None:
        self.server, self._run, self._home = server, run, home
        self.path = home / "catalogue.yaml"
        self.name = SHARE

    def ff(self, *words: str) -> Any:
        """`ff flags …`, with notes kept in a file."""
        return self._run(
            "flags", *words, str(self.path), "--url", self.server.url, "--notes", str(self._home / "notes.json")
        )

    def ff_alone(self, *words: str) -> Any:
        """`ff flags …` of a pipeline that keeps no notes."""
        return self._run("flags", *words, str(self.path), "--url", self.server.url)

    def ff_rollout(self, *words: str) -> Any:
        """`ff flags rollout …`."""
        return self._run("flags", "rollout", *words, "--url", self.server.url, "--catalogue", str(self.path))

    def apply(self, text: str = CATALOGUE) -> Any:
        self.path.write_text(text, encoding="utf-8")
        return self.ff("apply", "--yes")

    def turn(self) -> Turned:
        every = turn(Rollouts(self.server.client, 1), None, lambda: datetime.now(UTC), (FlagsmithError,))
        (said,) = [item for item in every if item.found.name == self.name]
        return said

    def everything(self) -> list[Found]:
        """All rollouts on the server."""
        return Rollouts(self.server.client, 1).all()

    def found(self) -> Found:
        """The rollout as it is on the server."""
        (found,) = [item for item in self.everything() if item.name == self.name]
        return found

    def segment(self) -> dict[str, Any]:
        rows = self.server.client.pages("/api/v1/projects/1/segments/")
        return dict(next(row for row in rows if row["name"] == self.name))

    def pass_by(self, hours: float) -> None:
        """So many hours pass: what is remembered is that much older."""
        row = self.segment()
        now = datetime.now(UTC)
        found = self.found().description.memory
        assert found is not None
        older = (found.since - timedelta(hours=hours)).isoformat()
        text = row["description"].replace(f'"since":"{found.since.isoformat()}"', f'"since":"{older}"')
        assert text != row["description"], now
        self.server.client.patch(f"/api/v1/projects/1/segments/{row['id']}/", {**row, "description": text})
