"""`ff flags report`: all flags on one page."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.flags.catalogue.options import KnownOption, UrlOption, known
from flagops.commands.flags.reconcile.options import NotesOption
from flagops.commands.flags.report import report as reports
from flagops.commands.flags.report.alone import in_hands
from flagops.commands.flags.report.last_change import of_audit_log, of_states
from flagops.commands.flags.report.page import MARK, html
from flagops.commands.flags.server.read import read as snapshot
from flagops.console import progress
from flagops.errors import BadInputError, OpsError, RefusedError
from flagops.files import make_directory, text_there
from flagops.flagsmith_api.connect import connect
from flagops.terminal.stack_options import SomeStackOption

if TYPE_CHECKING:
    from flagops.commands.flags.report.last_change import LastChange
    from flagops.flagsmith_api.connect import Connection


def report(
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file to write, such as report.html.")],
    catalogue: KnownOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    notes: NotesOption = None,
) -> None:
    """Write all flags on one page: states by environment, rollouts as bars, owner, expiry, last change.

    First come the flags that are held, until when, why and by whom; then what was changed by hand since the last apply.

    With a stack, the last change comes from the audit log in the stack's database. With --url alone, it is the time of
    the newest state.
    """
    if out.is_dir():
        raise BadInputError(f"{out} is a directory.", hint=f"Name a file, such as {out / 'report.html'}.")
    there = text_there(out)
    if there is not None and MARK not in there:
        raise RefusedError(f"{out} was not written by this command.", hint="Name another file, or remove this one.")
    declared = known(catalogue)
    with connect(stack=stack, url=url, project=declared.project if declared else None) as connection:
        found = snapshot(connection, [item.name for item in connection.environments])
        changes, is_audited = _changes(connection)
        lines = in_hands(connection, declared, found, notes)
    made = reports.report(
        found,
        declared,
        changes,
        project=connection.name,
        label=connection.label,
        made=datetime.now(UTC),
        is_audited=is_audited,
    )
    made = replace(made, in_hands=tuple(lines))
    make_directory(out.parent, hint="Name another file.")
    out.write_text(html(made), encoding="utf-8")
    count = len(made.lines) + len(made.others)
    progress().print(f"{out}: {count} flags, {len(made.expired)} expired.", style="green", markup=False)


def _changes(connection: "Connection") -> "tuple[dict[int, LastChange], bool]":
    """The last changes, and whether they are the audit log's."""
    if connection.instance is not None:
        try:
            return of_audit_log(connection.instance, connection.project), True
        except OpsError as error:
            progress().print(f"{error.message} The states' times are shown.", style="yellow", markup=False)
    return of_states(connection.client, connection.environments), False
