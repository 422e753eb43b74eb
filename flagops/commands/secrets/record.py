"""Which rotations were begun and which finished: a ConfigMap in the stack's namespace, without any secret."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from components.kit import names
from flagops.pods import notes
from flagops.stacks.deployed import Instance

NAME = names.ROTATIONS
KEY = "rotations"


@dataclass(frozen=True)
class Rotation:
    """The last rotation of a secret by `ff`.

    Attributes:
        number: Its number in the settings.
        begun: When.
        finished: When; empty while it is not.
    """

    number: int
    begun: str
    finished: str = ""


def rotations(instance: Instance) -> dict[str, Rotation]:
    """The last rotation of each secret that `ff` renewed."""
    known = json.loads(notes.read(instance, NAME, KEY, default="{}"))
    return {name: Rotation(**item) for name, item in known.items()}


def begin(instance: Instance, name: str, number: int) -> None:
    """Note that the rotation `number` has begun; a second time, the first stays."""
    known = rotations(instance)
    if name not in known or known[name].number != number:
        _write(instance, {**known, name: Rotation(number, _now())})


def finish(instance: Instance, name: str) -> None:
    """Note that the rotation that was begun is finished."""
    known = rotations(instance)
    _write(instance, {**known, name: replace(known[name], finished=_now())})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write(instance: Instance, found: dict[str, Rotation]) -> None:
    notes.write(instance, NAME, KEY, json.dumps({name: asdict(item) for name, item in found.items()}, indent=2))
