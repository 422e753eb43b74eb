"""Tasks that a worker took and will never finish."""

from collections.abc import Iterator
from typing import Final

from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.commands.tasks.tasks import Queue, queue
from flagops.commands.tasks.view import length, since

SHOWN: Final = 10


def locked_tasks(examination: Examination) -> Iterator[DoctorFinding]:
    """Ask from within a pod of the API."""
    yield from of_queue(examination.instance.stack.name, queue(examination.instance))


def of_queue(stack: str, found: Queue) -> Iterator[DoctorFinding]:
    """What the database said, judged."""
    lost = [task for task in found.locked if task.may_be_lost()]
    if not lost:
        return
    evidence = [f"{task.kind} task {task.id}, {task.task}: {since(task)}" for task in lost[:SHOWN]]
    if len(lost) > SHOWN:
        evidence.append(f"and {len(lost) - SHOWN} more")
    if found.waiting:
        evidence.append(
            f"{found.waiting} tasks wait, the oldest for {length(found.oldest_seconds)}: if the task processor is "
            "catching up, some of these are being done"
        )
    yield DoctorFinding(
        "tasks-locked",
        "Tasks are locked and not done after an hour: a worker that was killed leaves them so for ever.",
        tuple(evidence),
        f"ff tasks unlock --stack {stack}",
    )
