"""The rollouts of a project in Flagsmith: finds them, sees what is live, and writes a step."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from .declared import Declared
from .holds import end_of, is_hold
from .notes import DECLARED, Description, NotesError, read, write
from .shares import RulesError, conditions, digest, share_of, with_share
from .states import Decision, Live

Row = Mapping[str, Any]
UNSEEN = (
    "the environment {} is not there, or its account may not see it, as one that was made later: `ff secrets rotate "
    "rollouts` lets it"
)
FIELDS = {"unicode": "string_value", "int": "integer_value", "bool": "boolean_value"}


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
class Found:
    """A rollout in Flagsmith.

    Attributes:
        segment: The share's segment, as the API has it.
        description: What its description says; without a declaration where that cannot be read.
        live: What is live.
        environment: Its environment, as the API has it; None where that is not there.
        problem: Why what is live could not be read; empty where it could.
    """

    segment: Row
    description: Description
    live: Live
    environment: Row | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """The segment's name: the flag, the environment and the group."""
        return str(self.segment["name"])


def segment_name(declared: Declared) -> str:
    """The name of the segment that holds a rollout's share."""
    return ".".join(filter(None, (declared.flag, declared.environment, declared.group)))


class Rollouts:
    """Those of one project."""

    def __init__(self, api: Api, project: int) -> None:
        self._api, self._path, self._project = api, f"/api/v1/projects/{project}", project
        self._names: dict[int, str] = {}

    def all(self) -> list[Found]:
        """All that have a declaration, as `each`."""
        return list(self.each())

    def each(self, failures: tuple[type[Exception], ...] = ()) -> Iterator[Found]:
        """Those that have a declaration, by their names; what is live of one is read when its turn comes.

        It takes one request for the segments, three for the project if there is a rollout, and two for each.

        Args:
            failures: What is raised where one of them cannot be read: it is that one's `problem`, and no other's.
        """
        segments = list(self._api.pages(f"{self._path}/segments/"))
        self._names = {row["id"]: str(row["name"]) for row in segments}
        rows = [row for row in segments if is_rollout(row)]
        if not rows:
            return
        environments = {
            row["name"]: row for row in self._api.pages("/api/v1/environments/", {"project": self._project})
        }
        features = {row["id"]: row for row in self._api.pages(f"{self._path}/features/")}
        tags = self._tags()
        for row in sorted(rows, key=lambda row: str(row["name"])):
            try:
                description = read(row["description"])
            except NotesError as error:
                yield Found(row, Description(""), Live(0, self._api.now(), gone=str(error), is_lost=True))
                continue
            assert description.declared is not None  # noqa: S101 - said by is_rollout
            environment = environments.get(description.declared.environment)
            found = Found(row, description, Live(0, self._api.now()), environment)
            try:
                live = self._live(found, description.declared, features.get(row.get("feature")), tags)
                found = replace(found, live=live)
            except failures as error:
                found = replace(found, problem=f"what is live cannot be read: {error or type(error).__name__}")
            yield found

    def again(self, found: Found) -> Found | None:
        """A rollout as it is now: guards take their time. None where its segment is another since it was read."""
        declared = found.description.declared
        row = self._api.get(f"{self._path}/segments/{found.segment['id']}/")
        if declared is None or not _is_same(found.segment, row):
            return None
        feature = self._api.get(f"{self._path}/features/{row['feature']}/")
        fresh = replace(found, segment=row)
        return replace(fresh, live=self._live(fresh, declared, feature, self._tags()))

    def _tags(self) -> dict[int, str]:
        return {row["id"]: row["label"] for row in self._api.pages(f"{self._path}/tags/")}

    def _live(self, found: Found, declared: Declared, feature: Row | None, tags: Mapping[int, str]) -> Live:
        row, environment = found.segment, found.environment
        nothing = Live(0, self._api.now())
        if feature is not None and feature.get("is_archived"):
            return replace(nothing, gone="the flag is archived")
        if environment is None:
            return replace(nothing, gone=UNSEEN.format(declared.environment), is_lost=True)
        if feature is None or feature["name"] != declared.flag:
            missing = f"the flag {declared.flag} is not there, or its segment is not for it"
            return replace(nothing, gone=missing, is_lost=True)
        if row["name"] != segment_name(declared):
            renamed = f"its segment is called {row['name']}, and not {segment_name(declared)}"
            return replace(nothing, gone=renamed, is_lost=True)
        try:
            share = share_of(row["rules"])
        except RulesError as error:
            return replace(nothing, gone=str(error), is_lost=True)
        where = {"environment": environment["id"], "feature": feature["id"]}
        ranked = sorted(
            self._api.pages("/api/v1/features/feature-segments/", where),
            key=lambda item: (item["priority"], item["id"]),
        )
        links = {item["id"]: item["segment"] for item in ranked}
        states: dict[int | None, list[Row]] = defaultdict(list)
        for state in self._api.pages("/api/v1/features/featurestates/", where):
            if not state.get("identity"):
                link = state["feature_segment"]
                states[None if link is None else links.get(link)].append(state)
        now = self._api.now()
        if row["id"] not in states:
            return replace(nothing, gone="the flag has no override for its share")
        changed = list(_changed(declared, row, states[row["id"]], states[None]))
        order = list(links.values())
        # Of a segment that nobody may see, the number is all that is known.
        before = tuple((number, self._names.get(number, str(number))) for number in order[: order.index(row["id"])])
        held = _held([tags[number] for number in feature["tags"] if number in tags], now)
        return Live(share, now, changed="; ".join(changed), held=held, before=before)

    def write(self, found: Found, decision: Decision) -> bool:
        """Write the share and the memory of a decision; False where somebody changed the segment since it was read."""
        path = f"{self._path}/segments/{found.segment['id']}/"
        if not _is_same(found.segment, self._api.get(path)):
            return False
        self._api.patch(path, body_of(found, decision))
        return True


def is_rollout(row: Row) -> bool:
    """Whether a segment's description declares a rollout."""
    return any(line.startswith(DECLARED) for line in (row.get("description") or "").splitlines())


def body_of(found: Found, decision: Decision) -> dict[str, Any]:
    """What is sent: rules and description together, and the custom fields, which go where they are not sent."""
    row, memory = found.segment, decision.memory
    if memory is not None:
        # As it was read, and not as it is by now: what came in between is to be noticed.
        memory = replace(memory, before=tuple(number for number, _ in found.live.before))
    fields = [
        {"model_field": item["model_field"], "field_value": item["field_value"]} for item in row.get("metadata") or ()
    ]
    return {
        "name": row["name"],
        "feature": row["feature"],
        "rules": with_share(row["rules"], decision.share),
        "description": write(replace(found.description, memory=memory)),
        **({"metadata": fields} if fields else {}),
    }


def _is_same(one: Row, other: Row) -> bool:
    return (
        one.get("description") == other.get("description")
        and with_share(one["rules"], 0) == with_share(other["rules"], 0)
        and share_of(one["rules"]) == share_of(other["rules"])
    )


def _changed(declared: Declared, row: Row, states: list[Row], own: list[Row]) -> Iterator[str]:
    """How what the share gets differs from what is declared."""
    where = declared.environment
    if any(state["enabled"] != declared.enabled for state in states):
        yield f"somebody switched its share in {where} {'off' if declared.enabled else 'on'}"
    if any(state["enabled"] != declared.base for state in own):
        yield f"somebody switched the flag in {where} {'off' if declared.base else 'on'} for everybody"
    if declared.value and any(digest(value_of(state)) != declared.value for state in states):
        yield f"somebody gave its share in {where} another value"
    if declared.conditions and conditions(row["rules"]) != declared.conditions:
        yield "somebody changed the conditions of its segment"


def value_of(state: Row) -> Any:
    """The value of a state out of the API's typed form."""
    kept = state["feature_state_value"]
    return kept[FIELDS[kept["type"]]] if kept else None


def _held(labels: list[str], now: datetime) -> str:
    ends = {label: end_of(label) for label in labels if is_hold(label)}
    going = sorted(label for label, end in ends.items() if end is None or end > now)
    return f"by its tag {going[-1]}" if going else ""
