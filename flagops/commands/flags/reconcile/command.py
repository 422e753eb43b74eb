"""`ff flags plan` and `apply`: what the catalogue would change in a running Flagsmith, and changing it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from components.kit import names
from flagops.commands.flags.catalogue.complete import placed
from flagops.commands.flags.catalogue.options import (
    CATALOGUE,
    CatalogueArgument,
    NamedOption,
    StrictOption,
    UrlOption,
    one_of,
    read,
)
from flagops.commands.flags.reconcile import planfile
from flagops.commands.flags.reconcile.apply import Reviewed
from flagops.commands.flags.reconcile.carrying import RATE, apply_reviewed, say_problems
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.hands import Hands
from flagops.commands.flags.reconcile.options import STOPPED, NotesOption, TakeBackOption
from flagops.commands.flags.reconcile.review.against import compared
from flagops.commands.flags.reconcile.review.trusted import TrustedOption, require_trusted
from flagops.commands.flags.reconcile.review.view import (
    WITH_CATALOGUE,
    WITH_FLAGSMITH,
    AgainstOption,
    MarkdownOption,
    WhoOption,
    show_plan,
)
from flagops.commands.flags.reconcile.review.who import who as affected_by
from flagops.commands.flags.reconcile.some import EnvironmentsOption, of_some
from flagops.errors import BadInputError
from flagops.flagsmith_api.connect import connect
from flagops.kubernetes.lease import Lock, lease
from flagops.terminal.options import JsonOption
from flagops.terminal.stack_options import SomeStackOption, YesOption

if TYPE_CHECKING:
    from flagops.commands.flags.catalogue.model import Catalogue
    from flagops.flagsmith_api.connect import Connection

CHANGES = 2
DeleteOption = Annotated[
    bool,
    typer.Option(
        "--delete",
        help="Delete flags and segments that are no longer in the catalogue. Without it, such flags are archived.",
    ),
]
LEASE = names.FLAGS


def plan(
    *,
    catalogue: CatalogueArgument = CATALOGUE,
    named: NamedOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    environment: EnvironmentsOption = None,
    delete: DeleteOption = False,
    strict: StrictOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Keep the plan in this file, for `ff flags apply FILE`.")
    ] = None,
    who: WhoOption = False,
    markdown: MarkdownOption = False,
    against: AgainstOption = None,
    trusted: TrustedOption = None,
    take_back: TakeBackOption = None,
    notes: NotesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what `ff flags apply` would change; exits with 2 when there are changes, with 3 when flags are stopped.

    A flag is stopped when somebody changed it since the last apply.
    """
    catalogue = one_of(catalogue, named)
    if markdown and as_json:
        raise BadInputError("--markdown and --json are two forms of one plan: choose one.")
    if planfile.is_plan(catalogue):
        raise BadInputError(f"{catalogue} is a plan, not a catalogue.", hint=f"ff flags apply {quote(str(catalogue))}")
    declared, _ = read(catalogue, strict=strict)
    if against is not None:
        if stack or url or out or trusted:
            raise BadInputError(
                "--against compares two commits, and asks no Flagsmith: leave --stack, --url, --out and --trusted."
            )
        made, wanted, found = compared(declared, catalogue, against, delete=delete, environments=environment or ())
        figures = affected_by(made, wanted, found) if who or markdown else None
        title = f"Flags of {declared.project}, against {against}"
        said = {"title": title, "compared": WITH_CATALOGUE}
        show_plan(made, wanted, figures, **said, as_json=as_json, as_markdown=markdown, now=None)
        raise typer.Exit(CHANGES if made.has_changes else 0)
    if trusted is not None:
        require_trusted(declared, catalogue, trusted)
    wanted = of_some(desired(declared), environment or (), delete=delete)
    with _connected(declared, stack, url) as connection:
        hands = Hands.of(connection, notes, take_back or ())
        reviewed = Reviewed.now(connection, wanted, delete=delete, hands=hands)
        if out is not None:
            planfile.write(
                out,
                catalogue,
                reviewed.plan,
                server=connection.label,
                project=connection.name,
                delete=delete,
                take_back=take_back or (),
                environments=wanted.environments if wanted.whole else (),
            )
    figures = affected_by(reviewed.plan, reviewed.wanted, reviewed.found) if who or markdown else None
    title = f"Flags of {connection.name} at {connection.label}"
    said = {"title": title, "compared": WITH_FLAGSMITH}
    now = datetime.now(UTC)
    show_plan(reviewed.plan, reviewed.wanted, figures, **said, as_json=as_json, as_markdown=markdown, now=now)
    say_problems(hands)
    if reviewed.plan.conflicts:
        raise typer.Exit(STOPPED)
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
    named: NamedOption = None,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    environment: EnvironmentsOption = None,
    delete: DeleteOption = False,
    strict: StrictOption = False,
    yes: YesOption = False,
    rate: Annotated[float, typer.Option("--rate", min=0.1, help="Requests a second, at most.")] = RATE,
    record: Annotated[
        Path | None,
        typer.Option("--record", help="Append a line about what was changed to this file, for `ff audit --applies`."),
    ] = None,
    take_back: TakeBackOption = None,
    notes: NotesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a running Flagsmith to the flags of the catalogue; asks first in production, unless --yes.

    A flag that somebody changed since the last apply is left as it is, and the others are applied: it then exits
    with 3.
    """
    source = one_of(source, named)
    kept = planfile.read(source) if planfile.is_plan(source) else None
    if kept is not None and delete:
        raise BadInputError(
            f"{source} already says whether to delete.", hint="Leave --delete out, or plan again with it."
        )
    if kept is not None and take_back:
        raise BadInputError(f"{source} already says what to take back.", hint="Plan again with --take-back.")
    if kept is not None and environment:
        raise BadInputError(f"{source} already says which environments.", hint="Plan again with --environment.")
    declared, _ = read(source if kept is None else kept.catalogue, strict=strict)
    delete = delete if kept is None else kept.delete
    wanted = of_some(desired(declared), environment or (kept.environments if kept else ()), delete=delete)
    with _connected(declared, stack, url) as connection, _locked(connection) as stopped:
        hands = Hands.of(connection, notes, take_back or (kept.take_back if kept else ()))
        reviewed = Reviewed.now(connection, wanted, delete=delete, hands=hands)
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
