"""`ff flags plan` and `apply`: what the catalogue would change in a running Flagsmith, and changing it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from components.kit import names
from flagops.commands.flags.catalogue.complete import placed
from flagops.commands.flags.catalogue.options import (
    CATALOGUE,
    CatalogueArgument,
    StrictOption,
    UrlOption,
    read,
)
from flagops.commands.flags.history import applies
from flagops.commands.flags.reconcile import change, planfile, view
from flagops.commands.flags.reconcile.apply import Reviewed
from flagops.commands.flags.reconcile.apply import apply as run_apply
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.record import Applied
from flagops.commands.flags.reconcile.review.against import compared
from flagops.commands.flags.reconcile.review.view import AgainstOption, MarkdownOption, WhoOption, show_plan
from flagops.commands.flags.reconcile.review.who import who as affected_by
from flagops.console import progress
from flagops.errors import BadInputError, ConflictError, OpsError
from flagops.flagsmith_api.connect import connect
from flagops.kubernetes.lease import Lock, lease
from flagops.terminal.confirm import confirm, require_terminal, type_name
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption, YesOption

if TYPE_CHECKING:
    from flagops.commands.flags.catalogue.model import Catalogue
    from flagops.commands.flags.history.applies import Apply
    from flagops.commands.flags.reconcile.apply import Done
    from flagops.flagsmith_api.connect import Connection

CHANGES = 2
RATE = 50.0
"""Requests a second, at most. A real Flagsmith with two workers makes some ten changes a second; Flagsmith's own limits
(MASTER_API_KEY_THROTTLE_RATE, USER_THROTTLE_RATE) are off unless somebody sets them, and then answer 429."""
DeleteOption = Annotated[
    bool,
    typer.Option(
        "--delete",
        help="Delete flags and segments that are no longer in the catalogue. Without it, such flags are archived.",
    ),
]
PRODUCTION = frozenset(["production", "prod", "live"])
LEASE = names.FLAGS


def plan(
    *,
    catalogue: CatalogueArgument = CATALOGUE,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    delete: DeleteOption = False,
    strict: StrictOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep the plan in this file, for `ff flags apply FILE`.")
    ] = None,
    who: WhoOption = False,
    markdown: MarkdownOption = False,
    against: AgainstOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what `ff flags apply` would change; exits with 2 when there are changes."""
    if markdown and as_json:
        raise BadInputError("--markdown and --json are two forms of one plan: choose one.")
    if planfile.is_plan(catalogue):
        raise BadInputError(f"{catalogue} is a plan, not a catalogue.", hint=f"ff flags apply {catalogue}")
    declared, _ = read(catalogue, strict=strict)
    if against is not None:
        if stack or url or out:
            raise BadInputError(
                "--against compares two commits, and asks no Flagsmith: leave --stack, --url and --out."
            )
        made, wanted, found = compared(declared, catalogue, against, delete=delete)
        figures = affected_by(made, wanted, found) if who or markdown else None
        title = f"Flags of {declared.project}, against {against}"
        show_plan(made, wanted, figures, title=title, as_json=as_json, as_markdown=markdown)
        raise typer.Exit(CHANGES if made.has_changes else 0)
    with _connected(declared, stack, url) as connection:
        reviewed = Reviewed.now(connection, desired(declared), delete=delete)
        if out is not None:
            planfile.write(
                out, catalogue, reviewed.plan, server=connection.label, project=connection.name, delete=delete
            )
    figures = affected_by(reviewed.plan, reviewed.wanted, reviewed.found) if who or markdown else None
    title = f"Flags of {connection.name} at {connection.label}"
    show_plan(reviewed.plan, reviewed.wanted, figures, title=title, as_json=as_json, as_markdown=markdown)
    if reviewed.plan.has_changes:
        raise typer.Exit(CHANGES)


def apply(
    *,
    source: Annotated[
        Path,
        typer.Argument(
            help="The catalogue, or a plan of `ff flags plan --out`.", metavar="[CATALOGUE|PLAN]", callback=placed
        ),
    ] = CATALOGUE,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    delete: DeleteOption = False,
    strict: StrictOption = False,
    yes: YesOption = False,
    rate: Annotated[float, typer.Option("--rate", min=0.1, help="Requests a second, at most.")] = RATE,
    record: Annotated[
        Path | None,
        typer.Option("--record", help="Append a line about what was changed to this file, for `ff audit --applies`."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a running Flagsmith to the flags of the catalogue; asks first in production, unless --yes."""
    kept = planfile.read(source) if planfile.is_plan(source) else None
    if kept is not None and delete:
        raise BadInputError(
            f"{source} already says whether to delete.", hint="Leave --delete out, or plan again with it."
        )
    declared, _ = read(source if kept is None else kept.catalogue, strict=strict)
    wanted = desired(declared)
    delete = delete if kept is None else kept.delete
    with _connected(declared, stack, url) as connection, _locked(connection) as stopped:
        reviewed = Reviewed.now(connection, wanted, delete=delete)
        if kept is not None:
            kept.require_same(reviewed.plan, connection.label, connection.name)
        where = source if kept is None else kept.catalogue
        apply_reviewed(
            connection, reviewed, yes=yes, as_json=as_json, stopped=stopped, source=where, rate=rate, record=record
        )


def checked(path: Path) -> "Catalogue":
    """A catalogue that is right; whatever else a command does should wait for it. Raises CatalogueError."""
    return read(path)[0]


def apply_catalogue(declared: "Catalogue", path: Path, *, stack: str, yes: bool) -> None:
    """Apply a catalogue to a stack, as a step after deploying it."""
    with _connected(declared, stack, None) as connection, _locked(connection) as stopped:
        reviewed = Reviewed.now(connection, desired(declared))
        apply_reviewed(connection, reviewed, yes=yes, as_json=False, stopped=stopped, source=path)


def apply_reviewed(
    connection: "Connection",
    reviewed: "Reviewed",
    *,
    yes: bool,
    as_json: bool,
    stopped: Callable[[], bool],
    source: Path,
    rate: float = RATE,
    record: Path | None = None,
) -> None:
    """Show a plan, ask where somebody has to agree, and carry it out."""
    view.show(progress(), reviewed.plan)
    if not reviewed.plan.changes:
        progress().print("Nothing to do.", style="green")
    elif not yes:
        _agree(connection, reviewed)
        now = Reviewed.now(connection, reviewed.wanted, delete=reviewed.delete)
        if change.not_in(now.plan.changes, reviewed.plan.changes):
            raise ConflictError("Flagsmith changed since it was planned.", hint="Run it again: it makes a new plan.")
        reviewed = now
    applied = Applied(connection, source)

    def ended(so_far: "Done", is_whole: bool) -> None:  # noqa: FBT001 - the form of a callback
        if so_far.changes:
            _keep(connection, applied.record(so_far, is_whole=is_whole), record)

    done = run_apply(
        connection,
        reviewed,
        on_change=lambda step: progress().print(f" {view.sentence(step)}", markup=False, soft_wrap=True),
        on_end=ended,
        stopped=stopped,
        rate=rate,
    )
    if as_json:
        print_json(
            {"project": connection.name, "commit": applied.commit, "changed": len(done.changes), "flags": done.flags}
        )
    elif done.changes:
        what = f"{len(done.changes)} steps, {len(done.flags)} flags"
        progress().print(f"Applied{f' commit {applied.commit}' if applied.commit else ''}: {what}.", style="green")


def _keep(connection: "Connection", run: "Apply", file: Path | None) -> None:
    """Keep the record of an apply, so that the audit log's entries can be traced to its commit."""
    try:
        if file is not None:
            applies.append(file, run)
        if connection.instance is not None:
            applies.keep(connection.instance, run)
    except (OpsError, OSError) as error:
        why = error.message if isinstance(error, OpsError) else str(error)
        progress().print(
            f"What was changed is not recorded, so that `ff audit` will not know its commit: {why}",
            style="yellow",
            markup=False,
        )


def _agree(connection: "Connection", reviewed: "Reviewed") -> None:
    """Ask; where production changes, for the project's name."""
    touched = {change.environment for change in reviewed.plan.changes}
    touches_production = None in touched or any(str(name).lower() in PRODUCTION for name in touched)
    require_terminal("Changing flags")
    if touches_production:
        prompt = f"This reaches production. Type the project's name ({connection.name}) to apply"
        type_name(prompt, connection.name, called=f"the project's name, {connection.name!r}")
    else:
        confirm(f"Apply to {connection.label}?")


@contextmanager
def _connected(declared: "Catalogue", stack: str | None, url: str | None) -> Iterator["Connection"]:
    with connect(stack=stack, url=url, project=declared.project) as connection:
        yield connection


@contextmanager
def _locked(connection: "Connection") -> Iterator[Callable[[], bool]]:
    """Keep other runs on the same stack out; without a cluster, the plan alone tells what changed meanwhile."""
    if connection.instance is None:
        yield lambda: False
        return
    lost, instance = Event(), connection.instance
    what = f"the flags of stack {instance.stack.name!r}"
    with Lock(instance.client, lease(instance.namespace, LEASE), what, lost):
        yield lost.is_set
