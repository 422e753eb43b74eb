"""A switch beside applies of the same stack: it keeps new ones away, and waits for none."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from flagops.commands.flags.switch import beside
from flagops.errors import ConflictError, DeadlineError, NoAccessError
from tests.flagops.commands.flags.support import Project, Run
from tests.flagops.commands.flags.switching import FLAG, change, set_flag

if TYPE_CHECKING:
    from flagops.flagsmith_api.connect import Connection


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


def test_what_an_apply_that_was_at_work_undid_is_said(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Undoing:
        def wait(self) -> None:
            change(applied, enabled=False)

    monkeypatch.setattr("flagops.commands.flags.switch.command.beside_applies", lambda _: nullcontext(Undoing()))
    done = set_flag(run, applied, FLAG, "--on", "-e", "production")
    assert done.exit_code == 1
    assert f"production: the apply that was at work wrote {FLAG} again." in done.stderr


def test_an_apply_that_does_not_end_takes_no_reason_along(
    applied: Project, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Endless:
        def wait(self) -> None:
            raise DeadlineError("The apply has not ended.")

    monkeypatch.setattr("flagops.commands.flags.switch.command.beside_applies", lambda _: nullcontext(Endless()))
    record = tmp_path / "record.jsonl"
    done = set_flag(run, applied, FLAG, "--on", "-e", "production", "--record", str(record), "--json")
    assert done.exit_code == 1
    assert "The apply has not ended." in done.stderr
    assert "matches are late" in record.read_text(encoding="utf-8")
    assert json.loads(done.stdout)["environments"][0]["changed"] == 1
