"""`ff doctor`: what is wrong with a stack, and what mends it."""

from typing import Annotated

import typer

from flagops.commands.doctor import view
from flagops.console import output, progress
from flagops.project import LOCAL
from flagops.terminal.options import JsonOption, VerboseOption, print_json
from flagops.terminal.stack_options import StackOption

TROUBLE = 1


def doctor(
    *,
    stack: StackOption = LOCAL,
    environment_key: Annotated[
        str | None,
        typer.Option("--environment-key", "-k", help="A key that applications say is refused. Default: all of them."),
    ] = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> None:
    """Find what is wrong, with the evidence and the command that fixes it; exits with 1 if anything is."""
    # Pulumi takes half a second to import.
    from flagops.commands.doctor.checks import examine

    findings = list(examine(stack, environment_key))
    if as_json:
        print_json(findings)
    else:
        view.show(output(), findings, every=verbose)
    if findings:
        raise typer.Exit(TROUBLE)
    progress().print(f"Nothing is wrong with {stack} that can be seen from here.", style="green")
