"""A look reads little of rollouts that nothing but a person or a time moves: there are hundreds of old ones."""

from dataclasses import replace
from datetime import timedelta

import pytest

from components.rollouts.in_pod.declared import Declared
from components.rollouts.in_pod.notes import Description, write
from components.rollouts.in_pod.project import Rollouts
from components.rollouts.in_pod.states import Cause, Memory, Stage, beginning
from tests.components.rollouts.histories import BEGIN, MINUTE
from tests.components.rollouts.test_two import DECLARED, Project

DONE = Memory(100, BEGIN, Stage.DONE, BEGIN)
PAUSED = Memory(0, BEGIN, Stage.PAUSED, BEGIN, Cause.GUARD, "errors is broken", begun=True)
FEATURES, LINKS = "/api/v1/projects/1/features/", "/api/v1/features/feature-segments/"
LATER = replace(DECLARED, start=BEGIN + timedelta(days=30))
RUNNING = Memory(1, BEGIN, Stage.RUNNING, BEGIN)


def at(share: float, memory: Memory, declared: Declared = DECLARED) -> Project:
    project = Project()
    text = write(Description("Who has it.", declared, memory))
    (rule,) = project.segment["rules"]
    rule["rules"][0]["conditions"][0]["value"] = str(share)
    project.segment["description"] = text
    return project


def requests(project: Project) -> int:
    numbers: list[int] = []
    project.meanwhile = numbers.append
    project.look()
    return len(numbers)


@pytest.mark.parametrize(
    ("project", "number"),
    [
        (at(100, DONE), 2),
        (at(-1, PAUSED), 4),
        (at(-1, beginning(0, BEGIN), LATER), 4),
        (at(-1, beginning(0, BEGIN), replace(DECLARED, start=None)), 4),
        (at(1, RUNNING), 5),
    ],
    ids=["done", "paused", "to come", "to be started", "running"],
)
def test_a_look_takes_so_many_requests(project: Project, number: int) -> None:
    """Two for the project, and where one is at rest one more for the archived flags."""
    assert requests(project) == number
    assert requests(project) == number


def test_a_person_who_asks_is_told_all_of_each() -> None:
    project = at(-1, PAUSED)
    project.lists["/api/v1/features/featurestates/"][0]["enabled"] = True
    (found,) = Rollouts(project, 1).all()
    assert found.live.changed == "somebody switched the flag in production on for everybody"


@pytest.mark.parametrize("path", [FEATURES, LINKS])
def test_one_that_is_paused_and_is_not_there_any_more_is_said_to_be_gone_and_warns_nobody(path: str) -> None:
    project = at(-1, PAUSED)
    assert project.look().decision.why == "is paused: errors is broken"
    if path == FEATURES:
        project.lists[path][0]["is_archived"] = True
    else:
        project.lists[path] = []
    said = project.look().decision
    why = {FEATURES: "the flag is archived", LINKS: "the flag has no override for its share"}[path]
    assert (said.why, said.warns) == (why, False)


def test_one_whose_time_has_come_is_read_whole_and_so_is_one_above_what_is_declared() -> None:
    project = at(-1, beginning(0, BEGIN), LATER)
    project.at = BEGIN + timedelta(days=30, minutes=1)
    assert project.look().is_written
    less = replace(DECLARED, steps=DECLARED.steps[:2])
    project = at(100, replace(DONE, stage=Stage.RUNNING, since=BEGIN - 600 * MINUTE), less)
    assert project.look().decision.share == 10
