"""What Flagsmith has of one rollout: its share, what that gives, what comes before it, and who holds the flag."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from .declared import CLOSE, Declared
from .holds import end_of, is_hold
from .notes import brought
from .shares import RulesError, conditions, digest, meaning, share_of
from .states import Live, Memory, Stage

Row = Mapping[str, Any]
SETTLES = timedelta(minutes=10)
"""How long after a declaration was written its flag's states may still be those before it. `ff flags apply` writes the
declaration first; with `--rate` and hundreds of flags the rest takes minutes."""
FIELDS = {"unicode": "string_value", "int": "integer_value", "bool": "boolean_value"}
UNSEEN = (
    "the environment {} is not there, or its account may not see it, as one that was made later: `ff secrets rotate "
    "rollouts` lets it"
)
NOT_ITS = "the flag {} is not there, or its segment is not for it"


class Api(Protocol):
    """What it takes of Flagsmith's API: JSON, with errors of whoever gives it."""

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> Any:
        """The JSON at a path."""

    def patch(self, path: str, body: object) -> Any:
        """The JSON that answers a change."""

    def pages(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[Any]:
        """All entries of a list."""

    def now(self) -> datetime:
        """What time it was at Flagsmith when it answered last."""


@dataclass(frozen=True)
class Place:
    """Where a rollout is.

    Attributes:
        segment: The share's segment, as the API has it.
        declared: What its description declares.
        memory: What is remembered.
        environment: Its environment, as the API has it; None where that is not there.
        names: The names of all segments, by their numbers.
    """

    segment: Row
    declared: Declared
    memory: Memory | None
    environment: Row | None
    names: Mapping[int, str]

    @property
    def where(self) -> dict[str, str | int]:
        """What is asked of lists about its flag in its environment."""
        return {"environment": (self.environment or {})["id"], "feature": self.segment["feature"]}


def segment_name(declared: Declared) -> str:
    """The name of the segment that holds a rollout's share."""
    return ".".join(filter(None, (declared.flag, declared.environment, declared.group)))


def of_segment(place: Place, now: datetime) -> Live:
    """What the segment says by itself, without a request."""
    row, declared, nothing = place.segment, place.declared, Live(0, now)
    if place.environment is None:
        return replace(nothing, gone=UNSEEN.format(declared.environment), is_lost=True)
    if row.get("feature") is None:
        return replace(nothing, gone=NOT_ITS.format(declared.flag), is_lost=True)
    if row["name"] != segment_name(declared):
        renamed = f"its segment is called {row['name']}, and not {segment_name(declared)}"
        return replace(nothing, gone=renamed, is_lost=True)
    try:
        return replace(nothing, share=share_of(row["rules"]))
    except RulesError as error:
        return replace(nothing, gone=str(error), is_lost=True)


def is_done(place: Place, share: float) -> bool:
    """Whether it is at its end, so that nothing else of it makes a difference."""
    declared, memory = place.declared, place.memory
    is_at_end = declared.after(share) is None and share <= declared.top + CLOSE
    return is_at_end and memory is not None and memory.stage is Stage.DONE


def is_at_rest(place: Place, share: float, now: datetime) -> bool:
    """Whether nothing of it moves until a person says so, or until it begins."""
    declared, memory = place.declared, place.memory
    if memory is None or share > declared.top + CLOSE:
        return False
    is_to_come = declared.start is None or now < declared.start
    return memory.stage is Stage.PAUSED or (memory.stage is Stage.WAITING and is_to_come)


def order_of(api: Api, place: Place) -> dict[int, int]:
    """The segments of the flag's overrides there, in their order, each by the number of its link."""
    links = api.pages("/api/v1/features/feature-segments/", place.where)
    ranked = sorted(links, key=lambda item: (item["priority"], item["id"]))
    return {item["id"]: item["segment"] for item in ranked}


def without_override(live: Live) -> Live:
    """Of a share that nobody has, since the flag has no override for it."""
    return replace(live, share=0, gone="the flag has no override for its share")


def with_states(api: Api, place: Place, feature: Row, labels: Mapping[int, str], live: Live) -> Live:
    """What the share gives, and whether that is what is declared; of a flag that is held, until when."""
    declared, row = place.declared, place.segment
    if feature.get("is_archived"):
        return replace(live, share=0, gone="the flag is archived")
    if feature["name"] != declared.flag:
        return replace(live, share=0, gone=NOT_ITS.format(declared.flag), is_lost=True)
    links = order_of(api, place)
    states: dict[int | None, list[Row]] = defaultdict(list)
    for state in api.pages("/api/v1/features/featurestates/", place.where):
        if not state.get("identity"):
            link = state["feature_segment"]
            if link is None or link in links:  # one that was made since is the next look's
                states[None if link is None else links[link]].append(state)
    now = api.now()
    if row["id"] not in states:
        return replace(without_override(live), at=now)
    order = list(links.values())
    # Of a segment that nobody may see, the number is all that is known.
    named = [(number, place.names.get(number, str(number))) for number in order]
    own = order.index(row["id"])
    before, behind = tuple(named[:own]), {name: number for number, name in named[own:]}
    rest = states[behind[declared.group]] if declared.group in behind else None
    changed = [
        *_order(declared, [name for _, name in before], rest),
        *_given(declared, states[row["id"]], states[None], rest or ()),
    ]
    if declared.conditions and conditions(row["rules"]) != declared.conditions:
        changed.append("somebody changed the conditions of its segment")
    held = _held([labels[number] for number in feature["tags"] if number in labels], now)
    settles = _settles(place)
    return replace(live, at=now, changed="; ".join(changed), held=held, before=before, settles=settles)


def _settles(place: Place) -> datetime | None:
    """Until when an apply may be at work. A declaration that is as the rollout itself found it at its last write was
    brought before that, so that what differs now is somebody's."""
    if place.memory is not None and place.memory.brought == brought(place.declared):
        return None
    written = place.segment.get("updated_at")
    return None if written is None else datetime.fromisoformat(written).astimezone(UTC) + SETTLES


def _order(declared: Declared, before: Sequence[str], rest: Sequence[Row] | None) -> Iterator[str]:
    late = [name for name in declared.ahead if name not in before]
    if late:
        where = f"behind its share in {declared.environment}"
        yield f"somebody put the override of {', '.join(late)} {where}, or removed it"
    if declared.group and rest is None:
        yield (
            f"somebody put the override of {declared.group}, for the rest of that segment in {declared.environment}, "
            "before its share, or removed it"
        )


def _given(declared: Declared, own: Sequence[Row], others: Sequence[Row], rest: Sequence[Row]) -> Iterator[str]:
    """How what the share gets, and what the others get, differs from what is declared."""
    where, base = declared.environment, declared.base
    if any(state["enabled"] != declared.enabled for state in own):
        yield f"somebody switched its share in {where} {'off' if declared.enabled else 'on'}"
    if any(state["enabled"] != base for state in others):
        yield f"somebody switched the flag in {where} {'off' if base else 'on'} for everybody"
    if any(state["enabled"] != base for state in rest):
        yield f"somebody switched the rest of {declared.group} in {where} {'off' if base else 'on'}"
    if declared.value and any(given(state) != declared.value for state in own):
        yield f"somebody gave its share in {where} another value"
    if declared.rest and any(given(state) != declared.rest for state in rest):
        yield f"somebody gave the rest of {declared.group} in {where} another value"


def given(state: Row) -> str:
    """A digest of the value of a state, out of the API's typed form."""
    kept = state["feature_state_value"]
    return digest(meaning(kept[FIELDS[kept["type"]]])) if kept else digest(None)


def _held(labels: list[str], now: datetime) -> str:
    ends = {label: end_of(label) for label in labels if is_hold(label)}
    going = sorted(label for label, end in ends.items() if end is None or end > now)
    return f"by its tag {going[-1]}" if going else ""
