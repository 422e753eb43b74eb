"""Processes are found again, and no other process is ever mistaken for one of ours."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from flagops.errors import OpsError
from flagops.local_cluster import processes
from flagops.local_cluster.processes import ProcessRecord
from tests.fixtures_cluster import eventually
from tests.flagops.local_cluster.programs import make_program

SLEEPER = 'trap "exit 0" TERM; while true; do sleep 0.1; done'
STUBBORN = 'trap "" TERM; echo ready; while true; do sleep 0.1; done'


def begin(directory: Path, script: str) -> ProcessRecord:
    program = make_program(directory, "program", script)
    return processes.start(
        "program", [str(program), f"--data-dir={directory}"], directory=directory, environment={"PATH": os.defpath}
    )


def eventually_logs(record: ProcessRecord, text: str) -> None:
    def the_text_is_logged() -> bool:
        return text in Path(record.log).read_text()

    eventually(the_text_is_logged)


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[ProcessRecord]:
    record = begin(tmp_path, SLEEPER)

    def it_has_a_command_line() -> bool:
        """It has none for a moment, in which the kernel makes it its program."""
        return bool(psutil.Process(record.pid).cmdline())

    eventually(it_has_a_command_line)
    yield record
    processes.stop([record])


def test_a_started_process_has_a_session_of_its_own_and_inherits_no_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "hunter2")
    record = begin(tmp_path, f"env; {SLEEPER}")
    try:
        eventually_logs(record, "PATH")
        assert os.getsid(record.pid) == record.pid
        assert "hunter2" not in Path(record.log).read_text()
    finally:
        processes.stop([record])


def test_stop_ends_the_process_and_its_children(sleeper: ProcessRecord) -> None:
    children: list[psutil.Process] = []

    def it_has_a_child() -> bool:
        children.extend(psutil.Process(sleeper.pid).children())
        return bool(children)

    eventually(it_has_a_child)
    processes.stop([sleeper])
    assert processes.find(sleeper) is None
    assert processes.exit_code(sleeper) == 0

    def its_children_have_ended() -> bool:
        return not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children)

    eventually(its_children_have_ended)


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    record = begin(tmp_path, STUBBORN)
    eventually_logs(record, "ready")
    processes.stop([record], seconds=0.2)
    assert processes.find(record) is None
    assert processes.exit_code(record) == -9


@pytest.mark.parametrize("changed", [{"started": 1.0}, {"arguments": ["--data-dir=/another"]}])
def test_a_foreign_process_with_a_recycled_pid_is_never_signalled(
    sleeper: ProcessRecord, changed: dict[str, object]
) -> None:
    recycled = dataclasses.replace(sleeper, **changed)  # type: ignore[arg-type]
    assert processes.find(recycled) is None
    processes.stop([recycled])
    assert processes.find(sleeper) is not None


def test_stopping_what_has_ended_is_no_error(sleeper: ProcessRecord) -> None:
    processes.stop([sleeper])
    processes.stop([sleeper])


def test_a_program_that_cannot_be_executed_is_named(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match=r"etcd cannot be started: .*nothing: No such file"):
        processes.start("etcd", [str(tmp_path / "nothing")], directory=tmp_path, environment={})


def test_a_process_of_this_run_is_known_while_the_kernel_still_makes_it_its_program(
    sleeper: ProcessRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: [])
    assert not processes.has_ended(sleeper)
    assert processes.find(sleeper) is not None
    processes.stop([sleeper])
    assert processes.has_ended(sleeper)
