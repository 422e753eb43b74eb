"""What the last `ff flags apply` left: by it the next one sees what somebody else changed since.

Values are in it as digests.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import Environment

FORMAT = 1
"""Of the facts' digests too: what another form says is not read."""
OTHER = (AttributeError, KeyError, TypeError, ValueError)
"""What reading something else for notes raises."""
DIGITS = 12
FORM = "ffFlagsLeft"
ObjectKey = tuple[str, str, str | None]
"""A kind of object, its name, and the environment; None for the project's own."""
Facts = Mapping[tuple[str, ...], Any]
"""What an object is: each managed field by its place, as a digest, or as it is where that is short and no secret."""


@dataclass(frozen=True)
class NotedRun:
    """The apply that wrote notes.

    Attributes:
        id: Its number, which Flagsmith has too while no other apply began since.
        previous: The one before, while nothing of this one is written yet; then its own.
        began: When, by Flagsmith's clock.
        actor: As whom.
    """

    id: str
    previous: str | None
    began: datetime
    actor: tuple[str, str]

    def as_json(self) -> dict[str, Any]:
        """The run as it is kept."""
        return {"id": self.id, "previous": self.previous, "began": self.began.isoformat(), "actor": list(self.actor)}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "NotedRun":
        """The run of a document. Raises KeyError, TypeError or ValueError for anything else."""
        kind, who = found["actor"]
        previous = None if found["previous"] is None else str(found["previous"])
        return cls(str(found["id"]), previous, datetime.fromisoformat(found["began"]), (str(kind), str(who)))


@dataclass(frozen=True)
class Left:
    """What an apply left.

    Attributes:
        project: The project's number.
        environments: Digests of its environments' keys, by name: another key is another environment.
        objects: What it left.
        pending: What a run that did not come to its end was at: it may have been written, or not.
        run: The apply; None where it was one of an older release.
    """

    project: int
    environments: Mapping[str, str]
    objects: Mapping[ObjectKey, Facts] = field(default_factory=dict)
    pending: Mapping[ObjectKey, Facts] = field(default_factory=dict)
    run: NotedRun | None = None

    def since(self, last: str | None) -> "Left | None":
        """The notes, where `last`, the last apply that Flagsmith knows of, is theirs; None for older ones.

        A run that was killed before its first write left the one before as the last one: nothing was at work then.
        """
        if last == (self.run.id if self.run else None):
            return self
        return replace(self, pending={}) if self.run is not None and last == self.run.previous else None

    def of(self, connection: Connection) -> "Left | None":
        """The part that is about the environments of this project; None for notes about another one's.

        After a new start with an empty database, everything is another environment.
        """
        there = environments_of(connection.environments)
        same = {name for name, key in self.environments.items() if there.get(name) == key}
        if self.project != connection.project or not same:
            return None

        def kept(objects: Mapping[ObjectKey, Facts]) -> dict[ObjectKey, Facts]:
            return {key: facts for key, facts in objects.items() if key[2] is None or key[2] in same}

        return replace(self, environments=there, objects=kept(self.objects), pending=kept(self.pending))

    def as_json(self) -> dict[str, Any]:
        """The notes as they are kept."""
        return {
            FORM: FORMAT,
            "project": self.project,
            "environments": dict(self.environments),
            "objects": _listed(self.objects),
            "pending": _listed(self.pending),
            **({} if self.run is None else {"run": self.run.as_json()}),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Left | None":
        """The notes of a document, None for another form. Raises KeyError, TypeError or ValueError for no notes."""
        if found[FORM] != FORMAT:
            return None
        environments = {str(name): str(key) for name, key in found["environments"].items()}
        run = NotedRun.from_json(found["run"]) if found.get("run") is not None else None
        return cls(int(found["project"]), environments, _read(found["objects"]), _read(found["pending"]), run)


def environments_of(environments: Iterable[Environment]) -> dict[str, str]:
    """Environments as notes tell them apart."""
    return {item.name: digest(item.key) for item in environments}


def digest(value: Any) -> str:
    """A short name for a value, which does not show it."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def _listed(objects: Mapping[ObjectKey, Facts]) -> list[Any]:
    return [[*key, [[list(place), fact] for place, fact in facts.items()]] for key, facts in objects.items()]


def _read(rows: list[Any]) -> dict[ObjectKey, Facts]:
    return {
        (str(kind), str(name), None if environment is None else str(environment)): {
            tuple(map(str, place)): fact for place, fact in facts
        }
        for kind, name, environment, facts in rows
    }
