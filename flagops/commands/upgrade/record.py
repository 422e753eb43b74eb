"""What was upgraded when: a ConfigMap in the stack's namespace, from which the way back is known."""

import json
from dataclasses import asdict, dataclass

from components.kit import names
from flagops.pods import notes
from flagops.stacks.deployed import Instance

NAME = names.UPGRADES
KEY = "upgrades"
KEPT = 20


@dataclass(frozen=True)
class Upgrade:
    """One upgrade.

    Attributes:
        before: The release before.
        after: The release after.
        at: When its migrations began, by the database's clock.
        backup: The backup that was made just before.
    """

    before: str
    after: str
    at: str
    backup: str


def upgrades(instance: Instance) -> list[Upgrade]:
    """All that are noted, the newest last."""
    return [Upgrade(**item) for item in json.loads(notes.read(instance, NAME, KEY, default="[]"))]


def note(instance: Instance, upgrade: Upgrade) -> None:
    """Note one more."""
    _write(instance, [*upgrades(instance), upgrade][-KEPT:])


def forget_last(instance: Instance) -> None:
    """Take the newest back, since it was undone."""
    _write(instance, upgrades(instance)[:-1])


def _write(instance: Instance, found: list[Upgrade]) -> None:
    notes.write(instance, NAME, KEY, json.dumps([asdict(item) for item in found], indent=2))
