"""How tasks are shown to people."""

from collections.abc import Sequence
from datetime import timedelta

from rich.console import Console

from flagops.commands.tasks.tasks import LockedTask, Queue
from flagops.terminal.listing import Column, Gives, Listing

MOST_ROWS = 40


def show(console: Console, found: Queue) -> None:
    """Print what is locked as a table, and what waits in a sentence."""
    if found.locked:
        show_tasks(console, found.locked)
    waits = f", the oldest for {length(found.oldest_seconds)}" if found.waiting else ""
    console.print(f"{len(found.locked)} locked, {found.waiting} due and waiting{waits}.")


def show_tasks(console: Console, tasks: Sequence[LockedTask]) -> None:
    """Print these as a table, the first of them at least."""
    table = Listing(
        [
            Column("ID", is_number=True),
            Column("KIND"),
            Column("SINCE"),
            Column("LIMIT", Gives.LEFT_OUT),
            Column("TASK", Gives.BELOW),
        ]
    )
    for task in tasks[:MOST_ROWS]:
        table.add(str(task.id), task.kind, since(task), length(task.limit_seconds), task.task)
    console.print(table)
    if len(tasks) > MOST_ROWS:
        console.print(f"… and {len(tasks) - MOST_ROWS} more: --json has them all.")


def since(task: LockedTask) -> str:
    """Since when it is locked, as far as the database knows."""
    if task.seconds is None:
        return "unknown"
    return f"{'due' if task.kind == 'standard' else 'locked'} {length(task.seconds)} ago"


def length(seconds: float | None) -> str:
    """A length of time, to the second."""
    return "none" if seconds is None else str(timedelta(seconds=int(seconds)))
