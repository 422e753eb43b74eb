"""Makes or changes one thing once, also when nobody knows whether the last attempt did it."""

from collections.abc import Callable
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from flagops.errors import ConflictError
from flagops.flagsmith_api.client import FlagsmithError, is_ambiguous

ATTEMPTS = 4
FIRST_WAIT, LONGEST_WAIT = 0.2, 5.0  # seconds
Found = TypeVar("Found")


def ensure(find: Callable[[], Found | None], make: Callable[[], Found], *, is_missing: bool = False) -> Found:
    """What `find` finds, else what `make` makes; of what is known to be missing, it is not looked for at first.

    A request that makes something is not sent again blindly: when there was no answer, or one of a gateway, what it may
    have made is looked for first. Raises FlagsmithError when it is refused, or four attempts failed.
    """
    known = [is_missing]
    attempts = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, FlagsmithError) and is_ambiguous(error)),
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential_jitter(multiplier=FIRST_WAIT, max=LONGEST_WAIT, jitter=FIRST_WAIT),
        reraise=True,
    )

    def once() -> Found:
        found = None if known.pop() else find()
        known.append(False)
        return make() if found is None else found

    return attempts(once)


def change_once(
    send: Callable[[], object],
    read: Callable[[], Found],
    *,
    is_done: Callable[[Found], bool],
    was: Callable[[Found], bool],
    what: str,
) -> None:
    """Send a change; where nobody knows whether it was carried out, read first, and send it again only if nothing was.

    Args:
        send: Sends it.
        read: What is there now.
        is_done: Whether that is what was wanted.
        was: Whether that is what was there before, so that nobody changed it meanwhile.
        what: What is changed, for people, such as "flag x in production".

    Raises:
        ConflictError: It is neither: the change was carried out or not, and then somebody else changed it.
        FlagsmithError: It is refused, or four attempts failed.
    """

    def settled() -> bool | None:
        now = read()
        if is_done(now):
            return True
        if was(now):
            return None
        raise ConflictError(f"Somebody changed {what} while it was written, so it is left as they have it.")

    ensure(settled, lambda: (send(), True)[1], is_missing=True)


def first(rows: Any, **wanted: object) -> Any | None:
    """The first row that has these values, or None."""
    return next((row for row in rows if all(row.get(key) == value for key, value in wanted.items())), None)
