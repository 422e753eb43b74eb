"""Who is affected by a change of a percentage split, which a percentage alone does not say.

The engine draws by the segment's number in Flagsmith and by what it splits: the key of a user, or the value of a trait
(flag_engine.segments.evaluator, `[segment_key, context_value]`). The drawn number stays, and the percentage says up to
which one users are in: so a share can grow without anybody leaving it, and another trait or another segment draws anew.
"""

from collections.abc import Iterator

from flagops.commands.flags.catalogue.rollouts import rollout_segment
from flagops.commands.flags.reconcile.running import live_share
from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import ProjectSpec, SegmentSpec
from flagops.commands.flags.who import SPLIT, Rules, SegmentCondition


def drawn_anew(wanted: ProjectSpec, found: Snapshot) -> Iterator[str]:
    """One sentence for each segment whose share other users get, or more, or fewer."""
    for name, segment in wanted.segments.items():
        there = found.segments.get(name)
        said = _new(segment) if there is None else _changed(there.rules or Rules(), segment.rules)
        if said:
            yield f"segment {name}: {said}"
    yield from _lost(wanted, found)


def _lost(wanted: ProjectSpec, found: Snapshot) -> Iterator[str]:
    """The shares that a flag leaves for another segment's, or with its name: who has it does not keep it."""
    for flag, there in ((name, item) for name, item in found.flags.items() if not item.is_archived):
        for environment, state in there.states.items():
            name = rollout_segment(flag, environment)
            served = {item.segment for item in state.overrides}
            new = [item for item in wanted.segments if _is_of(item, name) and item not in served]
            for override in state.overrides:
                share = live_share(found.segments.get(override.segment))
                is_going = _is_of(override.segment, name) and override.segment not in wanted.segments
                if not is_going or not share or environment not in wanted.environments:
                    continue
                who = f"segment {override.segment}: {share:g} % of its users have {flag} in {environment}, and"
                if new:
                    yield f"{who} leave it: {', '.join(new)} draws anew, and begins with nobody where it has steps"
                elif flag not in wanted.flags and found.segments[override.segment].rollout is not None:
                    yield f"{who} it leaves the catalogue: a flag of another name draws other users"


def _is_of(segment: str, rollout: str) -> bool:
    return segment == rollout or segment.startswith(f"{rollout}.")


def _splits(rules: Rules) -> list[SegmentCondition]:
    return [item for item in rules.all_conditions() if item.operator == SPLIT]


def _new(segment: SegmentSpec) -> str:
    if not _splits(segment.rules) or segment.is_rollout:
        return ""
    return "Flagsmith draws a new segment's share anew: other users than in a segment of this name elsewhere, or before"


def _changed(before: Rules, after: Rules) -> str:
    old, new = _splits(before), _splits(after)
    if not new or before == after:
        return ""
    if {item.trait for item in old} != {item.trait for item in new}:
        was = _listed(old) if old else "no split"
        return f"everybody is drawn anew, by {_listed(new)} in place of {was}: who was in it may be out, others in"
    if len(old) == len(new) == 1 and set(before.parts) - set(old) == set(after.parts) - set(new):
        return _moved(new[0], new[0].share - old[0].share)
    return ""


def _moved(split: SegmentCondition, by: float) -> str:
    if not by:
        return ""
    whom = f"{abs(by):g} % of {f'the values of {split.trait}' if split.trait else 'users'}"
    if by > 0:
        return f"who is in it stays, and about {whom} come in where its other conditions hold"
    return f"about {whom} leave it where its other conditions hold, and nobody comes in"


def _listed(splits: list[SegmentCondition]) -> str:
    return " and ".join(f"{item.value} % of {item.trait or 'users'}" for item in splits)
