"""`ff flags usage`: who uses each flag."""

from typing import Annotated

import typer

from flagops.commands.flags.catalogue.complete import environments, flags
from flagops.commands.flags.catalogue.options import KnownOption, UrlOption, known
from flagops.commands.flags.usage import view
from flagops.commands.flags.usage.usage import usage as counted
from flagops.console import output, progress
from flagops.flagsmith_api.connect import connect
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption

MANY = 200  # counts, from which on people wonder


def usage(
    *,
    days: Annotated[
        int, typer.Option("--days", help="How many days, today included; Flagsmith keeps 90.", min=1, max=366)
    ] = 30,
    environment: Annotated[
        list[str] | None,
        typer.Option(
            "--environment",
            "-e",
            help="An environment; repeat. Default: all together.",
            autocompletion=environments,
        ),
    ] = None,
    flag: Annotated[str | None, typer.Option("--flag", help="One flag. Default: all.", autocompletion=flags)] = None,
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how often each flag was evaluated, day by day; unused flags at the end, with their age and owner.

    Flagsmith counts what SDKs report with analytics switched on, not requests for flags. Its task processor sums up
    once an hour, so an evaluation shows within an hour and a half. A server that gets no further report holds the last
    one back until it stops. If a server is killed, what it had not sent is missing. Archived flags are shown too,
    marked, because Flagsmith still serves them. Each flag and environment takes a request of its own.
    """
    declared = known(catalogue)
    with connect(stack=stack, url=url, project=declared.project if declared else None) as connection:
        places = [connection.environment(name) for name in environment or ()] or connection.environments
        found = counted(connection, places, days, only=flag, catalogue=declared, on_start=_asking)
    if as_json:
        print_json(view.as_json(found))
    else:
        view.show(output(), progress(), found)


def _asking(count: int) -> None:
    if count > MANY:
        progress().print(f"Asking for {count} counts, one for each flag and environment …", style="dim")
