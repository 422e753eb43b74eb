"""What is said about deliveries."""

from collections.abc import Iterator, Sequence

from flagops.commands.keys.listing import moment
from flagops.commands.keys.model import Outcome, place
from flagops.commands.keys.sync import Leftover


def lines(outcome: Outcome) -> Iterator[str]:
    """What was done for one delivery; nothing for one that was right already."""
    what = f"{place(outcome.delivery)} ({outcome.delivery.environment})"
    parts = [
        f"the Secret is {outcome.written}" if outcome.written else "",
        "with a new server-side key" if outcome.has_new_key else "",
        "an earlier rotation is completed" if outcome.is_resumed else "",
        f"{_keys(outcome.ending)} until {moment(outcome.until)}" if outcome.ending and outcome.until else "",
        f"{_keys(outcome.deleted)} deleted" if outcome.deleted else "",
    ]
    done = ", ".join(part for part in parts if part)
    if done:
        yield f"{what}: {done}."
    if outcome.restart:
        yield "  Their pods have the old keys until they are restarted:"
        yield from (f"    {command}" for command in outcome.restart)


def problem(outcome: Outcome) -> Iterator[str]:
    """Why a delivery failed, and what to do."""
    if outcome.problem is None:
        return
    yield f"Error: {place(outcome.delivery)} ({outcome.delivery.environment}): {outcome.problem.message}"
    if outcome.problem.hint:
        yield f"  {outcome.problem.hint}"


def leftover(item: Leftover) -> str:
    """What is said of a key without a delivery."""
    if item.is_moved:
        return (
            f"{item.environment}: the key {item.name!r} comes to its end: its delivery is of another environment now."
        )
    return (
        f"{item.environment}: the key {item.name!r} is of no delivery in this catalogue. "
        "When nothing uses it, delete it in the UI, and its Secret with kubectl."
    )


def summary(outcomes: Sequence[Outcome], *, dry: bool) -> str:
    """One line on all of it."""
    right = sum(outcome.is_unchanged for outcome in outcomes)
    failed = sum(outcome.problem is not None for outcome in outcomes)
    changed = len(outcomes) - right - failed
    text = f"Deliveries: {changed} {'to be changed' if dry else 'changed'}, {right} right already"
    return f"{text}, {failed} failed." if failed else f"{text}."


def _keys(number: int) -> str:
    return "the old key" if number == 1 else f"{number} old keys"
