"""A server-side key, how those made for an application are named, and what became of a delivery."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flagops.commands.flags.catalogue.model import Delivery
from flagops.errors import OpsError

PREFIX = "ff: "
LONGEST_NAME = 100  # that Flagsmith takes
DIGITS = 12
OVERLAP = timedelta(hours=24)


@dataclass(frozen=True)
class ServerKey:
    """A server-side key of an environment.

    Attributes:
        id: Its number.
        name: Its name, for people; several may have the same.
        key: The secret itself.
        created: When it was made.
        expires: When its time is over; None for no end. Flagsmith 2.265.0 goes on serving it all the same.
        is_active: Whether it is meant to be used; Flagsmith 2.265.0 does not look at that either.
    """

    id: int
    name: str
    key: str = field(repr=False)
    created: datetime
    expires: datetime | None = None
    is_active: bool = True

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "ServerKey":
        """The key in the API's words."""
        ends = row["expires_at"]
        return cls(
            id=row["id"],
            name=row["name"],
            key=row["key"],
            created=datetime.fromisoformat(row["created_at"]),
            expires=datetime.fromisoformat(ends) if ends else None,
            is_active=row["active"],
        )

    def is_over(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires is not None and self.expires <= now


def place(delivery: Delivery) -> str:
    """How people name a delivery: by its Secret."""
    return f"{delivery.namespace}/{delivery.secret}"


def key_name(delivery: Delivery) -> str:
    """The name of the server-side keys that are made for a delivery, so that each application has its own."""
    name = f"{PREFIX}{place(delivery)}"
    if len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGITS]
    return f"{name[: LONGEST_NAME - DIGITS - 1]}#{digest}"


@dataclass(frozen=True)
class DeliveryResult:
    """What was done for a delivery; in a dry run, what would be.

    Attributes:
        delivery: Which.
        written: "created", "changed" or, when the Secret was right already, empty.
        has_new_key: Whether a server-side key was made.
        is_resumed: Whether a rotation was completed that an earlier run had begun.
        ending: How many keys were given an end, `until` which they are to be used.
        deleted: How many keys were deleted.
        restart: The commands that restart what has read the old Secret.
        problem: Why it was not done, or not to its end.
    """

    delivery: Delivery
    written: str = ""
    has_new_key: bool = False
    is_resumed: bool = False
    ending: int = 0
    until: datetime | None = None
    deleted: int = 0
    restart: tuple[str, ...] = ()
    problem: OpsError | None = None

    @property
    def is_unchanged(self) -> bool:
        """Whether all was right already."""
        return not (self.written or self.has_new_key or self.ending or self.deleted or self.problem)
