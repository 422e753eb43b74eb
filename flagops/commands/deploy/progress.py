"""What a run does, while it does it: a live table in a terminal, one line a step anywhere else."""

import time
from contextlib import suppress
from threading import Lock
from types import TracebackType
from typing import Self

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.text import Text

from flagops.engines.events import Event, ResourceState
from flagops.terminal.listing import INDENT, Column, Gives, Listing

STYLES = {ResourceState.FAILED: "red", ResourceState.UNCHANGED: "dim", ResourceState.WAITING: "yellow"}
RESERVED_LINES = 6  # of the terminal, for the table's frame and what stands above it


class Progress:
    """Takes a run's events, from any thread, between `with` and its end.

    In a terminal the table shows what runs and what ended last, as many rows as fit; elsewhere (a pipe, CI) every
    change of a resource's state is a line with the seconds since the start.
    """

    def __init__(self, console: Console, title: str) -> None:
        self._console, self._title = console, title
        self._rows: dict[tuple[str, str], tuple[Event, float]] = {}
        self._ended: dict[tuple[str, str], float] = {}
        self._lock = Lock()
        self._started = time.monotonic()
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Start the clock, and the table where there is a terminal."""
        self._started = time.monotonic()
        if self._console.is_terminal:
            self._live = Live(
                console=self._console, get_renderable=self.table, refresh_per_second=4, transient=False, screen=False
            )
            self._live.start()
        else:
            self._console.print(self._title, markup=False, soft_wrap=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the last state of the table standing."""
        if self._live:
            self._live.stop()

    @property
    def seconds(self) -> float:
        """Elapsed time since the start."""
        return time.monotonic() - self._started

    def __call__(self, event: Event) -> None:
        """Take one event."""
        key = event.kind, event.resource
        with self._lock:
            known = self._rows.get(key)
            if known and known[0] == event:
                return
            now = self.seconds
            # A row's clock starts with its first step and stops with its last one.
            began = known[1] if known and not known[0].state.finished else now
            self._rows[key] = (event, began)
            if event.state.finished:
                self._ended[key] = now
            else:
                self._ended.pop(key, None)
        if self._live is None and event.state is not ResourceState.UNCHANGED:
            message = f": {event.message}" if event.message else ""
            # What cannot be told (a full disk below a redirected stream) must not end what is told of.
            with suppress(OSError):
                self._console.print(
                    f"{now:6.1f} s  {event.state:<9}  {event.kind} {event.resource}{message}",
                    markup=False,
                    soft_wrap=True,
                )

    def table(self) -> Listing:
        """The table as it is now."""
        with self._lock:
            rows, ended = list(self._rows.values()), dict(self._ended)
        done = sum(event.state.finished for event, _ in rows)
        table = Listing(
            [Column("State"), Column("Resource"), Column("Time", is_number=True), Column("", Gives.BELOW)],
            f"{self._title}: {f'{done} of {len(rows)} done, ' if rows else ''}{self.seconds:.0f} s",
        )
        for event, began in self._shown(rows):
            stop = ended.get((event.kind, event.resource), self.seconds)
            style = STYLES.get(event.state, "green" if event.state.changed else "cyan")
            state, resource = Text(str(event.state), style), f"{event.kind}/{event.resource}"
            table.add(state, resource, f"{stop - began:.0f} s", Text(event.message, "dim"))
        return table

    def _shown(self, rows: list[tuple[Event, float]]) -> list[tuple[Event, float]]:
        """As many rows as the terminal has lines: what failed or runs first of all, then what ended last."""
        room = max(self._console.height - RESERVED_LINES, 5)
        is_urgent = [event.state is ResourceState.FAILED or not event.state.finished for event, _ in rows]
        first = [place for place, urgent in enumerate(is_urgent) if urgent]
        kept = set()
        for place in [*first, *(place for place in reversed(range(len(rows))) if not is_urgent[place])]:
            room -= self._lines(rows[place][0])
            if room < 0:
                break
            kept.add(place)
        return [row for place, row in enumerate(rows) if place in kept]

    def _lines(self, event: Event) -> int:
        """How many lines its row takes at most: a message can stand below it."""
        return 1 + -(-cell_len(event.message) // max(self._console.width - INDENT, 1))
