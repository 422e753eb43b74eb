"""What happens when …: each row of the table in the record of the decision."""

from dataclasses import replace
from datetime import timedelta

import pytest

from components.rollouts.in_pod import people
from components.rollouts.in_pod.decide import decide
from components.rollouts.in_pod.declared import Broken, Declared, Guard, Step
from components.rollouts.in_pod.states import Action, Answer, Decision, Live, Memory, Stage, Verdict, beginning
from tests.components.rollouts.histories import BEGIN, MINUTE

RUNNING = Memory(10, BEGIN, Stage.RUNNING, BEGIN)
BEGUN = beginning(0, BEGIN)
STEPS = (Step(1, 60 * MINUTE), Step(10, 60 * MINUTE), Step(50, 60 * MINUTE), Step(100))


def rollout(*steps: Step, guards: tuple[Guard, ...] = ()) -> Declared:
    return Declared("new_model", "production", None, steps or STEPS, BEGIN, guards=guards)


def test_steps_that_are_added_removed_or_changed_while_it_runs_count_from_the_share_that_is_live() -> None:
    later = BEGIN + 61 * MINUTE
    live = Live(10, later)

    def said(*steps: Step, memory: Memory = RUNNING) -> tuple[Action, float]:
        found = decide(rollout(*steps), live, {}, memory, later)
        return found.action, found.share

    assert said() == (Action.RAISE, 50)
    assert said(Step(10, 60 * MINUTE), Step(20), Step(50)) == (Action.RAISE, 20)  # one was added
    assert said(Step(10, 60 * MINUTE), Step(100)) == (Action.RAISE, 100)  # one was removed
    assert said(Step(5, 30 * MINUTE), Step(25)) == (Action.RAISE, 25)  # the one that it is at is gone
    assert said(Step(10, 90 * MINUTE), Step(50)) == (Action.WAIT, 10)  # it lasts longer now
    assert said(Step(5)) == (Action.LOWER, 5)  # less is declared than is live
    assert said(Step(10, 60 * MINUTE)) == (Action.NOTE, 10)  # that was the end
    done = replace(RUNNING, stage=Stage.DONE)
    assert said(Step(10, 60 * MINUTE), memory=done) == (Action.WAIT, 10)
    assert said(Step(10, 60 * MINUTE), Step(20), memory=done) == (Action.RAISE, 20)  # it goes on behind its old end
    assert decide(None, live, {}, RUNNING, later).action is Action.WAIT
    assert decide(rollout(), replace(live, gone="the flag is archived"), {}, RUNNING, later).action is Action.WAIT


def test_a_share_that_was_there_before_its_steps_is_where_they_begin() -> None:
    found = decide(rollout(), Live(25, BEGIN), {}, beginning(25, BEGIN), BEGIN)
    assert (found.action, found.share) == (Action.NOTE, 25)
    assert found.memory == Memory(25, BEGIN, Stage.RUNNING, BEGIN)
    again = decide(rollout(), Live(25, BEGIN), {}, found.memory, BEGIN)
    assert (again.action, again.until) == (Action.WAIT, BEGIN + 60 * MINUTE)


def test_a_prometheus_that_is_away_is_noted_once_and_warned_of_after_a_time() -> None:
    declared = rollout(guards=(Guard("errors", "up", at_most=1, warn_after=30 * MINUTE),))
    later = BEGIN + 61 * MINUTE
    away = {"errors": Answer(Verdict.AWAY, "Prometheus refuses the connection")}
    first = decide(declared, Live(10, later), away, RUNNING, later)
    assert (first.action, first.warns) == (Action.NOTE, False)
    assert first.memory == replace(RUNNING, away_since=later, at=later)
    second = decide(declared, Live(10, later), away, first.memory, later + 29 * MINUTE)
    third = decide(declared, Live(10, later + 30 * MINUTE), away, first.memory, later + 30 * MINUTE)
    assert (second.action, third.action, third.warns) == (Action.WAIT, Action.WAIT, True)
    assert f"since {later:%Y-%m-%d %H:%M} UTC" in third.why
    back = decide(declared, Live(10, later), {"errors": Answer(Verdict.GOOD)}, first.memory, later)
    assert (back.action, back.memory) == (Action.NOTE, replace(RUNNING, at=later))


@pytest.mark.parametrize(
    "mute",
    [Answer(Verdict.SILENT, "Prometheus refuses its query: no"), Answer(Verdict.SILENT, "answers with 2 series")],
)
def test_a_silence_that_knows_no_beginning_is_remembered_and_warned_of_too(mute: Answer) -> None:
    declared = rollout(guards=(Guard("errors", "up", at_most=1, warn_after=30 * MINUTE),))
    later = BEGIN + 61 * MINUTE
    first = decide(declared, Live(10, later), {"errors": mute}, RUNNING, later)
    assert (first.action, first.why) == (Action.NOTE, f"errors {mute.why}")
    late = later + 30 * MINUTE
    second = decide(declared, Live(10, late), {"errors": mute}, first.memory, late)
    assert (second.action, second.warns) == (Action.WAIT, True)
    assert second.why == f"errors: {mute.why}, since {later:%Y-%m-%d %H:%M} UTC"
    # One that is away meanwhile is no new silence, and one that answers ends it.
    away = decide(declared, Live(10, late), {"errors": Answer(Verdict.AWAY, "is away")}, first.memory, late)
    assert (away.action, away.warns) == (Action.WAIT, True)
    back = decide(declared, Live(10, late), {"errors": Answer(Verdict.GOOD)}, first.memory, late)
    assert (back.action, back.memory) == (Action.NOTE, replace(RUNNING, at=late))


def test_too_few_samples_are_warned_of_when_the_time_of_the_step_is_long_over() -> None:
    declared = rollout(guards=(Guard("errors", "up", at_most=1, warn_after=30 * MINUTE),))
    few = {"errors": Answer(Verdict.WARMING, "has 3 samples of 200", BEGIN)}

    def warns(after: int) -> bool:
        now = BEGIN + after * MINUTE
        found = decide(declared, Live(10, now), few, RUNNING, now)
        assert found.action is Action.WAIT
        return found.warns

    assert [warns(minutes) for minutes in (10, 61, 89, 90)] == [False, False, False, True]


def test_before_the_first_step_prometheus_has_to_answer_and_needs_no_data_of_those_who_are_not_there_yet() -> None:
    declared = rollout(guards=(Guard("errors", "up", at_most=1),))

    def said(verdict: Verdict) -> Action:
        return decide(declared, Live(0, BEGIN), {"errors": Answer(verdict)}, BEGUN, BEGIN).action

    assert {verdict: said(verdict) for verdict in Verdict} == {
        Verdict.GOOD: Action.RAISE,
        Verdict.WARMING: Action.RAISE,
        Verdict.SILENT: Action.RAISE,
        Verdict.OUT: Action.WAIT,
        Verdict.AWAY: Action.NOTE,
        Verdict.BROKEN: Action.WAIT,
    }


def test_a_clock_that_jumps_costs_time_and_never_gives_a_step() -> None:
    later = BEGIN + 61 * MINUTE
    ahead = decide(rollout(), Live(10, later), {}, RUNNING, later + timedelta(days=400))
    assert (ahead.action, ahead.warns) == (Action.WAIT, True)
    assert "the clocks differ" in ahead.why
    # Both were wrong for a time: what they wrote is to come.
    wrong = replace(RUNNING, since=BEGIN + timedelta(days=400))
    found = decide(rollout(), Live(10, later), {}, wrong, later)
    assert (found.action, found.share) == (Action.NOTE, 10)
    assert found.memory is not None
    assert found.memory.since == later


def test_nothing_begins_before_its_start_nor_while_somebody_holds_the_flag() -> None:
    early = decide(rollout(), Live(0, BEGIN - MINUTE), {}, BEGUN, BEGIN - MINUTE)
    assert (early.action, early.until, early.memory) == (Action.WAIT, BEGIN, BEGUN)
    held = decide(rollout(), Live(0, BEGIN, held="until noon"), {}, BEGUN, BEGIN)
    assert (held.action, held.why, held.memory) == (Action.WAIT, "the flag is held until noon", BEGUN)
    assert decide(rollout(), Live(0, BEGIN), {}, BEGUN, BEGIN).action is Action.RAISE


def test_people_start_pause_resume_and_go_back() -> None:
    declared = replace(rollout(), start=None)
    live = Live(0, BEGIN)
    assert decide(declared, live, {}, BEGUN, BEGIN).why == "waits for `ff flags rollout start`"
    begun = people.start(live, BEGUN, "ann", "go", BEGIN)
    assert begun.memory == Memory(0, BEGIN, Stage.RUNNING, BEGIN, why="go", who="ann")
    assert decide(declared, live, {}, begun.memory, BEGIN).share == 1
    live = Live(10, BEGIN)
    paused = people.pause(live, RUNNING, "ann", "lunch", BEGIN)
    assert decide(declared, live, {}, paused.memory, BEGIN + 99 * MINUTE).why == "is paused: lunch"
    gone_back = people.back(declared, live, paused.memory, "ann", "too early", BEGIN)
    assert (gone_back.action, gone_back.share) == (Action.LOWER, 1)
    later = BEGIN + 99 * MINUTE
    resumed = people.resume(declared, Live(1, later), gone_back.memory, "ann", "mended", later)
    assert resumed.memory == Memory(1, later, Stage.RUNNING, later, why="mended", who="ann")


WATCHED = Guard("errors", "up", at_most=1, holds=5 * MINUTE, warm_up=10 * MINUTE, broken=Broken.BACK)
ONCE = (Step(100),)


@pytest.mark.parametrize("verdict", Verdict)
def test_a_first_step_that_is_everybody_waits_for_the_guards_good_word(verdict: Verdict) -> None:
    declared = rollout(*ONCE, guards=(WATCHED,))
    said = decide(declared, Live(0, BEGIN), {"errors": Answer(verdict, "is 2")}, BEGUN, BEGIN)
    assert (said.action is Action.RAISE) == (verdict is Verdict.GOOD)
    assert decide(rollout(*ONCE), Live(0, BEGIN), {}, BEGUN, BEGIN).memory == replace(
        RUNNING, share=100, stage=Stage.DONE, why="0 % → 100 %"
    )


@pytest.mark.parametrize("steps", [ONCE, STEPS], ids=["one step", "several"])
def test_the_last_and_largest_step_is_watched_until_its_guards_can_have_seen_it(steps: tuple[Step, ...]) -> None:
    declared, good = rollout(*steps, guards=(WATCHED,)), {"errors": Answer(Verdict.GOOD)}
    share = declared.before(100)
    memory = Memory(share, BEGIN, Stage.RUNNING, BEGIN)
    later = BEGIN + 61 * MINUTE
    raised = decide(declared, Live(share, later), good, memory, later)
    assert (raised.action, raised.share) == (Action.RAISE, 100)
    assert raised.memory is not None
    assert raised.memory.stage is Stage.RUNNING

    def said(verdict: Verdict, minutes: int) -> Decision:
        now = later + minutes * MINUTE
        return decide(declared, Live(100, now), {"errors": Answer(verdict, "is 2")}, raised.memory, now)

    assert (said(Verdict.GOOD, 14).action, said(Verdict.GOOD, 14).until) == (Action.WAIT, later + 15 * MINUTE)
    assert said(Verdict.GOOD, 15).why == "is done"
    for verdict in (Verdict.SILENT, Verdict.AWAY, Verdict.OUT, Verdict.WARMING):
        assert said(verdict, 15).memory != replace(raised.memory, stage=Stage.DONE, why="", at=later + 15 * MINUTE)
        assert said(verdict, 15).why != "is done"
    for minutes in (0, 3, 600):
        broken = said(Verdict.BROKEN, minutes)
        assert (broken.action, broken.share) == (Action.LOWER, share)


def test_a_silence_that_slides_out_of_what_prometheus_is_asked_goes_on_from_where_it_began() -> None:
    declared = rollout(guards=(replace(WATCHED, warn_after=120 * MINUTE),))
    later = BEGIN + 90 * MINUTE
    first = decide(declared, Live(10, later), {"errors": Answer(Verdict.SILENT, "x", BEGIN)}, RUNNING, later)
    assert (first.action, first.memory) == (Action.NOTE, replace(RUNNING, away_since=BEGIN, at=later))
    for minutes, warns in ((119, False), (120, True), (9000, True)):
        now = BEGIN + minutes * MINUTE
        said = decide(declared, Live(10, now), {"errors": Answer(Verdict.SILENT, "x")}, first.memory, now)
        assert (said.action, said.warns) == (Action.WAIT, warns)
        assert f"since {BEGIN:%Y-%m-%d %H:%M} UTC" in said.why


@pytest.mark.parametrize(("broken", "share"), [(Broken.HOLD, 10), (Broken.BACK, 10), (Broken.OFF, 0)])
def test_a_breach_while_less_is_declared_than_is_live_is_not_forgotten(broken: Broken, share: float) -> None:
    declared = rollout(Step(1, 60 * MINUTE), Step(10), guards=(replace(WATCHED, broken=broken),))
    memory = replace(RUNNING, share=10.5)
    said = decide(declared, Live(10.5, BEGIN), {"errors": Answer(Verdict.BROKEN, "is 2")}, memory, BEGIN)
    assert said.memory is not None
    assert (said.action, said.share, said.memory.share) == (Action.LOWER, share, share)
    assert (said.memory.stage, said.warns) == (Stage.PAUSED, True)
