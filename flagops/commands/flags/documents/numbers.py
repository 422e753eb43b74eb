"""Numbers for what a catalogue has only names for. The same name always has the same number, so that users stay where a
percentage put them when something else is added."""

import hashlib
import uuid
from typing import Final

_RANGE: Final = 2**30
"""SDKs keep ids in 32 bits with a sign."""


class Numbers:
    """Numbers of names, which are free of one another."""

    def __init__(self) -> None:
        self._taken: set[int] = set()

    def of(self, name: str, count: int = 1) -> int:
        """The number of a name, the first of as many in a row; the next free one where another name has it."""
        digest = hashlib.sha256(name.encode()).digest()
        first = int.from_bytes(digest[:4], "big") % (_RANGE - count) + 1
        while any(number in self._taken for number in range(first, first + count)):
            first = first % (_RANGE - count) + 1
        self._taken.update(range(first, first + count))
        return first


def uuid_of(name: str) -> str:
    """The UUID of a name."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))
