"""Who is in a segment of the catalogue."""

from flagops.commands.flags.catalogue.segment import Condition, ConditionGroup, Segment, SegmentPart
from flagops.commands.flags.who import Part, Rules, all_of, any_of, condition, none_of, rules


def members(segment: Segment) -> Rules:
    """Who is in it; everybody, in one that has no conditions."""
    return rules(_group(segment))


def _group(group: Segment | ConditionGroup) -> Part:
    joined = [all_of(map(_part, group.all))]
    if group.any:
        joined.append(any_of(map(_part, group.any)))
    if group.none:
        joined.append(none_of(map(_part, group.none)))
    return all_of(joined)


def _part(part: SegmentPart) -> Part:
    if not isinstance(part, Condition):
        return _group(part)
    trait = part.trait.strip() if part.trait else None
    return condition(str(part.operator), trait, kept_text(part.value), part.description.strip())


def kept_text(value: object) -> str | None:
    """A condition's value as Flagsmith keeps it: true in small letters, no .0 behind whole ones, no blanks around."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None if value is None else str(value).strip()
