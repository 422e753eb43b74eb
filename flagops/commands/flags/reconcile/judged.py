"""What a plan leaves alone, as it was judged when it was reviewed."""

from dataclasses import dataclass, replace
from datetime import datetime

from flagops.commands.flags.reconcile.change import Action, Change, FlagConflict, FlagHold, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.holds import ended
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec

JUDGED = frozenset([ObjectKind.FLAG, ObjectKind.SEGMENT])
Owner = tuple[ObjectKind, str]


@dataclass(frozen=True)
class Judged:
    """What a plan leaves alone: fixed when it is reviewed, and kept while it is carried out."""

    at: datetime
    conflicts: tuple[FlagConflict, ...] = ()
    holds: tuple[FlagHold, ...] = ()
    waits: frozenset[Owner] = frozenset()

    @property
    def stopped(self) -> set[Owner]:
        """The flags and segments that are left as they are."""
        held: set[Owner] = {(ObjectKind.FLAG, item.name) for item in self.holds}
        return held | self.waits | {(item.kind, item.name) for item in self.conflicts}

    def leave(self, plan: FlagPlan, wanted: ProjectSpec, found: Snapshot) -> FlagPlan:
        """The plan without the changes of what is left alone, and with an end to the holds that are over.

        A segment that something which is left alone has an override for is not deleted: the override would go with it.
        """
        stopped, needed = self.stopped, self._needed(plan, found)
        owners = [owner(change, wanted) for change in plan.changes]
        changes = tuple(
            change
            for change, of in zip(plan.changes, owners, strict=True)
            if of not in stopped and not (_is_end_of_segment(change) and change.name in needed)
        )
        waiting = [of for change, of in zip(plan.changes, owners, strict=True) if change.action is not Action.ADOPT]
        counted = tuple(replace(item, waiting=waiting.count((ObjectKind.FLAG, item.name))) for item in self.holds)
        changes = (*changes, *ended(found, self.at))
        said = tuple(
            f"segment {name} is not deleted yet: flag {of}, which is left as it is, has an override for it"
            for name, of in needed.items()
        )
        return replace(plan, changes=changes, conflicts=self.conflicts, holds=counted, waiting=(*plan.waiting, *said))

    def _needed(self, plan: FlagPlan, found: Snapshot) -> dict[str, str]:
        """The segments that would be deleted, and a flag that is left alone and has an override for each."""
        going = {change.name for change in plan.changes if _is_end_of_segment(change)}
        stopped = self.stopped if going else set()
        return {
            item.segment: name
            for name, flag in found.flags.items()
            if (ObjectKind.FLAG, name) in stopped
            for state in flag.states.values()
            for item in state.overrides
            if item.segment in going
        }


def _is_end_of_segment(change: Change) -> bool:
    return change.kind is ObjectKind.SEGMENT and change.action is Action.DELETE


def owner(change: Change, wanted: ProjectSpec) -> Owner:
    """What a change is of: a rollout's segment is its flag's."""
    if change.kind is ObjectKind.SEGMENT:
        segment = wanted.segments.get(change.name)
        if segment is not None and segment.feature is not None:
            return ObjectKind.FLAG, segment.feature
    return change.kind, change.name
