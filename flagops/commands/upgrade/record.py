"""What was upgraded when: a ConfigMap in the stack's namespace, from which the way back is known."""

import json
from dataclasses import asdict, dataclass

from components.kit import names
from flagops.pods import notes
from flagops.stacks.deployed import Site

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


def upgrades(site: Site) -> list[Upgrade]:
    """All that are noted, the newest last."""
    return [Upgrade(**item) for item in json.loads(notes.read(site, NAME, KEY, default="[]"))]


def note(site: Site, upgrade: Upgrade) -> None:
    """Note one more."""
    _write(site, [*upgrades(site), upgrade][-KEPT:])


def forget_last(site: Site) -> None:
    """Take the newest back, since it was undone."""
    _write(site, upgrades(site)[:-1])


def _write(site: Site, found: list[Upgrade]) -> None:
    notes.write(site, NAME, KEY, json.dumps([asdict(item) for item in found], indent=2))
