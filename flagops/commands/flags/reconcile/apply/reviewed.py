"""What was read and planned, to be agreed to; and the same read again while it is carried out."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from flagops.commands.flags.reconcile.change import Action, Change, FlagConflict, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.hands import Hands
from flagops.commands.flags.reconcile.judged import Judged
from flagops.commands.flags.reconcile.metadata import require_values
from flagops.commands.flags.reconcile.plan import plan
from flagops.commands.flags.reconcile.required import require_fields
from flagops.commands.flags.reconcile.running import with_live_shares
from flagops.commands.flags.reconcile.server_rules import require_taken
from flagops.commands.flags.reconcile.some import leave
from flagops.commands.flags.server.engine import judged
from flagops.commands.flags.server.read import read
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec
from flagops.flagsmith_api.connect import Connection


@dataclass(frozen=True)
class Reviewed:
    """What was read and planned, for a person or a pipeline to agree to.

    `number` is that of the apply that carries it out, where it may write tags of flags.
    """

    wanted: ProjectSpec
    found: Snapshot
    plan: FlagPlan
    hands: Hands
    alone: Judged
    delete: bool = False
    number: str | None = None

    @property
    def connection(self) -> Connection:
        """Where."""
        return self.hands.connection

    @classmethod
    def now(
        cls, connection: Connection, wanted: ProjectSpec, *, delete: bool = False, hands: Hands | None = None
    ) -> "Reviewed":
        """Read the server, and plan; what would undo somebody's change is left alone.

        What is known of such changes is in `hands`; by default, what the stack and the audit log know.
        """
        hands = hands or Hands.of(connection)
        found = _read(connection, wanted, delete=delete)
        wanted = with_live_shares(wanted, found, connection.client.now())
        todo, waits = leave(plan(wanted, found, delete=delete), wanted, found)
        require_taken(connection, wanted, found)
        require_values(connection, wanted, found)
        unseen = require_fields(connection, todo, wanted, found)
        changed = {name for name, changes in todo.of(ObjectKind.SEGMENT).items() if any(map(_changes_rules, changes))}
        said = judged(connection.client, wanted, changed)
        allowed, alone = hands.judge(replace(todo, waiting=(*unseen, *said, *todo.waiting)), wanted, found)
        return cls(wanted, found, allowed, hands, replace(alone, waits=waits), delete)

    def again(self, connection: Connection) -> "Reviewed":
        """Read the server again, in the middle of carrying it out: what is left alone is not judged anew."""
        found = _read(connection, self.wanted, delete=self.delete)
        return replace(self, wanted=with_live_shares(self.wanted, found, connection.client.now())).without((), found)

    def without(self, more: Collection[FlagConflict], found: Snapshot | None = None) -> "Reviewed":
        """The same, with what is left alone besides."""
        found, alone = found or self.found, replace(self.alone, conflicts=(*self.alone.conflicts, *more))
        planned = alone.leave(plan(self.wanted, found, delete=self.delete), self.wanted, found)
        return replace(self, found=found, plan=planned, alone=alone)


def _read(connection: Connection, wanted: ProjectSpec, *, delete: bool) -> Snapshot:
    """The environments of the catalogue; where some are left alone, or something may be deleted, all of the project,
    for what the others use must not change under them."""
    whole = wanted.whole or wanted
    there = {item.name for item in connection.environments} if wanted.whole or delete else set()
    return read(
        connection,
        there.union(whole.environments),
        whole.flags,
        with_people=wanted.access is not None,
        with_fields=wanted.has_metadata,
    )


def _changes_rules(change: Change) -> bool:
    return change.action is Action.CREATE or change.field == ("rules",)
