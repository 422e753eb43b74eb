"""`ff flags get`: what an environment serves now."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from flagops.commands.flags.catalogue.complete import environments
from flagops.commands.flags.catalogue.options import ProjectOption, UrlOption
from flagops.console import output
from flagops.errors import BadInputError
from flagops.flagsmith_api import served
from flagops.flagsmith_api.address import checked
from flagops.flagsmith_api.client import FlagsmithClient
from flagops.flagsmith_api.connect import connect
from flagops.flagsmith_api.deployed import flagsmith
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.listing import Column, Gives, Listing
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption


def get(
    *,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    project: ProjectOption = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment", "-e", help="The environment's name.", show_default=False, autocompletion=environments
        ),
    ] = None,
    environment_key: Annotated[
        str | None,
        typer.Option(
            "--environment-key",
            help="The environment's client-side key, in place of its name: it needs no log-in.",
            show_default=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what an environment serves now to a client that says nothing about its user."""
    if (environment is None) == (environment_key is None):
        raise BadInputError("Which environment?", hint="Give --environment NAME or --environment-key KEY, one of them.")
    if environment_key is not None and project is not None:
        raise BadInputError("--project goes with --environment: an environment's key says its project.")
    if environment_key is not None:
        with _reached(stack, url) as client:
            found = served.flags(client, environment_key)
    else:
        with connect(stack=stack, url=url, project=project) as connection:
            found = served.flags(connection.client, connection.environment(str(environment)).key)
    if as_json:
        print_json(found)
        return
    output().print(table(found))


@contextmanager
def _reached(stack: str | None, url: str | None) -> Iterator[FlagsmithClient]:
    """A client of the Flagsmith at `url`, or of the stack's, that is not logged in."""
    if url is not None:
        with FlagsmithClient(checked(url)) as client:
            yield client
        return
    with open_instance(stack or LOCAL, needs_containers=True) as instance, flagsmith(instance) as client:
        yield client


def table(found: Iterable[served.ServedFlag]) -> Listing:
    """The flags for people."""
    made = Listing([Column("FLAG"), Column("STATE"), Column("TYPE"), Column("VALUE", Gives.BELOW)])
    for flag in found:
        value = "" if flag.value is None else str(flag.value)
        made.add(flag.name, "on" if flag.enabled else "off", flag.kind, value)
    return made
