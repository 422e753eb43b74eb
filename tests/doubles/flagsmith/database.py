"""What the double keeps: tables of dicts, in the shape that the API shows them in."""

import copy
import secrets
import threading
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Row = dict[str, Any]


@dataclass
class Clock:
    """The server's: how much it is ahead of this machine's."""

    ahead: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead


CLOCK = Clock()


def now() -> str:
    return CLOCK.now().isoformat().replace("+00:00", "Z")


class RefusalError(Exception):
    """An answer that is no success: a status, and what the body says."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


@dataclass
class Database:
    """The tables, each with a sequence of ids of its own, and who may see them.

    Attributes:
        organisation: The one organisation of the open-source edition.
        users: Accounts; `password` and `token` are in no answer.
        api_keys: The organisation's keys.
        access_tokens: Those that ID tokens were exchanged for, with the numbers of their trust relationships.
        shows_audit: Whether the audit log is shown, as the open-source edition does not.
        lock: Held by each request, since the server has threads.
    """

    email: str
    password: str
    organisation: str = "FootAnalytics"
    tables: dict[str, dict[int, Row]] = field(default_factory=lambda: defaultdict(dict))
    api_keys: set[str] = field(default_factory=set)
    access_tokens: dict[str, int] = field(default_factory=dict)
    logged_in: bool = False
    shows_audit: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self._sequences: dict[str, int] = defaultdict(int)
        self.insert("users", email=self.email, password=self.password, token=secrets.token_hex(20), role="ADMIN")

    def insert(self, table: str, **values: Any) -> Row:
        self._sequences[table] += 1
        row = {"id": self._sequences[table], **values}
        self.tables[table][row["id"]] = row
        return row

    def copied(self) -> "Database":
        """Another one that holds the same."""
        return copy.deepcopy(self, {id(self.lock): threading.RLock()})

    def rows(self, table: str, **wanted: Any) -> list[Row]:
        """The rows that have these values, in the order of their making."""
        found = list(self.tables[table].values())
        for key, value in wanted.items():  # one after the other: a catalogue of 500 flags asks this 100,000 times
            found = [row for row in found if row[key] == value]
        return found

    def get(self, table: str, number: int) -> Row:
        row = self.tables[table].get(number)
        if row is None:
            raise RefusalError(404, {"detail": "Not found."})
        return row

    def one(self, table: str, **wanted: Any) -> Row:
        found = self.rows(table, **wanted)
        if not found:
            raise RefusalError(404, {"detail": "Not found."})
        return found[0]

    def remove(self, table: str, **wanted: Any) -> None:
        for row in self.rows(table, **wanted):
            del self.tables[table][row["id"]]

    def touch(self, environment: int) -> None:
        """Note that an environment's document changed."""
        self.get("environments", environment)["updated_at"] = CLOCK.now()


def new_uuid() -> str:
    return str(uuid.uuid4())


def new_key() -> str:
    return secrets.token_urlsafe(16).replace("-", "a").replace("_", "b")
