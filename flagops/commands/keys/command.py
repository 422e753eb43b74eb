"""`ff keys`: the keys of environments, and the Secrets in which applications find them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.flags.catalogue.complete import environments
from flagops.commands.flags.catalogue.options import CATALOGUE, CatalogueOption, UrlOption, read
from flagops.commands.keys import adopt as work_of_stack
from flagops.commands.keys import rotated, view
from flagops.commands.keys import sync as work
from flagops.commands.keys.deliver import DeliveryRun
from flagops.commands.keys.listing import rows
from flagops.console import output, progress
from flagops.errors import BadInputError
from flagops.flagsmith_api.connect import connect
from flagops.pods.bootstrap import write_keys
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.confirm import require_terminal, type_name
from flagops.terminal.duration import duration
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption, StackOption, YesOption

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flagops.commands.keys.model import DeliveryResult


def show(
    *,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    show_secrets: Annotated[bool, typer.Option("--show-secrets", help="Show the keys themselves.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the keys of each environment; masked, unless --show-secrets."""
    with connect(stack=stack, url=url) as connection:
        found = list(rows(connection, show_secrets=show_secrets))
    if as_json:
        print_json(found)
        return
    output().print(view.listing(found))


def sync(
    *,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    catalogue: CatalogueOption = CATALOGUE,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Take over Secrets of these names that ff did not create.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
) -> None:
    """Write the Secrets that the catalogue's `keys` declare, and delete keys whose overlap is over."""
    declared, _ = read(catalogue)
    with connect(stack=stack, url=url, project=declared.project) as connection:
        run = DeliveryRun(work.instance_of(connection), connection.client, adopt=adopt, dry=dry_run)
        if dry_run:
            progress().print("Nothing is written. What would be done:")
        results = _told(work.sync(connection, run, declared.keys))
        for item in work.leftovers(connection, run, results):
            progress().print(view.leftover(item), style="yellow", markup=False, soft_wrap=True)
    _conclude(results, dry=dry_run)


def adopt(*, stack: SomeStackOption = None, url: UrlOption = None) -> None:
    """Write into the stack's file the client keys of environments that it did not make; no key changes.

    The next deployment makes their Secrets, with a server-side key.
    """
    with connect(stack=stack, url=url) as connection:
        instance = work.instance_of(connection)
        found = work_of_stack.adopt(connection)
    for line in view.adoption(found, stack=instance.stack.name, file=instance.stack.path.name):
        output().print(line, markup=False, soft_wrap=True)


def register(*, stack: StackOption = LOCAL) -> None:
    """Write the server-side keys that the stack's Secrets hold into Flagsmith, by its bootstrap Job.

    For Secrets that you or a store make: Pulumi does not see that their contents change. No client key changes.
    """
    with open_instance(stack, needs_containers=True) as instance:
        write_keys(instance, lambda line: output().print(line, markup=False, soft_wrap=True))


def rotate(
    *,
    environment: Annotated[str, typer.Argument(help="The environment's name.", autocompletion=environments)],
    server: Annotated[
        bool, typer.Option("--server", help="Replace its server-side keys; the old ones stay valid for the overlap.")
    ] = False,
    client: Annotated[
        bool, typer.Option("--client", help="Replace its client-side key at once, without an overlap.")
    ] = False,
    namespace: Annotated[
        str | None,
        typer.Option("--namespace", "-n", help="Only the application in this namespace.", show_default=False),
    ] = None,
    overlap: Annotated[
        str, typer.Option("--overlap", help="How long the old server-side keys stay valid, such as 24h, 30m or 0.")
    ] = "24h",
    stack: SomeStackOption = None,
    url: UrlOption = None,
    catalogue: CatalogueOption = CATALOGUE,
    yes: YesOption = False,
) -> None:
    """Replace the keys of an environment, and write the new ones into the Secrets of its applications."""
    if server == client:
        raise BadInputError("Which keys?", hint="Give --server or --client, one of them.")
    if client and namespace:
        raise BadInputError("An environment has one client key: it cannot be changed for one --namespace alone.")
    if server:
        _rotate_server(environment, namespace, overlap, stack, url, catalogue)
    else:
        _rotate_client(environment, stack, url, catalogue, yes=yes)


def _rotate_server(
    environment: str, namespace: str | None, overlap: str, stack: str | None, url: str | None, catalogue: Path
) -> None:
    length = duration(overlap, "--overlap")
    declared, _ = read(catalogue)
    chosen = work.server_deliveries(declared.keys, environment, namespace)
    with connect(stack=stack, url=url, project=declared.project) as connection:
        instance = work.instance_of(connection)
        run = DeliveryRun(instance, connection.client, rotates=True, overlap=length)
        results = _told(work.sync(connection, run, chosen))
    if any(result.ending for result in results):
        progress().print(
            "Restart what reads these Secrets before the old keys end. Flagsmith ends no key by itself: the first "
            "`ff keys sync` or `rotate` after that time deletes it, and Flagsmith refuses it within "
            f"{rotated.caches(instance)} of that.",
            markup=False,
            soft_wrap=True,
        )
    _conclude(results)


def _rotate_client(environment: str, stack: str | None, url: str | None, catalogue: Path, *, yes: bool) -> None:
    declared, _ = read(catalogue)
    with connect(stack=stack, url=url, project=declared.project) as connection:
        instance = work.instance_of(connection)
        connection.environment(environment)
        for line in rotated.before(instance, environment):
            progress().print(line, style="yellow", markup=False, soft_wrap=True)
        if not yes:
            require_terminal("Changing a client key")
            type_name(f"Type {environment} to change its client key", environment, called=f"{environment!r}")
        changed = work.change_client_key(connection, environment)
        progress().print(f"The client key of {environment} is another one now.", markup=False)
        chosen = [item for item in declared.keys if item.environment == environment]
        results = _told(work.sync(changed, DeliveryRun(instance, connection.client), chosen))
        for line in rotated.after(instance, environment):
            progress().print(line, markup=False, soft_wrap=True)
    if any(result.problem for result in results):
        progress().print("`ff keys sync` completes it.")
    _conclude(results)


def _told(results: "Iterable[DeliveryResult]") -> "list[DeliveryResult]":
    """Print what was done for each delivery, as it is done."""
    told = []
    for result in results:
        for line in view.lines(result):
            output().print(line, markup=False)
        for line in view.problem(result):
            progress().print(line, style="red", markup=False, soft_wrap=True)
        told.append(result)
    return told


def _conclude(results: "Sequence[DeliveryResult]", *, dry: bool = False) -> None:
    """Sum it up; exits with 1 when something failed."""
    if not results:
        progress().print("The catalogue delivers no keys here: its `keys` say which applications get them.")
        return
    has_failed = any(result.problem for result in results)
    progress().print(view.summary(results, dry=dry), style="red" if has_failed else "green")
    if has_failed:
        raise typer.Exit(1)
