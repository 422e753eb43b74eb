"""`ff tasks`: the queue of Flagsmith's task processor."""

from dataclasses import asdict
from typing import Annotated

import typer

from flagops.commands.tasks import tasks as logic
from flagops.commands.tasks import view
from flagops.console import output, progress
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.confirm import agree
from flagops.terminal.duration import duration
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import StackOption, YesOption

OPTION = "--older-than"


def show(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """Show which tasks are locked by a worker, since when, and how many wait."""
    with open_instance(stack, needs_containers=True) as instance:
        found = logic.queue(instance)
    if as_json:
        print_json(asdict(found))
    else:
        view.show(output(), found)


def unlock(
    *,
    older_than: Annotated[
        str,
        typer.Option(OPTION, metavar="TIME", help="How long a task must have been locked, or due: 24h, 30m, 0."),
    ] = "1h",
    stack: StackOption = LOCAL,
    yes: YesOption = False,
) -> None:
    """Unlock tasks that a worker took and will never finish, so that they are done again.

    Flagsmith never unlocks what a killed worker had taken. The task processor is restarted first, and finishes what it
    has: a task that somebody still works on is left alone.
    """
    after = duration(older_than, OPTION)
    with open_instance(stack, needs_containers=True) as instance:
        lost = [task for task in logic.queue(instance).locked if task.may_be_lost(after)]
        if not lost:
            output().print(f"No task of {stack} is locked for longer than {older_than}.")
            return
        view.show_tasks(progress(), lost)
        progress().print(
            f"This restarts the task processor of {stack} ({instance.context}), and then unlocks of these "
            f"{len(lost)} what it has not finished by then. They are done again, also those that were done when their "
            "worker was killed: a webhook may be sent twice.",
            style="yellow",
        )
        agree("Unlocking tasks", "Unlock them?", yes=yes)
        done = logic.unlock(instance, lost, on_step=lambda line: progress().print(line, markup=False))
    left = f"; {done.changed} had been finished or taken anew meanwhile" if done.changed else ""
    output().print(f"Unlocked {done.unlocked} of {len(lost)} tasks{left}.")
