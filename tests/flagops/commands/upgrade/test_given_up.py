"""An upgrade of the embedded PostgreSQL that somebody gives up by a deployment: its dump goes before anybody writes."""

import re
import subprocess
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from flagops.commands.deploy import command
from flagops.errors import ConflictError, FailedError
from flagops.pods import given_up
from flagops.pods.exec import Completed
from tests.components.settings.support import settings
from tests.flagops.commands.db.clusters import Operated
from tests.recording import ROOT

HELD = "flagops.pods.given_up"


class World:
    """Whether Flagsmith was left stopped, what ran in the server's container, and how it ended."""

    def __init__(self) -> None:
        self.left: list[str] = ["Deployment flagsmith"]
        self.ran: list[str] = []
        self.answer = Completed(0, "", "")

    def run(self, _: Any, pod: Any, words: list[str], *, seconds: float) -> Completed:
        assert pod == {"of": "database"}
        assert seconds > 0
        assert words[:2] == ["bash", "-c"]
        self.ran.append(words[2])
        return self.answer


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(f"{HELD}.left_stopped", lambda _: made.left)
    monkeypatch.setattr(f"{HELD}.running", lambda _, component: {"of": str(component)})
    monkeypatch.setattr(f"{HELD}.run", made.run)
    return made


def of(**postgres: Any) -> Any:
    return Operated.of(settings=settings(postgres=postgres))


@pytest.mark.parametrize("serves", ["17", "18"])
def test_the_dump_of_the_version_that_serves_goes_whatever_the_file_says(
    world: World, tmp_path: Path, serves: str
) -> None:
    said: list[str] = []
    given_up.forget_given_up(of(version="18.0-bookworm", dataMajor=18), said.append)
    assert "given up" in said[0]
    for major in ("17", "18"):
        (tmp_path / f"upgrade-{major}.dump").touch()
    (script,) = world.ran
    subprocess.run(["bash", "-c", script], env={"DATA_VOLUME": str(tmp_path), "PG_MAJOR": serves}, check=True)
    assert [path.name for path in tmp_path.iterdir()] == [f"upgrade-{'18' if serves == '17' else '17'}.dump"]


def test_where_nothing_was_left_stopped_nothing_is_looked_at(world: World) -> None:
    world.left = []
    given_up.forget_given_up(of(), lambda _: None)
    assert world.ran == []


def test_of_another_kind_of_database_and_where_nothing_runs_there_is_none(world: World) -> None:
    given_up.forget_given_up(of(mode="external", existingSecret="flags-db"), lambda _: None)
    given_up.forget_given_up(Operated.of(settings=settings(), is_simulated=True), lambda _: None)
    assert world.ran == []


def test_a_dump_that_cannot_be_removed_ends_the_deployment_before_anybody_writes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.answer = Completed(1, "", "rm: read-only, hunter2")
    resumed: list[object] = []
    monkeypatch.setattr(given_up, "resume", lambda *given: resumed.append(given))
    monkeypatch.setattr(command, "open_instance", lambda _: nullcontext(of()))
    monkeypatch.setattr(command, "left_stopped", lambda _: world.left)
    monkeypatch.setattr(command, "alone", lambda _: nullcontext())
    target: Any = type("Target", (), {"stack": type("Stack", (), {"name": "staging", "settings": settings()})()})()
    start = command._start_stopped  # noqa: SLF001 - the end of a deployment, which is all that is tried
    with pytest.raises(FailedError, match=r"cannot be removed: rm: read-only, \*\*\*"):
        start(target)
    assert resumed == []
    world.answer = Completed(0, "", "")
    start(target)
    assert len(resumed) == 1


def test_what_a_run_has_stopped_that_lives_is_neither_started_nor_is_its_dump_removed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have begun while the deployment was asked about, or at work."""
    resumed: list[object] = []

    def held(_: object) -> None:
        raise ConflictError("Another run is working on the database of this stack")

    monkeypatch.setattr(given_up, "resume", lambda *given: resumed.append(given))
    monkeypatch.setattr(command, "open_instance", lambda _: nullcontext(of()))
    monkeypatch.setattr(command, "left_stopped", lambda _: world.left)
    monkeypatch.setattr(command, "alone", held)
    target: Any = type("Target", (), {"stack": type("Stack", (), {"name": "staging", "settings": settings()})()})()
    start = command._start_stopped  # noqa: SLF001 - the end of a deployment, which is all that is tried
    with pytest.raises(ConflictError):
        start(target)
    assert (world.ran, resumed) == ([], [])
    world.left = []
    start(target)
    assert resumed == []


def test_nobody_starts_what_a_killed_run_has_stopped_beside_a_dump_that_it_left() -> None:
    """But `ff db upgrade` itself, which goes on with it."""
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "flagops").rglob("*.py")
        if re.search(r"from flagops\.pods\.writers import .*\bresume\b", path.read_text(encoding="utf-8"))
    }
    assert found == {"flagops/pods/given_up.py", "flagops/commands/db/upgrade.py"}
