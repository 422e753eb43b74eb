"""The segments of a catalogue out of what a server has."""

from typing import Any

from flagops.commands.flags.catalogue.segment import Segment
from flagops.commands.flags.server.snapshot import RemoteSegment, Snapshot
from flagops.commands.flags.transfer.export_parts import metadata_content, percent
from flagops.commands.flags.who import EVERYBODY, NOBODY, SPLIT, Part, Rules, SegmentCondition, ordered
from flagops.flagsmith_api.custom_fields import FieldKind


def segment_content(
    segment: RemoteSegment, flag: str | None, found: Snapshot, like: Segment | None = None
) -> dict[str, Any]:
    """A segment as a catalogue says it; `flag` is the one that it is for alone, `like` what a catalogue says of it."""
    owner = {"flag": flag} if flag is not None else {}
    owner |= metadata_content(segment, FieldKind.SEGMENT, found, like)
    return {"description": segment.description, **owner, **_top(segment.rules or EVERYBODY)}


def _top(rules: Rules) -> dict[str, Any]:
    """The plain form where there is one: of several groups of which one has to hold, each is a group within `all`."""
    if rules in (EVERYBODY, NOBODY):
        return {"all": []} if rules == EVERYBODY else {"none": [{"all": []}]}
    none = [part for group in rules.groups if group.kind == "NONE" for part in ordered(group.parts)]
    some = [group for group in rules.groups if group.kind == "ANY"]
    is_plain = len(some) == 1
    every: list[Part] = [*rules.conditions, *(() if is_plain else some)]
    parts = {"all": every, "any": ordered(some[0].parts) if is_plain else [], "none": none}
    return {name: list(map(_part, listed)) for name, listed in parts.items() if listed}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Rules):
        return {part.kind.lower(): list(map(_part, ordered(part.parts)))}
    return _condition(part)


def _condition(part: SegmentCondition) -> dict[str, Any]:
    found: dict[str, Any] = {} if part.trait is None else {"trait": part.trait}
    found["operator"] = part.operator
    if part.operator == SPLIT:
        found["value"] = percent(part.share)
    elif part.value is not None:
        found["value"] = part.value
    return found | ({"description": part.description} if part.description else {})
