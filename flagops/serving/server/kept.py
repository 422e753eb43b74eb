"""The users who are kept while the server runs; the oldest ones make room for new ones."""

from collections import OrderedDict
from typing import Final

from flagops.serving.model.backend import Kept, KeptTrait
from flagops.serving.model.environment import ServedEnvironment

MOST_USERS: Final = 10_000
MOST_CHARACTERS: Final = 16 * 1024**2
"""Of identifiers, and of the names and values of traits, of all users together."""

Place = tuple[str, str]


class KeptIdentities:
    """Users by environment and identifier, within these bounds."""

    def __init__(self, most: int = MOST_USERS, most_characters: int = MOST_CHARACTERS) -> None:
        self._most, self._most_characters = most, most_characters
        self._users: OrderedDict[Place, tuple[Kept, int]] = OrderedDict()
        self._characters = 0
        self._last = 0

    def __len__(self) -> int:
        return len(self._users)

    def find(self, environment: ServedEnvironment, identifier: str) -> Kept | None:
        """A user, if somebody has asked for them before."""
        found = self._users.get((environment.name, identifier))
        return Kept(identifier, dict(found[0].traits)) if found else None

    def save(self, environment: ServedEnvironment, user: Kept) -> None:
        """Keep a user; traits that came with a new one get a number, as Flagsmith gives it."""
        place = (environment.name, user.identifier)
        before = self._users.pop(place, None)
        if before is None:
            for name, trait in user.traits.items():
                self._last += 1
                user.traits[name] = KeptTrait(trait.value, self._last)
        else:
            self._characters -= before[1]
        size = _size(user)
        self._users[place] = (Kept(user.identifier, dict(user.traits)), size)
        self._characters += size
        while len(self._users) > self._most or (self._characters > self._most_characters and len(self._users) > 1):
            _, (_, freed) = self._users.popitem(last=False)
            self._characters -= freed


def _size(user: Kept) -> int:
    return len(user.identifier) + sum(len(name) + len(str(trait.value)) for name, trait in user.traits.items())
