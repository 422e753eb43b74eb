"""What SDKs asked and reported, within bounds: the last requests and events, and counts."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from components.text import quoting
from flagops.serving.http.message import Answer, Request
from flagops.serving.model.environment import ServedEnvironment

LAST: Final = 200
"""Requests that are remembered, and events."""
MOST_NAMES: Final = 500
"""Different clients, and names of events, that are counted; further ones are counted as `others`."""
LONGEST: Final = 200
"""Characters that are kept of what a client says of itself."""
OTHERS: Final = "others"


@dataclass(frozen=True)
class Asked:
    """One request: when, what, by whom and for whom."""

    at: str
    method: str
    path: str
    status: int
    client: str
    environment: str | None
    identity: str | None


@dataclass
class Reads:
    """How often a flag was read, as SDKs report it: as on, as off, and without a word on that."""

    on: int = 0
    off: int = 0
    unsaid: int = 0

    @property
    def all(self) -> int:
        """All of them."""
        return self.on + self.off + self.unsaid


@dataclass
class Seen:
    """What came in since the start.

    Attributes:
        tell: Called after each request, with all that it reported.
        requests: The last ones.
        clients: Requests by what the client says it is.
        reads: By environment and flag.
        last_events: The last ones, in short.
        events: By name.
    """

    tell: Callable[[], None] = lambda: None
    requests: deque[Asked] = field(default_factory=lambda: deque(maxlen=LAST))
    clients: Counter[str] = field(default_factory=Counter)
    reads: dict[tuple[str, str], Reads] = field(default_factory=dict)
    last_events: deque[Mapping[str, Any]] = field(default_factory=lambda: deque(maxlen=LAST))
    events: Counter[str] = field(default_factory=Counter)

    def asked(self, request: Request, answer: Answer) -> None:
        """Note a request and its answer."""
        client = _short(request.headers.get("flagsmith-sdk-user-agent") or request.headers.get("user-agent") or "?")
        _count(self.clients, client)
        self.requests.append(
            Asked(
                at=_now(),
                method=request.method,
                path=_short(request.path),
                status=answer.status,
                client=client,
                environment=answer.environment,
                identity=None if answer.identity is None else _short(answer.identity),
            )
        )
        self.tell()

    def evaluated(self, environment: ServedEnvironment, feature: str, count: int, *, enabled: bool | None) -> None:
        """Count what an SDK reports of a flag, which is in the environment."""
        reads = self.reads.setdefault((environment.name, feature), Reads())
        name = "unsaid" if enabled is None else "on" if enabled else "off"
        setattr(reads, name, getattr(reads, name) + max(count, 0))

    def happened(self, environment: ServedEnvironment, event: Mapping[str, Any]) -> None:
        """Count an event, and remember it in short."""
        name = _short(str(event.get("event")))
        _count(self.events, name)
        more = {key: _short(str(event[key])) for key in ("feature_name", "identifier", "value") if event.get(key)}
        self.last_events.append({"at": _now(), "environment": environment.name, "event": name, **more})

    def forget(self, environments: Mapping[str, ServedEnvironment]) -> None:
        """Let go of flags that are in no environment any more."""
        there = {
            (name, state["feature"]["name"])
            for name, environment in environments.items()
            for state in environment.states(is_server_side=True)
        }
        self.reads = {place: reads for place, reads in self.reads.items() if place in there}


def _count(counter: Counter[str], name: str) -> None:
    counter[name if name in counter or len(counter) < MOST_NAMES else OTHERS] += 1


def _short(text: str) -> str:
    return quoting.printable(text[:LONGEST])[:LONGEST]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
