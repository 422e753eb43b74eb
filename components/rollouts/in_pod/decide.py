"""What a rollout does next. One pure function: the same in the pod, in `ff flags rollout run` and in the tests."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from .declared import ALL, CLOSE, Broken, Declared, Guard, Step
from .judge import LOOKS_BACK
from .states import Action, Answer, Cause, Decision, Live, Memory, Stage, Verdict, beginning
from .windows import is_open, next_opening

SKEW = timedelta(minutes=2)
"""How far two clocks may be apart. Flagsmith says whole seconds, and a slow answer is some seconds old."""
_HARD = {Broken.HOLD: 0, Broken.BACK: 1, Broken.OFF: 2}
_BEFORE = (Verdict.GOOD, Verdict.WARMING, Verdict.SILENT)
_MUTE = (Verdict.SILENT, Verdict.AWAY)
_UNKNOWN = Answer(Verdict.AWAY, "was not asked")
LOST = "somebody took away what was remembered of it, in its segment's description"
GONE = "the catalogue has no steps for it"


def decide(
    declared: Declared | None, live: Live, answers: Mapping[str, Answer], memory: Memory | None, now: datetime
) -> Decision:
    """What to do, and why. At most one step up, and only from the share that is live.

    Args:
        declared: What the catalogue says; None where it says nothing of steps any more.
        live: What Flagsmith has.
        answers: What the guards say, by name; one that is missing counts as away.
        memory: What was remembered; None where somebody took that away, since an apply leaves a first one.
        now: The time here.
    """
    kept = memory or beginning(live.share, now)
    nothing = Decision(Action.WAIT, live.gone or GONE, live.share, None, warns=live.is_lost)
    turn = _Turn(declared, live, answers, kept, now) if declared else None
    said = nothing if turn is None else turn.lost() if memory is None else turn.decision()
    return replace(said, share=live.share, memory=memory) if said.action is Action.WAIT else said


class _Turn:
    """One look at a rollout. Each of its functions says what to do, or None for what the next one says."""

    def __init__(
        self, declared: Declared, live: Live, answers: Mapping[str, Answer], memory: Memory, now: datetime
    ) -> None:
        self._declared, self._live, self._memory, self._now = declared, live, memory, now
        self._answers = [(guard, answers.get(guard.name, _UNKNOWN)) for guard in declared.guards]
        self._broken = [pair for pair in self._answers if pair[1].verdict is Verdict.BROKEN]

    def lost(self) -> Decision:
        """What to do where nothing is remembered: it may have been paused, so only a person lets it go on."""
        if self._live.gone or self._live.held:
            return self._over() or self._wait(f"the flag is held {self._live.held}")
        return self._note(LOST, self._paused(Cause.HAND, LOST), warns=True)

    def decision(self) -> Decision:
        """What to do."""
        return (
            self._over()
            or self._of_people()
            or self._above()
            or self._not_begun()
            or self._breach()
            or self._clocks()
            or self._silence()
            or self._unfinished()
            or self._unsure()
            or self._up()
        )

    def _over(self) -> Decision | None:
        if self._live.gone:
            return self._wait(self._live.gone, warns=self._live.is_lost and self._memory.stage is not Stage.DONE)
        is_at_end = self._declared.after(self._live.share) is None and self._live.share <= self._declared.top + CLOSE
        return self._wait("is done") if self._memory.stage is Stage.DONE and is_at_end else None

    def _of_people(self) -> Decision | None:
        """What somebody did, which is never undone."""
        memory, live = self._memory, self._live
        if memory.stage is Stage.PAUSED:
            return self._wait(f"is paused: {memory.why}", warns=memory.cause is not Cause.PERSON)
        changed = live.changed
        if abs(live.share - memory.share) > CLOSE:
            changed = f"somebody set the share to {live.share:g} %, where the rollout had left {memory.share:g} %"
        known = memory.before
        new = [name for number, name in live.before if known is not None and number not in known]
        new = [name for name in new if name not in self._declared.ahead]
        if new and not changed:
            changed = f"somebody put an override of {', '.join(new)} before its share, which takes its users away"
        if changed and changed == live.changed and live.settles is not None and live.at < live.settles:
            said = f"{changed}; or an apply is at work, and it is paused if that is so at {_said(live.settles)}"
            return self._breach() or self._wait(said, until=live.settles)
        if changed and memory.stage is Stage.DONE:
            said = f"is done, and since then: {changed}"
            is_end = self._declared.after(live.share) is None
            return self._wait(said if is_end else f"{said}; `ff flags rollout resume` lets it go on from there")
        if changed:
            return self._note(changed, self._paused(Cause.HAND, changed), warns=True)
        return self._wait(f"the flag is held {live.held}", warns=bool(self._broken)) if live.held else None

    def _above(self) -> Decision | None:
        """The catalogue declares less than what is live: lowering waits for nothing."""
        top, share = self._declared.top, self._live.share
        if share <= top + CLOSE:
            return None
        breach = self._breach()
        if breach is not None and breach.memory is not None:
            # Its time would begin anew, and what is broken would be forgotten.
            lower = min(top, breach.share)
            memory = replace(breach.memory, share=lower, since=self._now)
            return Decision(Action.LOWER, f"{share:g} % → {lower:g} %: {memory.why}", lower, memory, warns=True)
        why = f"{share:g} % → {top:g} %: the catalogue declares no more"
        return self._set(Action.LOWER, top, why, self._stage_at(self._declared.at(top)))

    def _not_begun(self) -> Decision | None:
        start = self._declared.start
        if self._memory.stage is not Stage.WAITING:
            return None
        if start is None:
            return self._wait("waits for `ff flags rollout start`")
        if self._now < start:
            return self._wait(f"begins {_said(start)}", until=start)
        if self._live.share < CLOSE:
            return None
        # A share that was there before the steps: its time counts from now.
        running = replace(self._memory, share=self._live.share, stage=Stage.RUNNING, since=self._now)
        return self._note(f"begins at the {self._live.share:g} % that are live", running)

    def _breach(self) -> Decision | None:
        if not self._broken:
            return None
        guard, answer = max(self._broken, key=lambda pair: _HARD[pair[0].broken])
        why, share = f"{guard.name} is broken: {answer.why}", self._live.share
        if share < CLOSE:
            return self._wait(f"does not begin: {why}", warns=True)
        memory = self._paused(Cause.GUARD, why)
        target = {Broken.HOLD: share, Broken.BACK: self._declared.before(share), Broken.OFF: 0.0}[guard.broken]
        if target > share - CLOSE:
            return self._note(why, memory, warns=True)
        memory = replace(memory, share=target, since=self._now, went_back=True)
        return Decision(Action.LOWER, f"{share:g} % → {target:g} %: {why}", target, memory, warns=True)

    def _clocks(self) -> Decision | None:
        """Two clocks that cannot both be right, and one that was wrong before."""
        there, since = self._live.at, self._memory.since
        if abs(there - self._now) > SKEW:
            said = f"{there:%Y-%m-%d %H:%M:%S} UTC at Flagsmith, {self._now:%Y-%m-%d %H:%M:%S} UTC here"
            return self._wait(f"the clocks differ: {said}", warns=True)
        if since <= self._now + SKEW:
            return None
        why = f"the share is from {_said(since)}, which is to come: its time begins anew"
        return self._note(why, replace(self._memory, since=self._now), warns=True)

    def _unfinished(self) -> Decision | None:
        over = self._over_at()
        return self._wait(f"{self._live.share:g} % until {_said(over)}", until=over) if self._now < over else None

    def _over_at(self) -> datetime:
        """When the time of the step that is live is over; now without one."""
        here = self._declared.at(self._live.share) if self._live.share > CLOSE else None
        return self._memory.since + self._lasts(here) if here else self._now

    def _lasts(self, step: Step) -> timedelta:
        """How long a step stays. The last one need not say; then it is until each of its guards can be broken."""
        if step.lasts or self._declared.after(step.to) is not None:
            return step.lasts
        return max((guard.warm_up + guard.holds for guard in self._declared.guards), default=timedelta())

    def _silence(self) -> Decision | None:
        """A silence that begins or ends is written down: a runner that starts anew then knows since when it is.

        Each write is kept for ever. So in the middle of a step only that is written which Prometheus does not know by
        itself, or soon may not: that it does not answer, and what has been silent for long.
        """
        mute_since, memory = self._memory.away_since, self._memory
        mute = [pair for pair in self._doubts() if self._is_mute(pair[1])]
        latest = self._now - LOOKS_BACK / 2
        is_known = all(answer.since is not None and answer.since > latest for _, answer in mute)
        if mute and mute_since is None and not (is_known and self._now < self._over_at()):
            guard, answer = mute[0]
            is_away = answer.verdict is Verdict.AWAY
            why = "Prometheus does not answer" if is_away else f"{guard.name} {answer.why or answer.verdict}"
            since = min(answer.since or self._now for _, answer in mute)
            return self._note(why, replace(memory, away_since=since))
        if mute_since is not None and not mute:
            why = f"the guards answer again, as they did not since {_said(mute_since)}"
            return self._note(why, replace(memory, away_since=None))
        return None

    def _unsure(self) -> Decision | None:
        """An answer that is no reason to rise, nor to be done."""
        return next((self._unsure_of(guard, answer) for guard, answer in self._doubts()), None)

    def _doubts(self) -> list[tuple[Guard, Answer]]:
        """The guards without a good word. Before the first step nobody has what a guard looks at: then it is enough
        that somebody answers, unless that step is everybody."""
        following = self._declared.after(self._live.share)
        is_trial = self._live.share < CLOSE and following is not None and following.to < ALL - CLOSE
        enough = _BEFORE if is_trial else (Verdict.GOOD,)
        return [pair for pair in self._answers if pair[1].verdict not in enough]

    def _is_mute(self, answer: Answer) -> bool:
        """Whether it is remembered since when it gives no answer; of nobody's share, too few samples are none either:
        there may never be more."""
        return answer.verdict in _MUTE or (answer.verdict is Verdict.WARMING and self._live.share < CLOSE)

    def _unsure_of(self, guard: Guard, answer: Answer) -> Decision:
        is_mute = self._is_mute(answer)
        since = answer.since or (self._memory.away_since if is_mute else None)
        said = f", since {_said(since)}" if since else ""
        # Too few samples are no news before the step's time is over, and then only if they are too few for long.
        late = max(since, self._over_at()) if since and not is_mute and answer.verdict is Verdict.WARMING else since
        is_long = late is not None and self._now - late >= guard.warn_after
        return self._wait(f"{guard.name}: {answer.why or answer.verdict}{said}", warns=is_long)

    def _up(self) -> Decision:
        """One step, at its time."""
        share, declared, now = self._live.share, self._declared, self._now
        following = declared.after(share)
        if following is None:
            done = replace(self._memory, stage=Stage.DONE, cause=None, why="", who="")
            return self._note("is done", done)
        if not is_open(declared.only, declared.freezes, now):
            opens = next_opening(declared.only, declared.freezes, now)
            said = _said(opens) if opens else "its windows change: they never open"
            return self._wait(f"{share:g} %: nothing rises until {said}", until=opens, warns=opens is None)
        return self._set(Action.RAISE, following.to, f"{share:g} % → {following.to:g} %", self._stage_at(following))

    def _wait(self, why: str, *, warns: bool = False, until: datetime | None = None) -> Decision:
        return Decision(Action.WAIT, why, self._live.share, self._memory, warns, until)

    def _note(self, why: str, memory: Memory, *, warns: bool = False) -> Decision:
        return Decision(Action.NOTE, why, self._live.share, replace(memory, at=self._now), warns)

    def _set(self, action: Action, share: float, why: str, stage: Stage) -> Decision:
        return Decision(action, why, share, Memory(share, self._now, stage, self._now, why=why))

    def _paused(self, cause: Cause, why: str) -> Memory:
        return self._memory.paused(cause, why, "", self._now)

    def _stage_at(self, step: Step | None) -> Stage:
        """The last step is the end, unless it lasts, or somebody watches it: its guards have the last word."""
        is_last = step is None or self._declared.after(step.to) is None
        is_end = is_last and not (step and step.lasts) and not self._declared.guards
        return Stage.DONE if is_end else Stage.RUNNING


def _said(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
