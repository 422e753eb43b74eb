"""How all answers of a run came: on time, without errors. One of three is enough to fail, whatever it was for."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock

import httpx

from flagops.commands.smoke.model import CheckFailedError

SLOW_SECONDS = 2.0  # for what applications and browsers ask
SLOW_WORK_SECONDS = 4.0  # for what an administrator does: passwords and keys are slow hashes
SLOW_SHARE = 0.1  # of the answers may be later: a worker's first one is
WORK = re.compile(r"/api/v1/(auth|projects|environments|features|organisations|segments)/")
VARIABLE = re.compile(r"(?<=/)(\d+|[A-Za-z0-9]{22})(?=/)")
SHOWN = 3
FAULTS = frozenset({429, *range(500, 600)})


@dataclass
class Route:
    """The answers of one method and path."""

    limit: float
    seconds: list[float] = field(default_factory=list)

    @property
    def late(self) -> int:
        """How many were later than they may be."""
        return sum(1 for each in self.seconds if each > self.limit)

    @property
    def is_slow(self) -> bool:
        """Whether too many were: one late answer may be a worker's first."""
        return self.late > 1 and self.late > SLOW_SHARE * len(self.seconds)


class Ledger:
    """Notes answers from several threads, from when the server was ready: before, it may be coming up."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._routes: dict[str, Route] = defaultdict(lambda: Route(SLOW_SECONDS))
        self._problems: list[str] = []
        self._count = 0
        self.is_ready = False

    def note(self, request: httpx.Request, status: int, problem: str, seconds: float) -> None:
        """An answer: its status, or the problem in its place."""
        path = VARIABLE.sub("*", request.url.path)
        name = f"{request.method} {path}"
        with self._lock:
            if not self.is_ready:
                return
            self._count += 1
            route = self._routes[name]
            route.limit = SLOW_WORK_SECONDS if WORK.match(path) else SLOW_SECONDS
            route.seconds.append(seconds)
            if problem or status in FAULTS:
                self._problems.append(f"{name}: {problem or f'status {status}'}")

    @property
    def is_slow(self) -> bool:
        """Whether most answers so far are late: then nothing that takes many of them is worth a start."""
        with self._lock:
            late = sum(route.late for route in self._routes.values())
            return self._count > SHOWN and late > self._count / 2

    def judge(self) -> str:
        """How many there were and how long they took. Raises CheckFailedError for errors and for too many late ones."""
        with self._lock:
            if not self._count:
                raise CheckFailedError("nothing was answered")
            if self._problems:
                shown = "; ".join(dict.fromkeys(self._problems[:SHOWN]))
                raise CheckFailedError(f"{len(self._problems)} of {self._count} answers were errors: {shown}")
            slow = {name: route for name, route in self._routes.items() if route.is_slow}
            if slow:
                shown = "; ".join(
                    f"{name}: {route.late} of {len(route.seconds)} later than {route.limit:g} s"
                    for name, route in list(slow.items())[:SHOWN]
                )
                raise CheckFailedError(f"too slow: {shown}")
            taken = sorted(each for route in self._routes.values() for each in route.seconds)
        return f"{self._count} answers without an error, half of them within {taken[len(taken) // 2] * 1000:.0f} ms"
