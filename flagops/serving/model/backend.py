"""What the answers are made from: environments by their keys, users who are kept, and somebody who counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from flagops.serving.model.environment import ServedEnvironment

LONGEST_IDENTIFIER: Final = 2000
"""Characters; Flagsmith's own limit."""


@dataclass(frozen=True)
class KeptTrait:
    """A trait of a user who is kept; it has no number if it came after the user was first seen."""

    value: Any
    number: int | None = None


@dataclass
class Kept:
    """A user who is kept, with traits by name."""

    identifier: str
    traits: dict[str, KeptTrait] = field(default_factory=dict)


class Identities(Protocol):
    """The users who are kept."""

    def find(self, environment: ServedEnvironment, identifier: str) -> Kept | None:
        """A user, if somebody has asked for them before."""

    def save(self, environment: ServedEnvironment, user: Kept) -> None:
        """Keep a user with the traits that they have now; traits of a new one that have no number get one."""


class Reports(Protocol):
    """Counts what SDKs report."""

    def evaluated(self, environment: ServedEnvironment, feature: str, count: int, *, enabled: bool | None) -> None:
        """A feature was read so often; `enabled` says as what, where the SDK said so."""

    def happened(self, environment: ServedEnvironment, event: Mapping[str, Any]) -> None:
        """An application told of an event."""


class Backend(Protocol):
    """All that an answer can depend on."""

    @property
    def identities(self) -> Identities:
        """The users who are kept."""

    @property
    def reports(self) -> Reports:
        """Who counts."""

    def environment(self, key: str) -> ServedEnvironment | None:
        """The environment that has this key, a client-side or a server-side one."""
