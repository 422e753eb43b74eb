"""The sizes that a live project shows its Flagsmith to take, where they are more than the default."""

from collections.abc import Iterator

from flagops.commands.flags.catalogue.limits import ServerLimits
from flagops.commands.flags.server.snapshot import Snapshot


def limits_content(found: Snapshot) -> dict[str, dict[str, int]]:
    """The catalogue's `limits`, which must take all that is there; nothing, where the default does."""
    conditions = [list(item.rules.all_conditions()) for item in found.segments.values() if item.rules is not None]
    there = {
        "feature_value_limit": max((len(text) for text in _texts(found)), default=0),
        "segment_condition_value_limit": max((len(one.value or "") for of in conditions for one in of), default=0),
        "segment_rules_conditions_limit": max(map(len, conditions), default=0),
    }
    usual = ServerLimits()
    more = {name: size for name, size in there.items() if size > getattr(usual, name)}
    return {"limits": more} if more else {}


def _texts(found: Snapshot) -> Iterator[str]:
    for flag in found.flags.values():
        values = [option.value for option in flag.options]
        for state in flag.states.values():
            values += [state.value, *(item.value for item in state.overrides)]
        yield from (value for value in values if isinstance(value, str))
