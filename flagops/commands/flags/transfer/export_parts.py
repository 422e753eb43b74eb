"""Parts of a catalogue out of what a server has: values, percentages, what environments have in common."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from flagops.commands.flags.catalogue.load import read_back
from flagops.commands.flags.catalogue.model import Flag
from flagops.commands.flags.catalogue.problems import Key
from flagops.commands.flags.catalogue.rollouts import rollout_segment
from flagops.commands.flags.catalogue.segment import Segment
from flagops.commands.flags.catalogue.values import plain, structure
from flagops.commands.flags.catalogue.write import text_of
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteSegment, Snapshot
from flagops.flagsmith_api.custom_fields import FieldKind, by_name

DEEPEST_VALUE: Key = ("flags", "name", "environments", "name", "targeting", 0)
"""The deepest place that has a value, of which the levels count."""
MOST_NAMES = 5
"""Names in a message."""


def usual_of(states: list[dict[str, Any]]) -> dict[str, Any]:
    """What most environments have; nothing, where one has no value or no rollout, since it could not say so."""
    found = {key: _most([state[key] for state in states]) for key in states[0]}
    if any(state["value"] is None for state in states):
        found["value"] = None
    found["rollout"] = _usual_rollout(states, found)
    return found


def _usual_rollout(states: list[dict[str, Any]], usual: dict[str, Any]) -> Any:
    """The rollout that most environments have, where it has no effect in those without one, and has one in itself."""
    there = [state["rollout"] for state in states if not is_without_effect(state["rollout"], state)]
    if not there:
        return None
    found = _most(there)
    is_safe = all(is_without_effect(found, state) for state in states if is_without_effect(state["rollout"], state))
    return found if is_safe and not is_without_effect(found, usual) else None


def is_without_effect(rollout: Any, state: Mapping[str, Any]) -> bool:
    """Whether a rollout gives nobody anything in an environment: a share where the flag is on for all, or steps to what
    everybody has."""
    if isinstance(rollout, dict) and "steps" in rollout:
        return bool(rollout.get("enabled", True) == state["enabled"] and "value" not in rollout)
    return rollout is None or bool(state["enabled"])


def share_of(segment: RemoteSegment) -> float:
    """The percentage of a rollout's segment."""
    return max(0.0, next((item.share for item in segment.rules.splits), 0.0)) if segment.rules else 0.0


def is_rollout(segment: RemoteSegment, flag: str | None, found: Snapshot) -> bool:
    """Whether a rollout of the catalogue made it, for this flag."""
    if flag is None or not segment.is_managed:
        return False
    own = [rollout_segment(flag, environment) for environment in found.environments]
    return any(segment.name == name or segment.name.startswith(f"{name}.") for name in own)


def metadata_content(
    item: RemoteFlag | RemoteSegment, kind: FieldKind, found: Snapshot, like: Flag | Segment | None
) -> dict[str, Any]:
    """What custom fields say, where they say something; of those that the server does not show, what `like` says."""
    known = found.known_fields
    unseen = like.metadata.items() if like and found.hides_fields else ()
    kept = {name: value for name, value in unseen if (kind, name) not in known}
    said = by_name(item.fields, kind, known)
    there = {name: known[kind, name].plain(text) for name, text in said.items()}
    return {"metadata": kept | there} if kept or there else {}


def hidden_fields(found: Snapshot) -> list[str]:
    """What cannot be exported of custom fields, in words."""
    numbers = {(item.kind, item.number) for item in found.known_fields.values()}
    rows = ((FieldKind.FLAG, found.flags), (FieldKind.SEGMENT, found.segments))
    lacking = [
        f"{kind} {name}"
        for kind, listed in rows
        for name, item in listed.items()
        if found.hides_fields and any((kind, number) not in numbers for number, _ in item.fields)
    ]
    if not lacking:
        return []
    more = f" and {len(lacking) - MOST_NAMES} more" if len(lacking) > MOST_NAMES else ""
    named = f"{', '.join(lacking[:MOST_NAMES])}{more}"
    return [f"custom fields of {named}: Flagsmith does not show here what they are; `metadata` of --like stays"]


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
