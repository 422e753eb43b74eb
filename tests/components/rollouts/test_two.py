"""Two that take steps at once: one does all it does at any moment of the other, and no step is done twice."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from components.rollouts.in_pod.declared import Declared, Step
from components.rollouts.in_pod.notes import Description, write
from components.rollouts.in_pod.project import Rollouts
from components.rollouts.in_pod.shares import share_of, text_of
from components.rollouts.in_pod.states import beginning
from components.rollouts.in_pod.turn import CHANGED, OVERWRITTEN, Turned, turn
from tests.components.rollouts.histories import BEGIN, MINUTE

STEPS = (1.0, 10.0, 100.0)
DECLARED = Declared("search", "production", None, tuple(Step(share, 60 * MINUTE) for share in STEPS), BEGIN)
REQUESTS = 12
"""Of a look with a step: two lists of the project; flag and what is live; the same again, with the segment; the segment
once more, the write, and whether that is there."""
WRITE = 11


class Project:
    """A Flagsmith of one rollout. `meanwhile` is called before each request is answered, with its number."""

    def __init__(self) -> None:
        condition = {"operator": "PERCENTAGE_SPLIT", "property": None, "value": text_of(0)}
        rules = [{"type": "ALL", "conditions": [], "rules": [{"type": "ANY", "conditions": [condition], "rules": []}]}]
        self.segment: dict[str, Any] = {"id": 7, "name": "search.production", "feature": 1, "rules": rules}
        self.segment["description"] = write(Description("Who has it.", DECLARED, beginning(0, BEGIN)))
        self.at = BEGIN
        self.written: list[float] = []
        self.meanwhile: Callable[[int], None] = lambda _: None
        self._asked = 0
        own = {"identity": None, "enabled": False, "feature_segment": None, "feature_state_value": None}
        self.lists: dict[str, list[dict[str, Any]]] = {
            "/api/v1/environments/": [{"id": 1, "name": "production"}],
            "/api/v1/projects/1/features/": [{"id": 1, "name": "search", "tags": []}],
            "/api/v1/projects/1/tags/": [],
            "/api/v1/features/feature-segments/": [{"id": 3, "segment": 7, "priority": 0}],
            "/api/v1/features/featurestates/": [own, {**own, "enabled": True, "feature_segment": 3}],
        }

    def _passes(self) -> None:
        self._asked += 1
        self.meanwhile(self._asked)

    def get(self, path: str, _: Mapping[str, str | int] | None = None) -> Any:
        self._passes()
        features = self.lists["/api/v1/projects/1/features/"]
        return deepcopy(features[0] if "/features/" in path else self.segment)

    def patch(self, _: str, body: object) -> Any:
        self._passes()
        assert isinstance(body, dict)
        self.segment = {**self.segment, **deepcopy(body)}
        self.written.append(self.share)
        return deepcopy(self.segment)

    def pages(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[Any]:
        self._passes()
        rows = [self.segment] if path.endswith("/segments/") else self.lists[path]
        if "is_archived" in (params or {}):
            rows = [row for row in rows if row.get("is_archived")]
        yield from deepcopy(rows)

    def now(self) -> Any:
        return self.at

    @property
    def share(self) -> float:
        return share_of(self.segment["rules"])

    def look(self) -> Turned:
        (said,) = turn(Rollouts(self, 1), None, self.now, (OSError,))
        return said

    def look_while(self, number: int, other: Callable[[], object]) -> Turned:
        """A look, in which all that the other one does is before its request of this number is answered."""
        self._asked = 0

        def meanwhile(asked: int) -> None:
            if asked == number:
                self.meanwhile = lambda _: None
                other()

        self.meanwhile = meanwhile
        try:
            return self.look()
        finally:
            self.meanwhile = lambda _: None


@pytest.mark.parametrize("late", [timedelta(), timedelta(hours=5)], ids=["at once", "that stood still for hours"])
@pytest.mark.parametrize("number", range(2, REQUESTS + 1))
def test_one_within_the_other_at_each_of_its_requests(number: int, late: timedelta) -> None:
    """Before the first one it has read nothing, and is the next look."""
    project = Project()

    def other() -> None:
        project.look()
        project.at += late

    for share in STEPS:
        project.look_while(number, other)
        assert project.share == share
        project.at += 61 * MINUTE
    raised = [share for share, before in zip(project.written, [0.0, *project.written], strict=False) if share > before]
    assert raised == list(STEPS)
    assert project.written == sorted(project.written)


@pytest.mark.parametrize("number", [*range(1, WRITE), REQUESTS])
def test_what_a_person_does_before_the_segment_is_read_again_is_not_undone(number: int) -> None:
    project = Project()
    paused = deepcopy(project.segment)
    paused["description"] += "\n\nPaused by somebody."

    def person() -> None:
        project.segment = deepcopy(paused)

    said = project.look_while(number, person)
    if not said.is_written:
        assert said.problem == (OVERWRITTEN if number == REQUESTS else CHANGED)
        assert project.segment == paused
    else:
        # It came before the look had read anything, so that the step is one that knows of it.
        assert number == 1


def test_a_look_with_a_step_takes_so_many_requests() -> None:
    project = Project()
    numbers: list[int] = []
    project.meanwhile = numbers.append
    assert project.look().is_written
    assert numbers[-1] == REQUESTS
