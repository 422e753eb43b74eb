"""What is served now. One thread only, that of the server, may touch it."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from flagops.errors import BadInputError
from flagops.serving.model.declared import Declared, Keys, keys_of
from flagops.serving.model.environment import ServedEnvironment
from flagops.serving.model.overrides import Override, check, overridden
from flagops.serving.server.changes import Changes
from flagops.serving.server.kept import KeptIdentities
from flagops.serving.server.seen import Seen

PAGE: Final = "/"
"""The topic of all that its page shows."""
MOST_OVERRIDES: Final = 500
"""Each is put into the documents again after every change."""


@dataclass(frozen=True)
class Loaded:
    """What a source holds.

    Attributes:
        environments: Its environments.
        about: What it says of its flags to people, by name.
        notes: What is decided here otherwise than by a server, in words.
    """

    environments: tuple[Declared, ...]
    about: Mapping[str, Mapping[str, Any]]
    notes: tuple[str, ...] = ()


class ServedState:
    """The environments as they are served, with overrides, users and counts.

    Attributes:
        label: What people call the source.
        problem: What is wrong with the source now; the last good state is served meanwhile.
        version: Another number after all that may change what its page shows of the flags.
    """

    def __init__(self, label: str, loaded: Loaded, overrides: Sequence[Override] = ()) -> None:
        self.label = label
        self.problem: str | None = None
        self.version = 0
        self.changes = Changes()
        self.identities = KeptIdentities()
        self.reports = Seen(tell=lambda: self.changes.ring(PAGE))
        self._overrides: dict[tuple[str | None, str | None, str], Override] = {}
        self._environments: dict[str, ServedEnvironment] = {}
        self._keys: dict[str, Keys] = {}
        self._names: dict[str, str] = {}
        self.loaded = loaded
        for override in overrides:
            self._put(override)
        self._make()

    @property
    def environments(self) -> Mapping[str, ServedEnvironment]:
        """By name, in the order of the source."""
        return self._environments

    @property
    def keys(self) -> Mapping[str, Keys]:
        """The keys of each environment, by name."""
        return self._keys

    @property
    def overrides(self) -> Sequence[Override]:
        """Those that are set, in the order in which they count: the last one last."""
        return tuple(self._overrides.values())

    @property
    def _documents(self) -> list[Mapping[str, Any]]:
        return [item.document for item in self.loaded.environments]

    def environment(self, key: str) -> ServedEnvironment | None:
        """The environment with this key: its own here, or the client-side one in its document."""
        name = self._names.get(key)
        return None if name is None else self._environments[name]

    def replace(self, loaded: Loaded) -> list[str]:
        """Serve this from now on; the names of the environments that changed."""
        self.loaded, self.problem = loaded, None
        return self._make()

    def fail(self, problem: str) -> None:
        """The source is broken: go on with what is there, and say so."""
        self.problem = problem
        self.changes.ring(PAGE)

    def set(self, override: Override) -> None:
        """Override a flag. Raises OpsError for one that there is not, and for more overrides than may be."""
        self._put(override)
        self._make()

    def unset(self, places: Iterable[tuple[str | None, str | None, str]]) -> None:
        """Take overrides away; those that are not there are as good as taken away."""
        for place in places:
            self._overrides.pop(place, None)
        self._make()

    def _put(self, override: Override) -> None:
        check(override, self._documents)
        if len(self._overrides) >= MOST_OVERRIDES and override.place not in self._overrides:
            raise BadInputError(
                f"There are {MOST_OVERRIDES} overrides, which is the most.",
                hint="Take one back, or write what is meant into the catalogue.",
            )
        self._overrides.pop(override.place, None)
        self._overrides[override.place] = override

    def _make(self) -> list[str]:
        self.version += 1
        self._keys = keys_of(item.name for item in self.loaded.environments)
        made = {item.name: self._made(item) for item in self.loaded.environments}
        changed = [name for name, environment in made.items() if environment is not self._environments.get(name)]
        self._environments = made
        self._names = {str(environment.document["api_key"]): name for name, environment in made.items()}
        for name, keys in self._keys.items():
            self._names[keys.client_side] = self._names[keys.server_side] = name
        self.reports.forget(made)
        for name in changed:
            self.changes.ring(name)
        self.changes.ring(PAGE)
        return changed

    def _made(self, declared: Declared) -> ServedEnvironment:
        """The environment as it is served now: the one that is there, where nothing changed."""
        document = {**overridden(declared.document, self._overrides.values())}
        before = self._environments.get(declared.name)
        if before is not None:
            document["updated_at"] = before.document["updated_at"]
            if (document, declared.features, declared.links) == (before.document, before.features, before.links):
                return before
        now, modified = datetime.now(UTC), int(time.time())
        if before is not None:
            now = max(now, before.updated_at + timedelta(microseconds=1))
            modified = max(modified, before.modified + 1)
        document["updated_at"] = now.isoformat(timespec="microseconds")
        return ServedEnvironment(document, now, declared.features, declared.links, modified)
