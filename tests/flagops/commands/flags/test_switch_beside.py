"""A switch beside applies of the same stack: it keeps new ones away, and waits for none."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from flagops.commands.flags.reconcile.holds import is_hold
from flagops.commands.flags.switch import beside
from flagops.errors import ConflictError, DeadlineError, NoAccessError
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.switching import FLAG, change, feature, set_flag, tags

if TYPE_CHECKING:
    from flagops.flagsmith_api.connect import Connection
    from flagops.stacks.deployed import Instance


class Cluster:
    """A cluster in which somebody has the lease, for as many questions as are counted."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def get(self, _: object) -> dict[str, Any] | None:
        self.left -= 1
        ends = datetime.now(UTC).isoformat()
        spec = {"holderIdentity": "elsewhere/1/1/a", "renewTime": ends, "leaseDurationSeconds": 20}
        return {"spec": spec} if self.left > 0 else None


@pytest.mark.parametrize("problem", [None, ConflictError("Another run is working on it."), NoAccessError("No right.")])
def test_a_switch_keeps_applies_away_and_waits_for_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], problem: Exception | None
) -> None:
    held: list[bool] = []

    @contextmanager
    def lock(*_: object) -> Iterator[None]:
        if problem:
            raise problem
        held.append(True)
        yield
        held.append(False)

    monkeypatch.setattr(beside, "Lock", lock)
    cluster = Cluster(3)
    instance = SimpleNamespace(client=cluster, namespace="flags", stack=SimpleNamespace(name="production"))
    with beside.beside_applies(cast("Connection", SimpleNamespace(instance=instance))) as working:
        assert held == ([] if problem else [True])
    assert held == ([] if problem else [True, False])
    assert (working is not None) is isinstance(problem, ConflictError)
    if working is not None:
        working.wait()
        assert cluster.left == 0
    if problem:
        assert str(problem) in capsys.readouterr().err


COMMAND = "flagops.commands.flags.switch.command.beside_applies"


def held(run: Run, server: Project) -> str:
    """The flag, held; by which tag."""
    assert set_flag(run, server, FLAG, "--on", "-e", "production", "--hold", "1h").exit_code == 0
    (tag,) = (label for label in tags(server) if is_hold(label))
    return tag


def test_a_release_keeps_applies_away_meanwhile(applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    tag, seen = held(run, applied), list[bool]()

    @contextmanager
    def beside_nobody(*_: object) -> Iterator[None]:
        seen.append(tag in tags(applied))
        yield
        seen.append(tag in tags(applied))

    monkeypatch.setattr(COMMAND, beside_nobody)
    assert run("flags", "release", FLAG, "--url", applied.url).exit_code == 0
    assert seen == [True, False]


def test_a_release_beside_an_apply_ends_what_that_one_wrote_again(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = held(run, applied)

    class Retagging:
        def wait(self) -> None:
            row = applied.client.post("/api/v1/projects/1/tags/", {"label": tag, "color": "#fff", "description": ""})
            flag = feature(applied)
            applied.client.patch(f"/api/v1/projects/1/features/{flag['id']}/", {"tags": [*flag["tags"], row["id"]]})

    monkeypatch.setattr(COMMAND, lambda *_: nullcontext(Retagging()))
    done = run("flags", "release", FLAG, "--url", applied.url)
    assert done.exit_code == 0, done.stderr
    assert f"{FLAG} is not held any more: {tag} is gone." in done.stderr
    assert tag not in tags(applied)


def test_a_release_beside_an_apply_that_does_not_end_does_not_say_that_all_is_well(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(run, applied)
    monkeypatch.setattr(beside, "SECONDS", 0.0)
    busy = SimpleNamespace(client=Cluster(9), namespace="flags", stack=SimpleNamespace(name="production"))
    monkeypatch.setattr(COMMAND, lambda _, done: nullcontext(beside.Working(cast("Instance", busy), done)))
    done = run("flags", "release", FLAG, "--url", applied.url)
    assert done.exit_code == 1
    assert "The hold is ended; the apply that was at work has not ended" in done.stderr
    assert "not held any more" not in done.stderr


def test_what_an_apply_that_was_at_work_undid_is_said(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Undoing:
        def wait(self) -> None:
            change(applied, enabled=False)

    monkeypatch.setattr(COMMAND, lambda _: nullcontext(Undoing()))
    done = set_flag(run, applied, FLAG, "--on", "-e", "production")
    assert done.exit_code == 1
    assert f"production: the apply that was at work wrote {FLAG} again." in done.stderr


def test_an_apply_that_does_not_end_takes_no_reason_along(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Endless:
        def wait(self) -> None:
            raise DeadlineError("The apply has not ended.")

    monkeypatch.setattr(COMMAND, lambda _: nullcontext(Endless()))
    record = tmp_path / "record.jsonl"
    done = set_flag(run, applied, FLAG, "--on", "-e", "production", "--record", str(record), "--json")
    assert done.exit_code == 1
    assert "The apply has not ended." in done.stderr
    assert "matches are late" in record.read_text(encoding="utf-8")
    assert json.loads(done.stdout)["environments"][0]["changed"] == 1
