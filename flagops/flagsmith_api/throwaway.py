"""What the smoke tests make in a Flagsmith for a minute: nobody's flags, and known by their names.

A name has the time of its making, so that a later run tells what was left behind from what another run still needs.
"""

import re
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

PREFIX = "ff_smoke_"
NAME = re.compile(r"ff_smoke_(?P<made>\d{10})_[0-9a-f]{6}(_[a-z]+)?")


def new_name() -> str:
    """A name that nothing has yet; what is made under it may add a word to it, after an underscore."""
    return f"{PREFIX}{int(time.time()):010d}_{secrets.token_hex(3)}"


def is_throwaway(name: str) -> bool:
    """Whether a smoke test made what has this name."""
    return NAME.fullmatch(name) is not None


def age(name: str) -> float | None:
    """Seconds since it was made, by this machine's clock; None for what no smoke test made."""
    found = NAME.fullmatch(name)
    return time.time() - int(found["made"]) if found else None


def kept(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The rows of a list without those of smoke tests."""
    return [row for row in rows if not is_throwaway(row["name"])]
