"""What the last `ff flags apply` left: by it the next one sees what somebody else changed since.

A stack keeps it in the ConfigMap `flagsmith-flags-left`; wherever Flagsmith is, `--notes` keeps it in a file. Values
are in it as digests.
"""

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from components.kit import names
from components.text import bounds
from flagops.errors import BadInputError, RefusedError
from flagops.files import reading, replace_text, text_there
from flagops.flagsmith_api.connect import Connection
from flagops.flagsmith_api.deployed import Environment
from flagops.kubernetes.objects import Manifest, Ref
from flagops.stacks.deployed import Instance

FORMAT = 1
"""Of the facts' digests too: what another form says is not read."""
MOST_BYTES = 900_000
"""Of the packed notes; the API server takes 1 MiB of a ConfigMap."""
FILE_BYTES = 64 * 1024**2
KEY = "left.json.gz"
OTHER = (AttributeError, KeyError, TypeError, ValueError)
"""What reading something else for notes raises."""
DIGITS = 12
FORM = "ffFlagsLeft"
ObjectKey = tuple[str, str, str | None]
"""A kind of object, its name, and the environment; None for the project's own."""
Facts = Mapping[tuple[str, ...], Any]
"""What an object is: each managed field by its place, as a digest, or as it is where that is short and no secret."""


@dataclass(frozen=True)
class Left:
    """What an apply left.

    Attributes:
        project: The project's number.
        environments: Digests of its environments' keys, by name: another key is another environment.
        objects: What it left.
        pending: What a run that did not come to its end was about to write.
    """

    project: int
    environments: Mapping[str, str]
    objects: Mapping[ObjectKey, Facts] = field(default_factory=dict)
    pending: Mapping[ObjectKey, Facts] = field(default_factory=dict)

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
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Left | None":
        """The notes of a document, None for another form. Raises KeyError, TypeError or ValueError for no notes."""
        if found[FORM] != FORMAT:
            return None
        environments = {str(name): str(key) for name, key in found["environments"].items()}
        return cls(int(found["project"]), environments, _read(found["objects"]), _read(found["pending"]))


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


class NoteStore(Protocol):
    """Where notes are kept."""

    def load(self) -> Left | None:
        """The notes; None where there are none that can be used."""

    def save(self, left: Left) -> None:
        """Keep notes in place of those that there are."""


@dataclass(frozen=True)
class FileStore:
    """Notes in a file."""

    path: Path

    def load(self) -> Left | None:
        """The notes. Raises OpsError for a file that is something else."""
        if not self.path.exists():
            return None
        with reading(self.path):
            text = bounds.text_of(self.path, FILE_BYTES)
        try:
            return Left.from_json(bounds.json_of(text))
        except OTHER:
            raise BadInputError(
                f"{self.path} is no file of `ff flags apply --notes`.", hint="Name another file, or remove this one."
            ) from None

    def save(self, left: Left) -> None:
        """Write the file as a whole, so that a killed run leaves the one of before."""
        there = text_there(self.path)
        if there is not None and FORM not in there:
            raise RefusedError(f"{self.path} exists, and holds no notes of `ff flags apply`.")
        replace_text(self.path, json.dumps(left.as_json()) + "\n")


@dataclass(frozen=True)
class ClusterStore:
    """Notes in the stack's namespace."""

    instance: Instance

    def load(self) -> Left | None:
        """The notes; none where somebody wrote something else there."""
        kept = self.instance.get("v1", "ConfigMap", names.FLAGS_LEFT)
        packed = ((kept or {}).get("binaryData") or {}).get(KEY)
        if packed is None:
            return None
        try:
            return Left.from_json(json.loads(gzip.decompress(base64.b64decode(packed))))
        except (*OTHER, OSError, EOFError, zlib.error):
            return None

    def save(self, left: Left) -> None:
        """Keep notes. Raises OpsError where they are more than a ConfigMap takes, or may not be written."""
        content = gzip.compress(json.dumps(left.as_json()).encode(), mtime=0)
        if len(content) > MOST_BYTES:
            raise RefusedError(f"The notes have {len(content):,} bytes; a ConfigMap takes {MOST_BYTES:,}.")
        wanted = self._manifest({KEY: base64.b64encode(content).decode()})
        there = self.instance.get("v1", "ConfigMap", names.FLAGS_LEFT)
        if there is None:
            self.instance.client.create(wanted)
        else:
            self.instance.client.replace({**there, "data": {}, "binaryData": wanted["binaryData"]})

    def _manifest(self, data: Mapping[str, str]) -> Manifest:
        ref = Ref("v1", "ConfigMap", self.instance.namespace, names.FLAGS_LEFT)
        labels = {names.NAME: "flagsmith", names.PART_OF: names.PLATFORM, names.COMPONENT: "flags"}
        return {
            "apiVersion": ref.api_version,
            "kind": ref.kind,
            "metadata": {"name": ref.name, "namespace": ref.namespace, "labels": labels},
            "binaryData": dict(data),
        }


def store_of(connection: Connection, file: Path | None) -> NoteStore | None:
    """Where the notes about this Flagsmith are: the file that was named, else the stack; None for neither."""
    if file is not None:
        return FileStore(file)
    return None if connection.instance is None else ClusterStore(connection.instance)
