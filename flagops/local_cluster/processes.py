"""Background processes that outlive the command which started them, and are never mistaken for another's."""

import contextlib
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from flagops.errors import DeadlineError, FailedError, ToolError
from flagops.waiting import NotYet, until

STOP_SECONDS: Final = 5.0
"""How long a process may take to end by itself (etcd and kube-apiserver need about 1 s) before it is killed."""

POLL_SECONDS: Final = 0.05

START_TOLERANCE_SECONDS: Final = 2.0
"""Two readings of one process's start may differ this much: the kernel gives the boot time in whole seconds."""

LOG_LINES: Final = 12


@dataclass(frozen=True, kw_only=True)
class ProcessRecord:
    """Enough of a started process to recognise it later, when its pid may belong to another one.

    Attributes:
        name: Name of the program, such as etcd.
        pid: Its process id.
        started: Start of the process in seconds since boot (which, unlike wall-clock time, never jumps).
        arguments: What follows the program in its command line: data directory, ports and files, all of one cluster.
            (The program itself may be a script that hands over to the real one.)
        log: File with what it writes.
    """

    name: str
    pid: int
    started: float
    arguments: list[str]
    log: str


def start(name: str, command: list[str], *, directory: Path, environment: dict[str, str]) -> ProcessRecord:
    """Start a process in a session of its own, logging to `<directory>/logs/<name>.log`.

    Args:
        name: Name for messages and for the log file.
        command: Path of the program, then its arguments.
        directory: Working directory of the process.
        environment: Its whole environment: nothing is inherited, neither proxies nor credentials.

    Raises:
        OpsError: The program cannot be executed.
    """
    log = directory / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log.open("ab") as output:
            # The process is meant to outlive this object: the record is what finds it again.
            process = subprocess.Popen(  # noqa: S603
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
    except OSError as error:
        raise ToolError(f"{name} cannot be started: {command[0]}: {error.strerror}.") from error
    _started.append(process)
    return ProcessRecord(
        name=name,
        pid=process.pid,
        started=_seconds_since_boot(psutil.Process(process.pid)),
        arguments=command[1:],
        log=str(log),
    )


# Popen objects of this run, kept so that a child which ends is reaped, and its exit code known.
_started: list[subprocess.Popen[bytes]] = []


def find(record: ProcessRecord) -> psutil.Process | None:
    """The process a record is about, or None when it has ended, also when its pid now belongs to another process."""
    if exit_code(record) is not None:
        return None
    try:
        process = psutil.Process(record.pid)
        words = process.cmdline()
        same = (
            process.status() != psutil.STATUS_ZOMBIE
            and abs(_seconds_since_boot(process) - record.started) <= START_TOLERANCE_SECONDS
            # One of this run has no command line for a moment, while the kernel makes it its program.
            and (words[-len(record.arguments) :] == record.arguments or (not words and _own(record.pid) is not None))
        )
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        # Ours are readable by us: a process that is not is another user's.
        return None
    return process if same else None


def stop(records: Sequence[ProcessRecord], *, seconds: float = STOP_SECONDS) -> None:
    """End the recorded processes and their children, one record after the other in the order given.

    Each gets SIGTERM, and SIGKILL when something of it is left after `seconds`. A record whose process has ended is
    passed over, and so is another process that got its pid.

    Raises:
        OpsError: A process is still there after SIGKILL.
    """
    for record in records:
        process = find(record)
        left = [process, *_children(process)] if process else []
        for number in (signal.SIGTERM, signal.SIGKILL):
            for member in left:
                _signal(member, number)
            left = _left_after(seconds, left)
        if left:
            pids = ", ".join(str(member.pid) for member in left)
            raise FailedError(
                f"{record.name} does not stop: process {pids}.", hint="Stop it by hand, then run this again."
            )


def has_ended(record: ProcessRecord) -> bool:
    """Whether a process is over. One of this run is known by itself, also at its very start."""
    own = _own(record.pid)
    return own.poll() is not None if own is not None else find(record) is None


def exit_code(record: ProcessRecord) -> int | None:
    """Exit code of a process of this run that has ended (negative: the signal's number), else None."""
    own = _own(record.pid)
    return own.poll() if own is not None else None


def last_lines(record: ProcessRecord, count: int = LOG_LINES) -> str:
    """The last lines of what a process logged, for error messages."""
    try:
        text = Path(record.log).read_text(errors="replace")
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(text.strip().splitlines()[-count:]) or "(the log is empty)"


def _own(pid: int) -> subprocess.Popen[bytes] | None:
    """The process of this run with that pid: the last one, if the kernel gave the pid twice."""
    return next((process for process in reversed(_started) if process.pid == pid), None)


def _left_after(seconds: float, members: list[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended when `seconds` are over; returns as soon as all have."""

    left = members

    def ended() -> NotYet | None:
        nonlocal left
        left = [member for member in left if not _is_gone(member)]
        return NotYet(f"{len(left)} left") if left else None

    with contextlib.suppress(DeadlineError):
        until(ended, seconds, late="They have not ended", longest_pause=POLL_SECONDS)
    return left


def _is_gone(process: psutil.Process) -> bool:
    own = _own(process.pid)
    if own is not None:
        # Also reaps it, which the system does for those of an earlier run.
        return own.poll() is not None
    try:
        # A zombie has ended though its parent, maybe an init in no hurry, has not taken note; unless it is only the
        # first thread that has ended.
        return not process.is_running() or (process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1)
    except psutil.NoSuchProcess:
        return True


def _seconds_since_boot(process: psutil.Process) -> float:
    return process.create_time() - psutil.boot_time()


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        # psutil checks once more that the pid has not passed to another process.
        process.send_signal(number)
