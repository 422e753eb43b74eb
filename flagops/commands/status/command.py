"""`ff status`: a stack at a glance."""

import typer

from flagops.commands.status import view
from flagops.commands.status.status import status as look
from flagops.console import output, progress
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import StackOption

TROUBLE = 1


def status(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """Show pods, rollouts, jobs, budgets, autoscaler, volumes and certificate at a glance; exits with 1 on trouble."""
    with open_instance(stack, takes_edge=True) as instance:
        found = look(instance)
    if as_json:
        print_json({**vars(found), "is_fine": found.is_fine})
    else:
        view.show(output(), found)
    if found.is_simulated:
        progress().print(f"Nothing runs: the nodes in context {found.context!r} are simulated.", style="red")
        raise typer.Exit(TROUBLE)
    if not found.is_fine:
        progress().print(f"Something is not as it should be: `ff doctor --stack {stack}` says why.", style="red")
        raise typer.Exit(TROUBLE)
