"""A request, its answer, and the refusal of one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

JSON: Final = "application/json"


@dataclass(frozen=True)
class Request:
    """What was asked; the names of `headers` are in small letters."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What is said.

    Attributes:
        status: The HTTP status.
        body: As it goes over the wire.
        kind: Its media type; empty for none.
        headers: More of them.
        environment: Whose it is, for those who look on.
        identity: The user it is for, likewise.
    """

    status: int = 200
    body: bytes = b""
    kind: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    environment: str | None = None
    identity: str | None = None


def encoded(value: Any) -> bytes:
    """A value as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def answer(value: Any, status: int = 200, **more: Any) -> Answer:
    """An answer in JSON."""
    return Answer(status, encoded(value), **more)


class RefusalError(Exception):
    """A request that gets an error: its status, and what the JSON of the answer says."""

    def __init__(self, status: int, content: Any) -> None:
        super().__init__(f"{status}: {content}")
        self.status, self.content = status, content

    @property
    def answer(self) -> Answer:
        """The answer that says so."""
        return answer(self.content, self.status)
