"""What a source says of an environment, before anybody overrides it."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from flagops.serving.engine.context import Document
from flagops.serving.model.environment import Feature

CLIENT: Final = "local-"
SERVER: Final = "ser.local-"
_OTHER: Final = re.compile("[^a-z0-9]+")


@dataclass(frozen=True)
class Declared:
    """An environment's document, with what it does not say; `links` as in `ServedEnvironment`."""

    document: Document
    features: Mapping[int, Feature] = field(default_factory=dict)
    links: Mapping[int, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The environment's name."""
        return str(self.document["name"])


@dataclass(frozen=True)
class Keys:
    """The keys that an environment is served under. They open nothing but what runs here, and are no secrets."""

    client_side: str
    server_side: str


def keys_of(names: Iterable[str]) -> dict[str, Keys]:
    """The keys of these environments: always the same ones for the same names."""
    found: dict[str, Keys] = {}
    taken: set[str] = set()
    for name in names:
        slug = _OTHER.sub("-", name.lower()).strip("-")
        if slug != name or slug in taken:  # two names may come to the same
            slug = f"{slug[:40]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}".strip("-")
        taken.add(slug)
        found[name] = Keys(CLIENT + slug, SERVER + slug)
    return found
