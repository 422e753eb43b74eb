"""The pure decision, held by properties over generated histories. No history has a deadline: one took 503 ms while the
machine was busy, and 4 ms when it was tried again."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from components.rollouts.in_pod.decide import SKEW, decide
from components.rollouts.in_pod.declared import CLOSE, Broken, Declared
from components.rollouts.in_pod.notes import Description, read, write
from components.rollouts.in_pod.states import Action, Answer, Cause, Stage, Verdict
from components.rollouts.in_pod.windows import is_open
from tests.components.rollouts.histories import BEGIN, MINUTE, Event, World, declarations, events

histories = st.lists(events, max_size=40)
GOOD = (Verdict.GOOD, Verdict.GOOD)


@settings(max_examples=100, deadline=None)
@given(declarations(), histories)
def test_the_share_is_never_raised_above_what_is_declared_nor_past_a_step(
    declared: Declared, history: list[Event]
) -> None:
    world = World(declared)
    for event in history:
        world.turn(event)
    for _, live, _, said, then in world.turns:
        if said.action is Action.RAISE:
            between = [step.to for step in then.steps if live.share + CLOSE < step.to < said.share - CLOSE]
            assert (said.share <= then.top, between) == (True, [])
            assert any(abs(step.to - said.share) < CLOSE for step in then.steps)
        if said.action is Action.LOWER:
            assert said.share < live.share
        if said.action in (Action.WAIT, Action.NOTE):
            assert said.share == live.share


@settings(max_examples=100, deadline=None)
@given(declarations(), histories)
def test_nothing_rises_on_silence_a_breach_or_outside_its_time(declared: Declared, history: list[Event]) -> None:
    world = World(declared)
    for event in history:
        world.turn(event)
    for event, live, memory, said, then in world.turns:
        if said.action is not Action.RAISE:
            continue
        asked = dict(zip(("errors", "latency"), event.verdicts, strict=True))
        verdicts = {asked[guard.name] for guard in then.guards}
        # Before the first step nobody has what a guard looks at: then it is enough that Prometheus answers.
        fine = {Verdict.GOOD} if live.share > CLOSE else {Verdict.GOOD, Verdict.WARMING, Verdict.SILENT}
        assert verdicts <= fine
        now = live.at + event.jumps
        assert is_open(then.only, then.freezes, now)
        assert abs(event.jumps) <= SKEW
        here = then.at(live.share)
        if live.share > CLOSE and here is not None:
            assert memory is not None
            assert now >= memory.since + here.lasts
        assert memory is not None
        if memory.stage is Stage.WAITING:
            assert then.start is not None
            assert now >= then.start


@settings(max_examples=100, deadline=None)
@given(declarations(), histories)
def test_what_somebody_did_is_never_undone(declared: Declared, history: list[Event]) -> None:
    world, was_touched = World(declared), False
    for event in history:
        world.turn(event)
        last = world.turns[-1]
        live, memory = last[1], last[2]
        # A share that somebody set, and put back before a look could write that, is no change any more.
        is_hand = memory is not None and abs(live.share - memory.share) > CLOSE
        was_touched = was_touched or bool(world.changed) or event.forgets
        # While an apply may be at work, what is broken is taken back all the same; nothing rises.
        is_taken_back = event.settles and bool(world.changed) and Verdict.BROKEN in event.verdicts
        if is_hand and memory is not None and memory.stage in (Stage.WAITING, Stage.RUNNING):
            assert last[3].action is Action.NOTE
            was_touched = was_touched or not event.killed
        if was_touched or is_hand or event.held:
            assert last[3].action in (Action.WAIT, Action.NOTE, *([Action.LOWER] if is_taken_back else []))
        if (was_touched or is_hand) and last[3].action is Action.NOTE:
            assert last[3].memory is not None
            causes = {Cause.HAND, *([Cause.GUARD] if is_taken_back else [])}
            assert last[3].memory.stage is Stage.PAUSED
            assert last[3].memory.cause in causes


@settings(max_examples=50, deadline=None)
@given(declarations(), histories)
def test_a_broken_guard_takes_effect_in_one_turn_and_only_a_person_resumes(
    declared: Declared, history: list[Event]
) -> None:
    world, paused_at = World(declared), None
    for event in history:
        world.turn(replace(event, killed=False, declared=None, hand=None, forgets=False))
        _, live, memory, said, then = world.turns[-1]
        asked = dict(zip(("errors", "latency"), event.verdicts, strict=True))
        broken = {guard.broken for guard in then.guards if asked[guard.name] is Verdict.BROKEN}
        if paused_at is not None:
            assert (said.action, live.share) == (Action.WAIT, paused_at)
        elif (
            broken
            and live.share > CLOSE
            and memory is not None
            and memory.stage is Stage.RUNNING
            and not live.held
            and not live.changed
        ):
            hardest = Broken.OFF if Broken.OFF in broken else Broken.BACK if Broken.BACK in broken else Broken.HOLD
            wanted = {Broken.OFF: 0.0, Broken.BACK: then.before(live.share), Broken.HOLD: live.share}[hardest]
            assert said.share == wanted
            assert said.memory is not None
            assert (said.memory.stage, said.memory.cause) == (Stage.PAUSED, Cause.GUARD)
            assert "is 2 %" in said.memory.why
            assert said.warns
        if said.memory is not None and said.memory.stage is Stage.PAUSED:
            paused_at = said.share


@settings(max_examples=50, deadline=None)
@given(
    declarations(),
    st.lists(
        events.map(
            lambda event: replace(event, hand=None, changed="", verdicts=GOOD, held=False, declared=None, forgets=False)
        ),
        max_size=20,
    ),
)
def test_it_comes_to_its_end_if_all_is_well_whatever_happened_to_the_runner(
    declared: Declared, history: list[Event]
) -> None:
    declared = replace(declared, start=declared.start or BEGIN)
    world = World(declared)
    for event in history:
        world.turn(event)
    for _ in range(21 * 8):
        world.turn(Event(passes=180 * MINUTE))
    memory = read(world.description).memory
    assert memory is not None
    assert (world.share, memory.stage) == (declared.top, Stage.DONE)
    raised = [said.share for event, _, _, said, _ in world.turns if said.action is Action.RAISE and not event.killed]
    assert raised == [step.to for step in declared.steps]


@settings(max_examples=50, deadline=None)
@given(declarations(), histories)
def test_what_is_kept_of_it_is_read_back_as_it_was(declared: Declared, history: list[Event]) -> None:
    world = World(declared)
    for event in history:
        world.turn(event)
        found = read(world.description)
        assert (found.text, found.declared) == ("A share.", world.declared)
        assert write(found) == world.description


@settings(max_examples=50, deadline=None)
@given(declarations(), histories)
def test_two_runners_do_no_step_twice(declared: Declared, history: list[Event]) -> None:
    """The second one has read the same, and writes what it decided a moment later."""
    world = World(declared)
    for event in history:
        world.turn(replace(event, killed=True))
        live, memory = world.turns[-1][1], world.turns[-1][2]
        said = world.turns[-1][3]
        later = decide(
            world.declared,
            live,
            {
                name: Answer(verdict, "is 2 %")
                for name, verdict in zip(("errors", "latency"), event.verdicts, strict=True)
            },
            memory,
            live.at + event.jumps + timedelta(seconds=1),
        )
        if Action.WAIT not in (said.action, later.action):
            assert later.share == said.share
            world.share = later.share
            world.description = write(Description("A share.", world.declared, later.memory))
