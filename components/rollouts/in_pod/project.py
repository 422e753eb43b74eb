"""The rollouts of a project in Flagsmith: finds them, and writes a step."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from . import live as lives
from .declared import CLOSE, Declared
from .live import Api, Place, Row
from .notes import DECLARED, Description, NotesError, brought, read, write
from .shares import RulesError, share_of, with_share
from .states import Decision, Live


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


class Rollouts:
    """Those of one project."""

    def __init__(self, api: Api, project: int) -> None:
        self._api, self._path, self._project = api, f"/api/v1/projects/{project}", project
        self._names: dict[int, str] = {}
        self._labels: dict[int, str] = {}

    def all(self) -> list[Found]:
        """All that have a declaration, with all that is live of each."""
        return list(self.each())

    def each(self, failures: tuple[type[Exception], ...] = (), *, is_whole: bool = True) -> Iterator[Found]:
        """Those that have a declaration, by their names; what is live of one is read when its turn comes.

        It takes two requests for the project, one for its tags where a flag has some, and three for each rollout. Where
        not all is wanted, it takes one for those that are paused or wait, one for the flags that are archived, and none
        for those that are done: a look has to stay cheap with hundreds of old ones.

        Args:
            failures: What is raised where one of them cannot be read: it is that one's `problem`, and no other's.
            is_whole: Whether all that is live is read also of those that nothing but a person, or a time, moves.
        """
        segments = list(self._api.pages(f"{self._path}/segments/"))
        self._names = {row["id"]: str(row["name"]) for row in segments}
        rows = [row for row in segments if is_rollout(row)]
        if not rows:
            return
        environments = {
            row["name"]: row for row in self._api.pages("/api/v1/environments/", {"project": self._project})
        }
        archived: list[frozenset[int]] = []
        for row in sorted(rows, key=lambda row: str(row["name"])):
            try:
                description = read(row["description"])
            except NotesError as error:
                yield Found(row, Description(""), Live(0, self._api.now(), gone=str(error), is_lost=True))
                continue
            assert description.declared is not None  # noqa: S101 - said by is_rollout
            environment = environments.get(description.declared.environment)
            found = Found(row, description, Live(0, self._api.now()), environment)
            place = self._place(found, description.declared)
            try:
                live = self._live(place) if is_whole else self._little(place, archived)
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
        fresh = replace(found, segment=row)
        return replace(fresh, live=self._live(self._place(fresh, declared)))

    def _place(self, found: Found, declared: Declared) -> Place:
        return Place(found.segment, declared, found.description.memory, found.environment, self._names)

    def _live(self, place: Place) -> Live:
        live = lives.of_segment(place, self._api.now())
        if live.gone:
            return live
        feature = self._api.get(f"{self._path}/features/{place.segment['feature']}/")
        if not set(feature["tags"]) <= self._labels.keys():
            self._labels = {row["id"]: row["label"] for row in self._api.pages(f"{self._path}/tags/")}
        return lives.with_states(self._api, place, feature, self._labels, live)

    def _little(self, place: Place, archived: list[frozenset[int]]) -> Live:
        """What makes a difference at a look; `archived` is filled when it is asked for first."""
        live = lives.of_segment(place, self._api.now())
        if live.gone or lives.is_done(place, live.share):
            return live
        if not lives.is_at_rest(place, live.share, live.at):
            return self._live(place)
        if not archived:
            rows = self._api.pages(f"{self._path}/features/", {"is_archived": "true"})
            archived.append(frozenset(row["id"] for row in rows))
        if place.segment["feature"] in archived[0]:
            return replace(live, share=0, gone="the flag is archived")
        is_served = place.segment["id"] in lives.order_of(self._api, place).values()
        return live if is_served else lives.without_override(live)

    def write(self, found: Found, decision: Decision) -> bool:
        """Write the share and the memory of a decision; False where somebody changed the segment since it was read."""
        path = f"{self._path}/segments/{found.segment['id']}/"
        if not _is_same(found.segment, self._api.get(path)):
            return False
        self._api.patch(path, body_of(found, decision))
        return True

    def is_kept(self, found: Found, decision: Decision) -> bool:
        """Whether what was written is still there, read again: two that write at once do not see each other."""
        row = self._api.get(f"{self._path}/segments/{found.segment['id']}/")
        try:
            there, written = (
                read(text).memory for text in (row["description"], body_of(found, decision)["description"])
            )
            return there == written and abs(share_of(row["rules"]) - decision.share) < CLOSE
        except (NotesError, RulesError):
            return False


def is_rollout(row: Row) -> bool:
    """Whether a segment's description declares a rollout."""
    return any(line.startswith(DECLARED) for line in (row.get("description") or "").splitlines())


def body_of(found: Found, decision: Decision) -> dict[str, Any]:
    """What is sent: rules and description together, and the custom fields, which go where they are not sent."""
    row, memory = found.segment, decision.memory
    if memory is not None:
        # As it was read, and not as it is by now: what came in between is to be noticed.
        declared = found.description.declared
        known = brought(declared) if declared else ""
        memory = replace(memory, before=tuple(number for number, _ in found.live.before), brought=known)
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
