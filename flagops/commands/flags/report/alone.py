"""What is in somebody's hands: flags that are held, and what was changed by hand since the last apply."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from flagops.commands.flags.catalogue.model import Catalogue
from flagops.commands.flags.reconcile.change import FlagHold
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.hands import Hands
from flagops.commands.flags.reconcile.hands_view import held_in_words, in_conflict
from flagops.commands.flags.reconcile.holds import holds
from flagops.commands.flags.reconcile.plan import plan
from flagops.commands.flags.reconcile.running import with_live_shares
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.errors import OpsError
from flagops.flagsmith_api.connect import Connection


def in_hands(connection: Connection, declared: Catalogue | None, found: Snapshot, notes: Path | None) -> list[str]:
    """A line for each: held until when, why and by whom; changed when and by whom, and what the catalogue wants."""
    hands = Hands.of(connection, notes)
    lines = [_held(hands, item) for item in holds(found, connection.client.now()).values()]
    return [*lines, *_changed(hands, declared, found), *dict.fromkeys(hands.problems)]


def _held(hands: Hands, hold: FlagHold) -> str:
    by = [run for run in hands.recorded if run.reason is not None and any(it.name == hold.name for it in run.touched)]
    last = max(by, key=lambda run: run.started, default=None)
    return held_in_words(hold) + (f" (by {last.actor[1] or 'an API key'})" if last else "")


def _changed(hands: Hands, declared: Catalogue | None, found: Snapshot) -> Iterator[str]:
    if declared is None:
        return
    wanted = replace(with_live_shares(desired(declared), found, hands.connection.client.now()), groups={}, access=None)
    try:
        judged, _ = hands.judge(plan(wanted, found), wanted, found)
    except OpsError as error:
        yield f"What was changed by hand cannot be told: {error.message}"
        return
    yield from (f"{item.kind} {item.name}: {in_conflict(item)}" for item in judged.conflicts)
