"""What must hold of the steps of rollouts, and of the guards that watch them."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final

from components.rollouts.in_pod.declared import ALL, CLOSE, MOST, Declared, Step
from components.rollouts.in_pod.windows import Freeze, Window, WindowError, freeze, next_opening, window
from components.text import quoting
from flagops.commands.flags.catalogue.guards import SHIPPED, CatalogueGuard
from flagops.commands.flags.catalogue.membership import members
from flagops.commands.flags.catalogue.model import Catalogue, Flag, Rollout, State
from flagops.commands.flags.catalogue.problems import CatalogueProblem, Key
from flagops.commands.flags.catalogue.steps import LEAST, TextError, length, moment
from flagops.commands.flags.who import SPLIT

FARTHEST: Final = timedelta(days=36525)
"""The calendar of computers ends: steps and windows have to be counted from a start."""
ONLY_WITH_STEPS: Final = ("start", "segment", "only", "freeze", "guards", "value")


def check_guards(catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    """What is wrong with the guards that a catalogue defines."""
    for name, guard in catalogue.guards.items():
        yield from _guard(("guards", name), guard)


def _guard(key: Key, guard: CatalogueGuard) -> Iterator[CatalogueProblem]:
    if bool(guard.query.strip()) == (guard.compare is not None):
        yield CatalogueProblem(key, "must have a `query`, or two arms in `compare`: one of the two")
    if guard.at_most is None and guard.at_least is None:
        yield CatalogueProblem(key, "has no bound: give `at_most`, `at_least`, or both")
    elif guard.at_most is not None and guard.at_least is not None and guard.at_least > guard.at_most:
        said = f"is {guard.at_least:g}, which is more than `at_most`, {guard.at_most:g}: nothing can be both"
        yield CatalogueProblem((*key, "at_least"), said)
    for name, text in (("for", guard.lasts), ("warm_up", guard.warm_up), ("warn_after", guard.warn_after)):
        yield from _refused((*key, name), text, length)
    if guard.compare is None:
        if guard.samples is not None and not guard.samples.query.strip():
            yield CatalogueProblem((*key, "samples"), "lacks the key 'query': how many are there?", lacks="query")
        return
    if guard.samples is not None and guard.samples.query:
        yield CatalogueProblem((*key, "samples", "query"), "goes with a `query` only: of two arms it is their `total`")
    if guard.lasts != "0":
        said = "goes with a `query` only: two arms are broken when chance does not explain the difference any more"
        yield CatalogueProblem((*key, "for"), said)
    if guard.compare.new == guard.compare.old:
        yield CatalogueProblem((*key, "compare", "new"), "and `old` are the same: what tells the arms apart?")


def check_steps(catalogue: Catalogue, today: date) -> Iterator[CatalogueProblem]:
    """What is wrong with the steps of all rollouts."""
    for name, flag in catalogue.flags.items():
        key: Key = ("flags", name)
        if flag.rollout is not None:
            yield from _rollout((*key, "rollout"), flag.rollout, flag, State(), catalogue, today)
        for environment, state in flag.environments.items():
            if state.rollout is not None:
                place = (*key, "environments", environment, "rollout")
                yield from _rollout(place, state.rollout, flag, state, catalogue, today)


def _rollout(
    key: Key, rollout: Rollout, flag: Flag, state: State, catalogue: Catalogue, today: date
) -> Iterator[CatalogueProblem]:
    if not rollout.steps:
        for name in ONLY_WITH_STEPS:
            if getattr(rollout, name):
                yield CatalogueProblem((*key, name), "goes with `steps` only: without them nothing moves by itself")
        return
    too_many = list(_too_many(key, rollout))
    if too_many:
        yield from too_many
        return
    if flag.variations:
        said = "go with flags without variations: when they leave the catalogue, everybody would draw a variation anew"
        yield CatalogueProblem((*key, "steps"), said)
    if rollout.everyone:
        said = "and `steps` are two ways to say one thing: leave it out"
        yield CatalogueProblem((*key, "everyone"), said)
    is_on = flag.enabled if state.enabled is None else state.enabled
    if rollout.enabled == is_on and rollout.value is None:
        said = f"give what everybody has, a flag that is {'on' if is_on else 'off'}"
        yield CatalogueProblem((*key, "steps"), f"{said}: say `enabled: {str(not is_on).lower()}` in it, or a `value`")
    yield from _segment(key, rollout, catalogue)
    yield from _shares(key, rollout)
    for number, name in enumerate(rollout.guards):
        known = {**SHIPPED, **catalogue.guards}
        if name not in known:
            near = get_close_matches(name, known, n=1)
            said = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
            yield CatalogueProblem((*key, "guards", number), f"{quoting.key(name)} is not a guard: {said}")
        elif name in rollout.guards[:number]:
            yield CatalogueProblem((*key, "guards", number), f"{quoting.key(name)} is given twice: remove one")
        elif known[name].compare is not None and rollout.steps[0].to >= ALL:
            said = (
                "compares with those who do not have it yet, and the first step is everybody: put a smaller one before"
            )
            yield CatalogueProblem((*key, "guards", number), f"{quoting.key(name)} {said}")
    yield from _times(key, rollout, flag, today)


def _too_many(key: Key, rollout: Rollout) -> Iterator[CatalogueProblem]:
    given = {"steps": rollout.steps, "guards": rollout.guards, "only": rollout.only, "freezes": rollout.freeze}
    for name, most in MOST.items():
        if len(given[name]) > most:
            place = (*key, "freeze" if name == "freezes" else name)
            yield CatalogueProblem(place, f"has {len(given[name])} entries: at most {most}")


def _segment(key: Key, rollout: Rollout, catalogue: Catalogue) -> Iterator[CatalogueProblem]:
    name = rollout.segment
    if name is None:
        return
    if name not in catalogue.segments:
        known = ", ".join(map(quoting.key, catalogue.segments)) or "none"
        yield CatalogueProblem(
            (*key, "segment"), f"{quoting.key(name)} is no segment of this catalogue; there are: {known}"
        )
    elif any(
        item.operator == SPLIT and item.trait is None for item in members(catalogue.segments[name]).all_conditions()
    ):
        said = f"{quoting.key(name)} is a percentage of users itself, and steps set one: name a segment without"
        yield CatalogueProblem((*key, "segment"), said)
    if name in rollout.segments:
        said = f"{quoting.key(name)} has a share in `segments` too: only one of the two can count"
        yield CatalogueProblem((*key, "segment"), said)


def _shares(key: Key, rollout: Rollout) -> Iterator[CatalogueProblem]:
    before = 0.0
    for number, step in enumerate(rollout.steps):
        place = (*key, "steps", number)
        if step.to <= before:
            yield CatalogueProblem(
                (*place, "to"), f"is {step.to:g}, after {before:g}: each step must be more than the last"
            )
        elif step.to - before < LEAST - CLOSE:
            said = f"is {step.to:g}, after {before:g}: it must be {LEAST} more at least, as Flagsmith draws no finer"
            yield CatalogueProblem((*place, "to"), said)
        before = max(before, step.to)
        if step.lasts is not None:
            yield from _refused((*place, "for"), step.lasts, length)
        is_last = number == len(rollout.steps) - 1
        if not is_last and (step.lasts is None or step.lasts == "0"):
            yield CatalogueProblem(
                place, "lasts no time: say for how long, as in `for: 6h`; only the last one need not"
            )


def _times(key: Key, rollout: Rollout, flag: Flag, today: date) -> Iterator[CatalogueProblem]:
    problems = list(_refused((*key, "start"), rollout.start, moment)) if rollout.start is not None else []
    only: list[Window] = []
    freezes: list[Freeze] = []
    for number, text in enumerate(rollout.only):
        problems += _refused((*key, "only", number), text, window, only)
    zone = only[0].zone if only else "UTC"
    for number, text in enumerate(rollout.freeze):
        problems += _refused((*key, "freeze", number), text, lambda said: freeze(said, zone), freezes)
    yield from problems
    if problems:
        return
    now = datetime.combine(today, datetime.min.time(), UTC)
    begins = max(now, moment(rollout.start)) if rollout.start is not None else now
    if begins - now > FARTHEST:
        said = f"is {quoting.value(rollout.start)}, more than a hundred years from now: leave it out until then"
        yield CatalogueProblem((*key, "start"), said)
        return
    opens = next_opening(only, freezes, begins)
    if opens is None:
        said = "can never be left: no window is open outside its days" if freezes else "never opens"
        yield CatalogueProblem((*key, "freeze" if freezes else "only"), said)
        return
    if flag.expires is not None:
        try:
            steps = tuple(Step(step.to, length(step.lasts or "0")) for step in rollout.steps)
        except TextError:
            return
        ends = end_of(Declared("", "", None, steps, only=tuple(only), freezes=tuple(freezes)), begins)
        if ends is None or ends.date() > flag.expires:
            said = f"cannot come to their end before the flag expires, on {flag.expires}"
            yield CatalogueProblem((*key, "steps"), said if ends is None else f"{said}: that is on {ends.date()}")


def end_of(declared: Declared, begins: datetime) -> datetime | None:
    """When a rollout is at its last step at the earliest; None for never."""
    now: datetime | None = begins
    for step in declared.steps:
        now = None if now is None else next_opening(declared.only, declared.freezes, now)
        if now is None:
            return None
        now = later(now, step)
    return now


def later(now: datetime, step: Step) -> datetime | None:
    """When a step is over; None for after the last year that there is, as of thousands of long steps."""
    try:
        return now + step.lasts
    except OverflowError:
        return None


def _refused(
    key: Key, text: str, reads: Callable[[str], Any], into: list[Any] | None = None
) -> Iterator[CatalogueProblem]:
    """What is wrong with a text; what it says goes `into` a list."""
    try:
        said = reads(text)
    except (TextError, WindowError) as error:
        yield CatalogueProblem(key, f"is {quoting.value(text)}: {error}")
        return
    if into is not None:
        into.append(said)
