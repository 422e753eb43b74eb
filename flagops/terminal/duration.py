"""Lengths of time, as people type them."""

import re
from datetime import timedelta

from flagops.errors import BadInputError

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=365)


def duration(text: str, option: str) -> timedelta:
    """The length of time in "24h", "30m" or "0". Raises OpsError naming the option."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text) if text != "0" else None
    if text == "0":
        return timedelta()
    if not found:
        raise BadInputError(f"{option} {text!r} must be a number of s, m, h or d, such as 24h or 30m; or 0.")
    length = timedelta(**{UNITS[found[2]]: int(found[1])})
    if length > LONGEST:
        raise BadInputError(f"{option} {text!r} is too long: must be at most {LONGEST.days}d.")
    return length
