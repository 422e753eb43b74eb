"""`ff flags explain`, `usage` and `report`: why a user gets a flag, who uses it, and all flags on one page."""

from typing import Annotated

import typer

from flagops.commands.flags.catalogue.complete import environments, flags
from flagops.commands.flags.catalogue.options import ProjectOption, UrlOption
from flagops.commands.flags.explain.ask import explained
from flagops.commands.flags.explain.remote_answer import as_json as plain
from flagops.commands.flags.explain.view import show
from flagops.console import output
from flagops.flagsmith_api.connect import connect
from flagops.serving.engine.user import user
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption

DISAGREED = 1
EnvironmentOption = Annotated[
    str, typer.Option("--environment", "-e", help="The environment's name.", autocompletion=environments)
]


def explain(
    *,
    flag: Annotated[str, typer.Argument(help="The flag's name.", autocompletion=flags)],
    environment: EnvironmentOption,
    identity: Annotated[
        str | None, typer.Option("--identity", "-i", help="The user. Default: a client that names none.")
    ] = None,
    trait: Annotated[
        list[str] | None,
        typer.Option("--trait", "-t", metavar="NAME=VALUE", help="A trait of the user, as in YAML; repeat for more."),
    ] = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which rule decides what a user gets, and whether the server answers the same; exits with 1 if not.

    It evaluates the environment's document here, as SDKs do, and asks the server with the client-side key, which
    keeps neither the user nor the traits.
    """
    who = user(identity, trait or ())
    with connect(stack=stack, url=url, project=project) as connection:
        trace, compared = explained(connection, flag, environment, who)
    if as_json:
        print_json(plain(trace, compared))
    else:
        show(output(), trace, compared)
    if not compared.agrees:
        raise typer.Exit(DISAGREED)
