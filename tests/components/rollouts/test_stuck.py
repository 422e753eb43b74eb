"""What would stand still without a word, and without a way out."""

from dataclasses import replace
from datetime import datetime

import pytest

from components.rollouts.in_pod import people
from components.rollouts.in_pod.asking import Guards
from components.rollouts.in_pod.decide import decide
from components.rollouts.in_pod.declared import Guard, Step
from components.rollouts.in_pod.judge import Series, Span
from components.rollouts.in_pod.prometheus import Prometheus
from components.rollouts.in_pod.states import Action, Decision, Live, Stage
from tests.components.rollouts.histories import BEGIN, MINUTE
from tests.components.rollouts.test_table import BEGUN, ONCE, RUNNING, STEPS, rollout


class Few(Prometheus):
    """One that answers, and where nobody has what is rolled out."""

    def now(self, _: str, at: datetime) -> list[Series]:
        return [Series({}, [(at.timestamp(), 0.0)])]

    def over(self, query: str, span: Span) -> list[Series]:
        return self.now(query, span.ends)


@pytest.mark.parametrize("steps", [ONCE, STEPS], ids=["everybody", "a first share"])
def test_too_few_samples_before_a_first_step_that_is_everybody_are_warned_of_too(steps: tuple[Step, ...]) -> None:
    """There may never be more, since nobody has it."""
    bought = Guard("buys", "buys", at_most=1, samples="count", least=50, warn_after=30 * MINUTE)
    declared, memory = rollout(*steps, guards=(bought,)), BEGUN
    said: list[Decision] = []
    for minutes in (0, 1, 29, 30, 9000):
        now = BEGIN + minutes * MINUTE
        answers = Guards(Few("http://prometheus")).answers(declared, 0, BEGIN, now)
        said.append(decide(declared, Live(0, now), answers, memory, now))
        memory = said[-1].memory or memory
        if said[-1].action is Action.RAISE:
            break
    if steps == STEPS:
        assert [item.action for item in said] == [Action.RAISE]
        return
    assert [(item.action, item.warns) for item in said] == [
        (Action.NOTE, False),
        (Action.WAIT, False),
        (Action.WAIT, False),
        (Action.WAIT, True),
        (Action.WAIT, True),
    ]
    assert said[-1].why == f"buys: has 0 samples of 50, since {BEGIN:%Y-%m-%d %H:%M} UTC"


def test_one_that_was_done_and_whose_share_somebody_set_goes_on_to_added_steps_when_a_person_says_so() -> None:
    done, live = replace(RUNNING, share=50, stage=Stage.DONE), Live(30, BEGIN)
    said = decide(rollout(), live, {}, done, BEGIN)
    assert (said.action, "`ff flags rollout resume` lets it go on" in said.why) == (Action.WAIT, True)
    resumed = people.resume(rollout(), live, done, "ann", "so", BEGIN).memory
    assert resumed is not None
    assert (resumed.stage, resumed.share) == (Stage.RUNNING, 30)
    later = BEGIN + 61 * MINUTE
    assert decide(rollout(), Live(30, later), {}, resumed, later).share == 50
    # At its end, or where nobody was, there is nothing to resume.
    for moved, memory in ((live, replace(done, share=30)), (Live(100, BEGIN), done)):
        with pytest.raises(people.NotPossibleError, match="It is not paused: it is done"):
            people.resume(rollout(), moved, memory, "ann", "so", BEGIN)
