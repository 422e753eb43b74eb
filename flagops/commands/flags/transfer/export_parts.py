"""Parts of a catalogue out of what a server has: values, percentages, what environments have in common."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from flagops.commands.flags.catalogue.load import read_back
from flagops.commands.flags.catalogue.problems import Key
from flagops.commands.flags.catalogue.values import plain, structure
from flagops.commands.flags.catalogue.write import text_of
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteSegment
from flagops.flagsmith_api.custom_fields import FieldKind, KnownFields, by_name

DEEPEST_VALUE: Key = ("flags", "name", "environments", "name", "targeting", 0)
"""The deepest place that has a value, of which the levels count."""


def usual_of(states: list[dict[str, Any]]) -> dict[str, Any]:
    """What most environments have; nothing, where one has no value or no rollout, since it could not say so."""
    found = {key: _most([state[key] for state in states]) for key in states[0]}
    if any(state["value"] is None for state in states):
        found["value"] = None
    off = [state["rollout"] for state in states if not state["enabled"]]
    found["rollout"] = None if found["enabled"] or None in off else _most(off)
    return found


def share_of(segment: RemoteSegment) -> float:
    """The percentage of a rollout's segment."""
    return max(0.0, next((item.share for item in segment.rules.splits), 0.0)) if segment.rules else 0.0


def metadata_content(item: RemoteFlag | RemoteSegment, kind: FieldKind, known: KnownFields) -> dict[str, Any]:
    """What custom fields say, where they say something."""
    said = by_name(item.fields, kind, known)
    return {"metadata": {name: known[kind, name].plain(text) for name, text in said.items()}} if said else {}


def percent(value: float) -> float | int:
    """A percentage as people write it."""
    rounded = round(value, 6)  # floats of a sum such as 100 - 33.3 - 33.3
    return int(rounded) if rounded == int(rounded) else rounded


def value_content(value: Any) -> Any:
    """A value as a catalogue says it: JSON texts by their parts, where YAML gives these back."""
    found = structure(value)
    if found is None:
        return value
    back = read_back(text_of({"value": found}), DEEPEST_VALUE)
    return found if isinstance(back, dict) and plain(back["value"]) == plain(found) else value


def _most(values: Iterable[Any]) -> Any:
    """What occurs most often; of several the first."""
    listed = list(values)
    (winner, _), *_ = Counter(map(repr, listed)).most_common(1)
    return next(item for item in listed if repr(item) == winner)
