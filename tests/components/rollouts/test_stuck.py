"""What would stand still without a word, and without a way out."""

from dataclasses import replace
from datetime import datetime

import pytest

from components.rollouts.in_pod import people
from components.rollouts.in_pod.asking import Guards
from components.rollouts.in_pod.decide import decide
from components.rollouts.in_pod.declared import Guard, Step
from components.rollouts.in_pod.judge import Series, Span
from components.rollouts.in_pod.notes import Description
from components.rollouts.in_pod.project import Found
from components.rollouts.in_pod.prometheus import Prometheus
from components.rollouts.in_pod.states import Action, Answer, Decision, Live, Memory, Stage, Verdict
from components.rollouts.in_pod.turn import Turned
from components.rollouts.in_pod.watched import Seen, mute_since
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


@pytest.mark.parametrize("verdict", [Verdict.SILENT, Verdict.AWAY])
def test_a_silence_in_the_middle_of_a_step_is_known_to_a_pod_that_starts_anew(verdict: Verdict) -> None:
    declared = rollout(guards=(Guard("errors", "up", at_most=1, warn_after=30 * MINUTE),))
    mute = {"errors": Answer(verdict, "has no number")}

    def decided(minutes: int, memory: Memory | None, answers: dict[str, Answer] = mute) -> Decision:
        now = BEGIN + minutes * MINUTE
        return decide(declared, Live(10, now), answers, memory, now)

    first = decided(5, RUNNING)
    assert (first.action, first.memory) == (
        Action.NOTE,
        replace(RUNNING, away_since=BEGIN + 5 * MINUTE, at=BEGIN + 5 * MINUTE),
    )
    again = decided(20, first.memory)
    assert (again.action, again.until) == (Action.WAIT, BEGIN + 60 * MINUTE)
    found = Found({"name": "new_model.production"}, Description("", declared, again.memory), Live(10, BEGIN))
    turned = Turned(found, mute, again)
    since = mute_since(Seen(), {"1 1": turned}, (BEGIN + 20 * MINUTE).timestamp())
    assert since == {("1 1", "errors"): (BEGIN + 5 * MINUTE).timestamp()}
    late = decided(60, first.memory)
    assert (late.action, late.warns) == (Action.WAIT, True)
    over = decided(21, first.memory, {"errors": Answer(Verdict.GOOD)})
    assert (over.action, over.memory) == (Action.NOTE, replace(RUNNING, at=BEGIN + 21 * MINUTE))


def test_a_guard_that_is_silent_now_and_then_is_not_written_of_in_the_middle_of_a_step() -> None:
    declared = rollout(guards=(Guard("errors", "up", at_most=1),))

    def action(minutes: int, silent_since: int) -> Action:
        now = BEGIN + minutes * MINUTE
        mute = {"errors": Answer(Verdict.SILENT, "has no number (NaN)", BEGIN + silent_since * MINUTE)}
        return decide(declared, Live(10, now), mute, RUNNING, now).action

    # Prometheus knows by itself since when it is, for an hour; when the step's time is over, somebody waits for it.
    assert [action(minutes, 10) for minutes in (11, 39, 40, 59)] == [Action.WAIT, Action.WAIT, Action.NOTE, Action.NOTE]
    assert [action(60, 59), action(61, 50)] == [Action.NOTE, Action.NOTE]
