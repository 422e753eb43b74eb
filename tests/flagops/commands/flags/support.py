"""A project to reconcile: on the double, or on a real Flagsmith named by two variables."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flagsmith import Flagsmith as Sdk
from typer.testing import Result

from flagops.flagsmith_api.client import FlagsmithClient
from tests.doubles.flagsmith import Flagsmith, serve
from tests.recording import ROOT

Run = Callable[..., Result]
EXAMPLE = ROOT / "flags" / "catalogue.yaml"
URL = "FLAGSMITH_TEST_URL"
"""The address of a real Flagsmith with an empty project FootAnalytics, to run these tests against; with
FLAGSMITH_API_KEY, an organisation's key. Everything in the project is deleted."""
API_KEY = "only-for-tests"
ONLY_DIFFERENCE = ["FLAG", "FIELD", "STAGING", "PRODUCTION", "ml_model_v2_enabled", "enabled", "on", "off"]
"""The words of `ff flags diff staging production`, of the example."""
ENVIRONMENTS = ("development", "staging", "production")
RELEASES = ("2.265.0", "2.262.0")
"""One that sets a flag in an environment by one request, and the last one that does not."""


@dataclass
class Project:
    """A project at an address.

    Attributes:
        url: The address.
        client: With an organisation's key.
        double: The double behind it; None for a real one.
    """

    url: str
    client: FlagsmithClient
    double: Flagsmith | None

    @property
    def is_real(self) -> bool:
        return self.double is None

    def environments(self) -> dict[str, str]:
        """The client-side keys."""
        rows = self.client.pages("/api/v1/environments/", {"project": 1})
        return {row["name"]: row["api_key"] for row in rows}

    @contextmanager
    def sdk(self, environment: str, *, local: bool) -> Iterator[Sdk]:
        """The official SDK, evaluating here or there."""
        key = self.environments()[environment]
        if local:
            path = f"/api/v1/environments/{key}/api-keys/"
            key = self.client.post(path, {"name": "tests"})["key"]
        made = Sdk(
            environment_key=key,
            api_url=f"{self.url}/api/v1/",
            enable_local_evaluation=local,
            environment_refresh_interval_seconds=3600,
            request_timeout_seconds=30,
        )
        try:
            if local:
                made.update_environment()
            yield made
        finally:
            if local:
                made.environment_data_polling_manager_thread.stop()


@contextmanager
def project(*, environments: tuple[str, ...] = ENVIRONMENTS) -> Iterator[Project]:
    """An empty project: of the double, or of the real Flagsmith that the variables name."""
    url = os.environ.get(URL)
    if url:
        with FlagsmithClient(url) as client:
            client.use_api_key(os.environ["FLAGSMITH_API_KEY"])
            _empty(client)
            for name in environments:
                client.post("/api/v1/environments/", {"name": name, "project": 1})
            yield Project(url, client, None)
        return
    double = Flagsmith(project="FootAnalytics")
    double.database.api_keys.add(API_KEY)
    double.add_environments(*environments)
    with serve(double), FlagsmithClient(double.url, longest_wait=0.05) as client:
        client.use_api_key(API_KEY)
        yield Project(double.url, client, double)


@dataclass
class Once:
    """Applies the example to empty projects: once for each kind of server, which takes longer than most tests do."""

    _known: dict[tuple[str, str, bool], tuple[Flagsmith, bytes]] = field(default_factory=dict)

    def __call__(
        self, server: Project, apply: Callable[[], Result], notes: Path | None = None, *, kind: str = ""
    ) -> Project:
        """The project with the example.

        Args:
            server: An empty project.
            apply: Applies it.
            notes: Where it writes its notes, if it does.
            kind: What is special about the server, beside its release.
        """
        if server.double is None:
            _succeed(apply)
            return server
        key = (server.double.version, kind, notes is not None)
        if key in self._known:
            held, noted = self._known[key]
            server.double.take(held)
            if notes is not None:
                notes.write_bytes(noted)
        else:
            _succeed(apply)
            held = Flagsmith()
            held.take(server.double)
            self._known[key] = (held, notes.read_bytes() if notes is not None else b"")
        return server


def _succeed(apply: Callable[[], Result]) -> None:
    done = apply()
    assert done.exit_code == 0, done.stderr


def _empty(client: FlagsmithClient) -> None:
    for what in ("features", "segments"):
        for row in list(client.pages(f"/api/v1/projects/1/{what}/")):
            client.delete(f"/api/v1/projects/1/{what}/{row['id']}/")
    for row in list(client.pages("/api/v1/environments/", {"project": 1})):
        client.delete(f"/api/v1/environments/{row['api_key']}/")
    for row in list(client.pages("/api/v1/organisations/1/groups/")):
        client.delete(f"/api/v1/organisations/1/groups/{row['id']}/")


def example(home: Path, change: Callable[[str], str] = lambda text: text) -> Path:
    """A copy of the example catalogue, with its text changed."""
    path = home / "catalogue.yaml"
    before = EXAMPLE.read_text(encoding="utf-8")
    path.write_text(change(before), encoding="utf-8")
    return path
