"""`ff flags explain`, `usage` and `report`: why a user gets a flag, who uses it, and all flags on one page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ops.commands.flags.options import CATALOGUE, SomeStackOption, UrlOption, read
from ops.commands.options import JsonOption, print_json
from ops.console import output, progress
from ops.errors import OpsError

if TYPE_CHECKING:
    from ops.flags.catalogue.model import Catalogue
    from ops.flags.look.last_change import LastChange
    from ops.flagsmith.connect import Connection

DISAGREED = 1
MANY = 200  # counts, from which on people wonder
EnvironmentOption = Annotated[str, typer.Option("--environment", "-e", help="The environment's name.")]
KnownOption = Annotated[
    Path | None,
    typer.Option(
        "--catalogue",
        "-c",
        help=f"The catalogue, which knows owners and expiry. Default: {CATALOGUE}, if it is there.",
        show_default=False,
    ),
]


def known(path: Path | None) -> "Catalogue | None":
    """The catalogue at `path`; without one that of the default place, if there is one."""
    if path is None and not CATALOGUE.exists():
        return None
    return read(path or CATALOGUE)[0]


def explain(
    *,
    flag: Annotated[str, typer.Argument(help="The flag's name.")],
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
    as_json: JsonOption = False,
) -> None:
    """Say which rule decides what a user gets, and whether the server answers the same; exits with 1 if not.

    Evaluated here from the environment's document, as SDKs do, and asked of the server with the client-side key, which
    keeps neither the user nor the traits.
    """
    from ops.flags.explain.ask import explained
    from ops.flags.explain.remote_answer import as_json as plain
    from ops.flags.explain.tell import tell
    from ops.flags.explain.user import user
    from ops.flagsmith.connect import connect

    who = user(identity, trait or ())
    with connect(stack=stack, url=url) as connection:
        trace, compared = explained(connection, flag, environment, who)
    if as_json:
        print_json(plain(trace, compared))
    else:
        tell(output(), trace, compared)
    if not compared.agrees:
        raise typer.Exit(DISAGREED)


def usage(
    *,
    days: Annotated[
        int, typer.Option("--days", help="How many days, today included; Flagsmith keeps 90.", min=1, max=366)
    ] = 30,
    environment: Annotated[
        list[str] | None, typer.Option("--environment", "-e", help="An environment; repeat. Default: all together.")
    ] = None,
    flag: Annotated[str | None, typer.Option("--flag", help="One flag. Default: all.")] = None,
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how often each flag was evaluated, day by day; unused flags at the end, with their age and owner.

    Flagsmith counts what SDKs report with analytics switched on; requests for flags alone are not counted. Its task
    processor sums up once an hour, so what is evaluated now is shown within the next hour and a half; a server that
    gets no further report holds the last one back until it stops. What a server had not sent when it was killed is
    missing. Archived flags are shown too, marked: Flagsmith serves them as before. Each flag and environment is a
    request of its own.
    """
    from ops.flags.look import usage_show
    from ops.flags.look.usage import usage as counted
    from ops.flagsmith.connect import connect

    declared = known(catalogue)
    with connect(stack=stack, url=url) as connection:
        places = [connection.environment(name) for name in environment or ()] or connection.environments
        found = counted(connection, places, days, only=flag, catalogue=declared, on_start=_asking)
    if as_json:
        print_json(usage_show.as_json(found))
    else:
        usage_show.show(output(), progress(), found)


def _asking(count: int) -> None:
    if count > MANY:
        progress().print(f"Asking for {count} counts, one for each flag and environment …", style="dim")


def report(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file to write, such as report.html.")],
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
) -> None:
    """Write all flags on one page: by environment, rollouts as bars, owner, expiry, last change.

    The last change is the audit log's where a stack is named: it is read from the stack's database. At a bare --url it
    is the time of the newest state.
    """
    from datetime import UTC, datetime

    from ops.files import make_directory, text_there
    from ops.flags.look import report as reports
    from ops.flags.server.read import read as snapshot
    from ops.flagsmith.connect import connect

    if out.is_dir():
        raise OpsError(f"{out} is a directory.", hint=f"Name a file, such as {out / 'report.html'}.")
    there = text_there(out)
    if there is not None and reports.MARK not in there:
        raise OpsError(f"{out} was not written by this command.", hint="Name another file, or remove this one.")
    declared = known(catalogue)
    with connect(stack=stack, url=url, project=declared.project if declared else None) as connection:
        found = snapshot(connection, [item.name for item in connection.environments])
        changes, is_audited = _changes(connection)
    made = reports.report(
        found,
        declared,
        changes,
        project=connection.name,
        label=connection.label,
        made=datetime.now(UTC),
        is_audited=is_audited,
    )
    make_directory(out.parent, hint="Name another file.")
    out.write_text(reports.html(made), encoding="utf-8")
    count = len(made.lines) + len(made.others)
    progress().print(f"{out}: {count} flags, {len(made.expired)} expired.", style="green", markup=False)


def _changes(connection: "Connection") -> "tuple[dict[int, LastChange], bool]":
    """The last changes, and whether they are the audit log's."""
    from ops.flags.look.last_change import of_audit_log, of_states

    if connection.site is not None:
        try:
            return of_audit_log(connection.site, connection.project), True
        except OpsError as error:
            progress().print(f"{error.message} The states' times are shown.", style="yellow", markup=False)
    return of_states(connection.client, connection.environments), False
