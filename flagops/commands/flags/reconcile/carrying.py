"""Carries out a plan: shows it, asks, applies, and keeps what is known of it for later."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flagops.commands.flags.history import applies
from flagops.commands.flags.reconcile import change, view
from flagops.commands.flags.reconcile.apply import Reviewed
from flagops.commands.flags.reconcile.apply import apply as run_apply
from flagops.commands.flags.reconcile.hands import Hands
from flagops.commands.flags.reconcile.hands_view import show_hands, written_of
from flagops.commands.flags.reconcile.journal import Journal
from flagops.commands.flags.reconcile.options import STOPPED
from flagops.commands.flags.reconcile.record import Applied
from flagops.commands.flags.reconcile.timetable_words import timetables
from flagops.console import progress
from flagops.errors import ConflictError, OpsError
from flagops.terminal.confirm import confirm, require_terminal, type_name
from flagops.terminal.options import print_json

if TYPE_CHECKING:
    from flagops.commands.flags.history.applies import Apply
    from flagops.commands.flags.reconcile.apply import Done
    from flagops.commands.flags.reconcile.change import Change
    from flagops.flagsmith_api.connect import Connection

RATE = 50.0
"""Requests a second, at most. A real Flagsmith with two workers makes some ten changes a second; Flagsmith's own limits
(MASTER_API_KEY_THROTTLE_RATE, USER_THROTTLE_RATE) are off unless somebody sets them, and then answer 429."""
PRODUCTION = frozenset(["production", "prod", "live"])


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
    """Show a plan, ask where somebody has to agree, and carry it out. Exits with 3 where flags were stopped."""
    view.show(progress(), reviewed.plan)
    view.show_timetables(progress(), timetables(reviewed.plan, reviewed.wanted, datetime.now(UTC)))
    show_hands(progress(), reviewed.plan)
    say_problems(reviewed.hands)
    if not reviewed.plan.changes:
        if not reviewed.plan.conflicts:
            progress().print("Nothing to do.", style="green")
    elif not yes:
        _agree(connection, reviewed)
        now = Reviewed.now(connection, reviewed.wanted, delete=reviewed.delete, hands=reviewed.hands)
        if change.not_in(now.plan.changes, reviewed.plan.changes):
            raise ConflictError("Flagsmith changed since it was planned.", hint="Run it again: it makes a new plan.")
        reviewed = now
    applied, journal = Applied(connection, source), Journal(reviewed)

    def stepped(step: "Change") -> None:
        journal.step(step)
        progress().print(f" {view.sentence(step)}", markup=False, soft_wrap=True)

    def ended(so_far: "Done", is_whole: bool) -> None:  # noqa: FBT001 - the form of a callback
        journal.end(so_far.found.environments.values(), is_whole=is_whole, stopped=so_far.conflicts)
        if so_far.changes:
            _keep(connection, applied.record(so_far, is_whole=is_whole), record)

    done = run_apply(
        connection,
        journal.begin(),
        on_begin=journal.at,
        on_refused=journal.refused,
        on_change=stepped,
        on_end=ended,
        stopped=stopped,
        rate=rate,
    )
    if done.conflicts:
        stopped_since = replace(reviewed.plan, conflicts=done.conflicts, holds=(), people=())
        show_hands(progress(), stopped_since, written_of(done.changes, reviewed.wanted))
    conflicts = (*reviewed.plan.conflicts, *done.conflicts)
    if as_json:
        print_json(
            {
                "project": connection.name,
                "commit": applied.commit,
                "changed": len(done.changes),
                "flags": done.flags,
                "stopped": sorted({item.name for item in conflicts}),
                "held": sorted(item.name for item in reviewed.plan.holds),
            }
        )
    elif done.changes:
        what = f"{len(done.changes)} steps, {len(done.flags)} flags"
        progress().print(f"Applied{f' commit {applied.commit}' if applied.commit else ''}: {what}.", style="green")
    elif reviewed.plan.changes and not conflicts:
        progress().print("Nothing was changed: what was planned is not needed any more.", style="green")
    if conflicts:
        raise typer.Exit(STOPPED)


def say_problems(hands: Hands) -> None:
    """Say why something that could tell whose change a switch is cannot be read."""
    for line in dict.fromkeys(hands.problems):
        progress().print(line, style="yellow", markup=False, soft_wrap=True)


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
    touched: set[str | None] = {change.environment for change in reviewed.plan.changes}
    if reviewed.wanted.whole:
        touched = set(reviewed.wanted.environments)
    touches_production = None in touched or any(str(name).lower() in PRODUCTION for name in touched)
    require_terminal("Changing flags")
    if touches_production:
        prompt = f"This reaches production. Type the project's name ({connection.name}) to apply"
        type_name(prompt, connection.name, called=f"the project's name, {connection.name!r}")
    else:
        confirm(f"Apply to {connection.label}?")
