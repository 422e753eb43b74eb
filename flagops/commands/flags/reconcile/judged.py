"""What a plan leaves alone, as it was judged when it was reviewed."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from flagops.commands.flags.reconcile.change import Action, Change, FlagConflict, FlagHold, FlagPlan, ObjectKind
from flagops.commands.flags.reconcile.holds import ended, nobodys
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec

JUDGED = frozenset([ObjectKind.FLAG, ObjectKind.SEGMENT])
Owner = tuple[ObjectKind, str]


@dataclass(frozen=True)
class Judged:
    """What a plan leaves alone: fixed when it is reviewed, and kept while it is carried out.

    Attributes:
        at: When that was, by Flagsmith's clock.
        conflicts: What somebody changed.
        holds: What is held.
        waits: What cannot be done in some environments alone.
        back: The steps that put the tags of holds back.
    """

    at: datetime
    conflicts: tuple[FlagConflict, ...] = ()
    holds: tuple[FlagHold, ...] = ()
    waits: frozenset[Owner] = frozenset()
    back: tuple[Change, ...] = ()

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
        late = [of for change, of in zip(plan.changes, owners, strict=True) if change.action is not Action.ADOPT]
        counted = tuple(replace(item, waiting=late.count((ObjectKind.FLAG, item.name))) for item in self.holds)
        changes = (*changes, *filter(partial(_is_off, found), self.back), *ended(found, self.at))
        needs = (
            f"segment {name} is not deleted yet: flag {of}, which is left as it is, has an override for it"
            for name, of in needed.items()
        )
        lost = (
            f"the tag {label} holds no flag, and an apply that did not come to its end may have taken it off one: put "
            "it on its flag again, or delete it"
            for label in nobodys(found, self.at)
        )
        waiting = (*plan.waiting, *needs, *lost)
        return replace(plan, changes=changes, conflicts=self.conflicts, holds=counted, waiting=waiting)

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


def _is_off(found: Snapshot, back: Change) -> bool:
    """Whether a tag that is to be put back is there, and still not on its flag."""
    flag = found.flags.get(back.name)
    return flag is not None and back.after in found.tags and back.after not in flag.tags


def _is_end_of_segment(change: Change) -> bool:
    return change.kind is ObjectKind.SEGMENT and change.action is Action.DELETE


def owner(change: Change, wanted: ProjectSpec) -> Owner:
    """What a change is of: a rollout's segment is its flag's."""
    if change.kind is ObjectKind.SEGMENT:
        segment = wanted.segments.get(change.name)
        if segment is not None and segment.feature is not None:
            return ObjectKind.FLAG, segment.feature
    return change.kind, change.name
