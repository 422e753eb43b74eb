"""Segments that no apply made so: copies, names that are no text, overrides of this moment; what is told of them."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from components.rollouts.in_pod.declared import Guard
from components.rollouts.in_pod.notes import Description, NotesError, read, write
from components.rollouts.in_pod.project import Rollouts
from components.rollouts.in_pod.runner import RolloutRunner
from components.rollouts.in_pod.states import beginning
from components.rollouts.in_pod.watched import RolloutCollector
from tests.components.rollouts.histories import BEGIN
from tests.components.rollouts.test_two import DECLARED, Project

NOTHING = {"INTERVAL_SECONDS": "60", "TOKEN_FILE": "/none", "FLAGSMITH_URL": "http://127.0.0.1:1"}
NO_TEXT = "a\ud800"


class Copied(Project):
    """One of which somebody copied the rollout's segment."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.lists["/api/v1/projects/"] = [{"id": 1, "name": "FootAnalytics"}]
        self.copy = {**deepcopy(self.segment), "id": 8, "name": name}

    def pages(self, path: str, params: Mapping[str, str | int] | None = None) -> Iterator[Any]:
        yield from super().pages(path, params)
        if path.endswith("/segments/"):
            yield deepcopy(self.copy)


@pytest.mark.parametrize("name", ["search.production", "a copy", "search.production.copy"])
def test_a_copy_of_its_segment_hides_nothing_of_it(name: str) -> None:
    runner = RolloutRunner(NOTHING)
    runner._api = Copied(name)  # type: ignore[assignment]  # noqa: SLF001
    runner.look()
    assert runner.seen.went_well
    assert len(runner.seen.rollouts) == 2
    text = RolloutCollector(lambda: runner.seen, runner.is_alive).scrape().decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    numbers = Counter((sample.name, *sorted(sample.labels.items())) for sample in samples)
    assert set(numbers.values()) == {1}
    warned = [sample.labels["feature"] for sample in samples if sample.name == "flagsmith_rollout_warns"]
    assert warned.count("search") == (2 if name == "search.production.copy" else 1)
    assert ("a copy" in warned) is (name == "a copy")


@pytest.mark.parametrize(
    "declared",
    [replace(DECLARED, flag=NO_TEXT), replace(DECLARED, guards=(Guard(NO_TEXT, "up", at_most=1),))],
    ids=["flag", "guard"],
)
def test_a_name_that_is_no_text_is_one_rollout_s_fault_and_ends_no_metrics(declared: Any) -> None:
    text = write(Description("", declared, beginning(0, BEGIN)))
    with pytest.raises(NotesError, match="cannot be read"):
        read(text)


@pytest.mark.parametrize("field", ["why", "who"])
def test_a_reason_that_is_no_text_is_refused(field: str) -> None:
    text = write(Description("", DECLARED, beginning(0, BEGIN)))
    empty = f'"{field}":""'
    assert empty in text
    with pytest.raises(NotesError, match="cannot be read"):
        read(text.replace(empty, f'"{field}":{json.dumps(NO_TEXT)}'))


def test_an_override_that_is_made_between_two_requests_is_not_everybody_s() -> None:
    project = Project()
    states = project.lists["/api/v1/features/featurestates/"]
    states.append({**states[1], "feature_segment": 99})
    (found,) = Rollouts(project, 1).all()
    assert found.live.changed == ""
    states[0]["enabled"] = True
    (found,) = Rollouts(project, 1).all()
    assert found.live.changed == "somebody switched the flag in production on for everybody"
