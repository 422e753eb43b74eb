"""Waiting for a condition: polls with a growing pause, until a deadline or until the run is stopped."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TypeVar, cast

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, wait_exponential

from flagops.errors import DeadlineError, StoppedError

FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 0.1, 2.0, 1.4  # seconds, seconds, factor
T = TypeVar("T")


@dataclass(frozen=True)
class NotYet:
    """What a check answers as long as its condition does not hold: how things stand, for people."""

    state: str = ""


def until(
    check: Callable[[], T | NotYet],
    seconds: float,
    *,
    late: str,
    explain: Callable[[], str] | None = None,
    hint: str | None = None,
    on_state: Callable[[str], None] | None = None,
    stop: Event | None = None,
    longest_pause: float = LONGEST_PAUSE,
) -> T:
    """Ask again and again, until the check answers with something else than NotYet: that.

    Args:
        check: What is asked. An error that it raises ends the waiting, and is raised.
        seconds: How long to wait. It is asked once more when they are over.
        late: What is then said of the condition, such as "The Job x has not ended".
        explain: More about the cause, in lines of their own; asked for only then, since it may take requests.
        hint: What to do then.
        on_state: Gets each new state, as long as it waits.
        stop: Ends the waiting early.
        longest_pause: Seconds between two questions at most; the first pause is FIRST_PAUSE or this, if it is less.

    Raises:
        DeadlineError: The condition did not come true in time; it says what was waited for, and the last state.
        StoppedError: `stop` was set meanwhile.
    """
    said = ""

    def ask() -> T | NotYet:
        nonlocal said
        answer = check()
        if isinstance(answer, NotYet) and answer.state != said:
            said = answer.state
            if on_state is not None:
                on_state(said)
        return answer

    def pause(state: RetryCallState) -> float:
        first = min(FIRST_PAUSE, longest_pause)
        grown = wait_exponential(multiplier=first, exp_base=GROWTH, max=longest_pause)(state)
        return min(grown, max(0.0, seconds - (state.seconds_since_start or 0.0)))

    def sleep(pause: float) -> None:
        if stop is None:
            time.sleep(pause)
        elif stop.wait(pause):
            raise StoppedError("Stopped while waiting.", hint="Run again: it goes on where this run ended.")

    def give_up(_: RetryCallState) -> T:
        state = f": {said.rstrip('.')}" if said else ""
        more = explain() if explain else ""
        raise DeadlineError(f"{late} after {seconds:g} s{state}.\n{more}".rstrip(), hint=hint)

    attempts = Retrying(
        retry=retry_if_result(lambda answer: isinstance(answer, NotYet)),
        stop=stop_after_delay(seconds),
        wait=pause,
        sleep=sleep,
        retry_error_callback=give_up,
    )
    return cast("T", attempts(ask))
