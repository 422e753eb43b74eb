"""Histories of rollouts: what may happen between two turns, and a Flagsmith of one share to which it happens."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from components.rollouts.in_pod.decide import decide
from components.rollouts.in_pod.declared import Broken, Declared, Guard, Step
from components.rollouts.in_pod.notes import Description, read, write
from components.rollouts.in_pod.states import Action, Answer, Decision, Live, Memory, Verdict, beginning
from components.rollouts.in_pod.windows import freeze, window

BEGIN = datetime(2026, 12, 1, 6, tzinfo=UTC)
GUARDS = ("errors", "latency")
MINUTE = timedelta(minutes=1)


@st.composite
def declarations(draw: st.DrawFn) -> Declared:
    """Steps that rise, with windows, freezes and guards or without."""
    shares = sorted(draw(st.sets(st.integers(1, 1000), min_size=1, max_size=5)))
    lasts = st.integers(0, 300).map(lambda minutes: minutes * MINUTE)
    named = draw(st.lists(st.sampled_from(GUARDS), unique=True))
    return Declared(
        flag="new_model",
        environment="production",
        group=draw(st.sampled_from([None, "beta_users"])),
        steps=tuple(Step(share / 10, draw(lasts)) for share in shares),
        start=draw(st.sampled_from([None, *[BEGIN + hours * 60 * MINUTE for hours in (-9, 0, 1, 9, 40)]])),
        only=draw(st.sampled_from([(), (), (window("Mon-Thu 09:00-16:00 Asia/Jerusalem"),)])),
        freezes=draw(st.sampled_from([(), (), (freeze("2026-12-01..2026-12-02", "UTC"),)])),
        guards=tuple(Guard(name, "up", at_most=1, broken=draw(st.sampled_from(Broken))) for name in named),
        enabled=draw(st.booleans()),
    )


@dataclass(frozen=True)
class Event:
    """What happens before a turn, and in it.

    Attributes:
        passes: How much time goes by.
        jumps: By how much the clock here is wrong, until it is right again.
        verdicts: What the guards say.
        hand: A share that somebody sets.
        changed: What somebody changed beside the share.
        held: Whether somebody holds the flag.
        killed: Whether the turn ends before its write, and the next one decides anew.
        declared: Another catalogue.
        forgets: Whether somebody takes away what is remembered.
        settles: Whether an apply may still be at work.
    """

    passes: timedelta = MINUTE
    jumps: timedelta = timedelta()
    verdicts: tuple[Verdict, Verdict] = (Verdict.GOOD, Verdict.GOOD)
    hand: float | None = None
    changed: str = ""
    held: bool = False
    killed: bool = False
    declared: Declared | None = None
    forgets: bool = False
    settles: bool = False


events = st.builds(
    Event,
    passes=st.integers(0, 2000).map(lambda minutes: minutes * MINUTE),
    jumps=st.sampled_from([timedelta()] * 4 + [timedelta(minutes=-90), timedelta(days=400), timedelta(days=-400)]),
    verdicts=st.tuples(*[st.sampled_from([*[Verdict.GOOD] * 20, *Verdict])] * 2),
    hand=st.sampled_from([*[None] * 30, 0.0, 5.0, 100.0]),
    changed=st.sampled_from([*[""] * 30, "production: switched off"]),
    held=st.sampled_from([*[False] * 4, True]),
    killed=st.sampled_from([False, False, False, True]),
    declared=st.integers(0, 15).flatmap(lambda number: st.none() if number else declarations()),
    forgets=st.sampled_from([*[False] * 30, True]),
    settles=st.booleans(),
)


@dataclass
class World:
    """A Flagsmith with one share, the clocks, and everything that was ever decided."""

    declared: Declared
    now: datetime = BEGIN
    share: float = 0.0
    description: str = ""
    changed: str = ""
    hands: list[float] = field(default_factory=list)
    turns: list[tuple[Event, Live, Memory | None, Decision, Declared]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.description = write(Description("A share.", self.declared, beginning(self.share, self.now)))

    def turn(self, event: Event) -> Decision:
        """What happens, and then one turn of the runner."""
        self.now += event.passes
        if event.declared is not None:
            self.declare(event.declared)
        if event.hand is not None:
            self.share = event.hand
        self.changed = event.changed or self.changed
        found = read(self.description)
        if event.forgets:
            found = replace(found, memory=None)
            self.description = write(found)
        live = Live(self.share, self.now, self.changed, "until noon" if event.held else "")
        live = replace(live, settles=self.now + MINUTE if event.settles else None)
        answers = {name: Answer(verdict, "is 2 %") for name, verdict in zip(GUARDS, event.verdicts, strict=True)}
        said = decide(found.declared, live, answers, found.memory, self.now + event.jumps)
        self.turns.append((event, live, found.memory, said, self.declared))
        if said.action is not Action.WAIT and not event.killed:
            # Share and memory are one write: either both are there, or none.
            self.share = said.share
            self.description = write(replace(found, memory=said.memory))
        return said

    def declare(self, declared: Declared) -> None:
        """What an apply does: it leaves the share and the memory as they are."""
        self.declared = declared
        self.description = write(replace(read(self.description), declared=declared))
