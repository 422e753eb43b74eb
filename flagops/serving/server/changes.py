"""Tells those who wait that something changed. Each of them has one bell, so that nothing piles up for a slow one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

MOST_WAITING: Final = 500
"""Connections that may wait at once; a browser has six to one address."""


@dataclass(eq=False)
class Bell:
    """Rings when something of its topic changed since it was last heard."""

    topic: str
    _event: asyncio.Event = field(default_factory=asyncio.Event)
    _end: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        """Whether nothing will come any more."""
        return self._end.is_set()

    async def heard(self, seconds: float) -> bool:
        """Wait until it rings, so long at most; whether it did."""
        try:
            await asyncio.wait_for(self._event.wait(), seconds)
        except TimeoutError:
            return False
        self._event.clear()
        return True

    async def over(self, seconds: float) -> bool:
        """Wait until nothing will come any more, so long at most; whether that is so."""
        try:
            await asyncio.wait_for(self._end.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def ring(self) -> None:
        """Let it be heard."""
        self._event.set()

    def end(self) -> None:
        """Let it be heard that it is over."""
        self._end.set()
        self._event.set()


class Changes:
    """The bells of all who wait, by topic."""

    def __init__(self, most: int = MOST_WAITING) -> None:
        self._most = most
        self._bells: set[Bell] = set()

    def __len__(self) -> int:
        return len(self._bells)

    @property
    def is_full(self) -> bool:
        """Whether as many wait as may."""
        return len(self._bells) >= self._most

    @contextmanager
    def bell(self, topic: str) -> Iterator[Bell]:
        """A bell for a topic, for as long as the block runs."""
        made = Bell(topic)
        self._bells.add(made)
        try:
            yield made
        finally:
            self._bells.discard(made)

    def ring(self, topic: str) -> None:
        """Tell those who wait for this topic."""
        for bell in self._bells:
            if bell.topic == topic:
                bell.ring()

    def close(self) -> None:
        """Tell everybody that it is over."""
        for bell in self._bells:
            bell.end()
