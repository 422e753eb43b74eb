"""`ff flags get`: what an environment serves now."""

from collections.abc import Iterable
from typing import Annotated

import typer

from flagops.commands.flags.catalogue.complete import environments
from flagops.console import output
from flagops.errors import BadInputError
from flagops.flagsmith_api import served
from flagops.flagsmith_api.deployed import flagsmith
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.listing import Column, Gives, Listing
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import StackOption


def get(
    *,
    stack: StackOption = LOCAL,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment", "-e", help="The environment's name.", show_default=False, autocompletion=environments
        ),
    ] = None,
    environment_key: Annotated[
        str | None,
        typer.Option("--environment-key", help="The environment's client-side key, in place of its name."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what an environment serves now to a client that says nothing about its user."""
    if (environment is None) == (environment_key is None):
        raise BadInputError("Which environment?", hint="Give --environment NAME or --environment-key KEY, one of them.")
    with open_instance(stack, needs_containers=True) as instance, flagsmith(instance) as client:
        key = environment_key or served.key_of(instance, client, str(environment))
        found = served.flags(client, key)
    if as_json:
        print_json(found)
        return
    output().print(table(found))


def table(found: Iterable[served.ServedFlag]) -> Listing:
    """The flags for people."""
    made = Listing([Column("FLAG"), Column("STATE"), Column("TYPE"), Column("VALUE", Gives.BELOW)])
    for flag in found:
        value = "" if flag.value is None else str(flag.value)
        made.add(flag.name, "on" if flag.enabled else "off", flag.kind, value)
    return made
