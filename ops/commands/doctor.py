"""`ff doctor`: what is wrong with a stack, and what mends it."""

from typing import Annotated

import typer

from ops.commands.options import JsonOption, print_json
from ops.commands.stack import StackOption
from ops.console import output, progress
from ops.project import LOCAL

TROUBLE = 1


def doctor(
    *,
    stack: StackOption = LOCAL,
    environment_key: Annotated[
        str | None,
        typer.Option("--environment-key", "-k", help="A key that applications say is refused. Default: all of them."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find what is wrong, with the evidence and the command that mends it; exits with 1 when there is anything."""
    from ops.doctor import report
    from ops.doctor.examine import examine

    findings = list(examine(stack, environment_key))
    if as_json:
        print_json(findings)
    else:
        report.show(output(), findings)
    if findings:
        raise typer.Exit(TROUBLE)
    progress().print(f"Nothing is wrong with {stack} that can be seen from here.", style="green")
