"""The queue of Flagsmith's task processor: what is locked in it, and by nobody any more."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from json import dumps
from pathlib import Path
from typing import Any, Final

from components.kit.shutdown import STANDARD_TASK_SECONDS
from flagops.kubernetes.objects import Manifest
from flagops.pods.pods import PodComponent, pods, stop_seconds
from flagops.pods.python_in_pod import run_python
from flagops.pods.restart import restart
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

SCRIPT: Final = Path(__file__).with_name("in_pod") / "locked_tasks.py"
# A worker unlocks a task long before; what is as old as this, and what the alert names, is left by one that is gone.
LOST_AFTER: Final = timedelta(hours=1)
OnStep = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class LockedTask:
    """A task that a worker has taken and not finished.

    Attributes:
        database: The variable that names its database.
        kind: `standard`, or `recurring`.
        id: Its number in its table.
        task: Which task it is, such as `webhooks.call_webhook`.
        version: Of its row: another one if anybody wrote it since.
        seconds: How long a standard task has been due, and a recurring one locked; None for one that does not say.
        limit_seconds: How long it may run; None for one without a limit.
    """

    database: str
    kind: str
    id: int
    task: str
    version: str
    seconds: float | None
    limit_seconds: float | None

    def may_be_lost(self, after: timedelta = LOST_AFTER) -> bool:
        """Whether it is locked, or due, for longer than `after`; one that may run for hours, that much longer.

        With none, all are that are locked at all.
        """
        beyond = max(0.0, (self.limit_seconds or 0.0) - STANDARD_TASK_SECONDS)
        return not after or self.seconds is None or self.seconds > after.total_seconds() + beyond


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What the database says.

    Attributes:
        locked: What is locked and not done, the oldest first.
        waiting: How many tasks are due, and no worker has taken them.
        oldest_seconds: How long the oldest of these has been due.
    """

    locked: tuple[LockedTask, ...]
    waiting: int
    oldest_seconds: float


@dataclass(frozen=True)
class Unlocked:
    """What came of it.

    Attributes:
        unlocked: How many tasks were unlocked.
        changed: How many were not: somebody wrote them meanwhile, most likely the worker that had them.
    """

    unlocked: int
    changed: int


def queue(instance: Instance) -> Queue:
    """What is locked and what waits, asked from an API pod."""
    return parsed(run_python(instance, SCRIPT, what="The tasks cannot be listed"))


def parsed(answer: dict[str, Any]) -> Queue:
    """The script's answer."""
    locked = tuple(LockedTask(**row) for row in answer["locked"])
    return Queue(locked=locked, waiting=answer["waiting"], oldest_seconds=answer["oldest_seconds"])


def unlock(instance: Instance, tasks: Sequence[LockedTask], *, on_step: OnStep) -> Unlocked:
    """Unlock tasks that nobody works on.

    Nothing in the database says whether a worker still works on a task. So every worker that was there when the tasks
    were read is replaced first, each finishing what it has. A row that none of them has written is nobody's.

    Raises:
        OpsError: The workers are not replaced in time, or the database refuses; nothing is unlocked then.
    """
    before = pods(instance, PodComponent.TASK_PROCESSOR)
    if before:
        restart(instance, [PodComponent.TASK_PROCESSOR], seconds=None, on_step=on_step)
        _wait_for_the_end(instance, before, on_step)
    wanted = dumps([asdict(task) for task in tasks])
    answer = run_python(instance, SCRIPT, ["unlock"], what="The tasks cannot be unlocked", stdin=f"{wanted}\n")
    return Unlocked(**answer)


def _wait_for_the_end(instance: Instance, before: Sequence[Manifest], on_step: OnStep) -> None:
    """Wait until none of these pods is there any more, however long each may take to stop."""
    old = {pod["metadata"]["uid"] for pod in before}

    def gone() -> NotYet | None:
        left = [
            pod["metadata"]["name"]
            for pod in pods(instance, PodComponent.TASK_PROCESSOR)
            if pod["metadata"]["uid"] in old
        ]
        return NotYet(f"{', '.join(sorted(left))} finishes what it has taken") if left else None

    until(
        gone,
        stop_seconds(before),
        late="The old pods of the task processor have not ended",
        hint="Nothing was unlocked. Is the node of such a pod gone? Delete the pod with --force once it cannot run "
        "any more, and try again.",
        on_state=lambda state: on_step(f"{state}…"),
    )
