"""Where notes of what an apply left are kept: in a stack's ConfigMap `flagsmith-flags-left`, or in a file (`--notes`).

Nobody writes over what another run wrote meanwhile: a store knows what it read.
"""

import base64
import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from components.kit import names
from components.text import bounds
from flagops.commands.flags.history.left import FORM, OTHER, Left
from flagops.errors import BadInputError, ConflictError, RefusedError
from flagops.files import reading, replace_text, text_there
from flagops.flagsmith_api.connect import Connection
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.refusals import ApiError
from flagops.stacks.deployed import Instance

MOST_BYTES = 900_000
"""Of the packed notes; the API server takes 1 MiB of a ConfigMap."""
FILE_BYTES = 64 * 1024**2
KEY = "left.json.gz"
CONFLICT = 409
AGAIN = "Run it again: it reads what the other one left."


class NoteStore(Protocol):
    """Where notes are kept."""

    @property
    def place(self) -> str:
        """The place, in words."""

    def load(self) -> Left | None:
        """The notes; None where there are none that can be used."""

    def save(self, left: Left) -> None:
        """Keep notes in place of those that there are."""


@dataclass
class FileStore:
    """Notes in a file."""

    path: Path
    _text: str | None = field(default=None, init=False, repr=False)

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    def load(self) -> Left | None:
        """The notes. Raises OpsError for a file that is something else."""
        self._text = None
        if not self.path.exists():
            return None
        with reading(self.path):
            text = bounds.text_of(self.path, FILE_BYTES)
        self._text = text
        try:
            return Left.from_json(bounds.json_of(text))
        except OTHER:
            raise BadInputError(
                f"{self.path} is not a file of `ff flags apply --notes`.", hint="Name another file, or remove this one."
            ) from None

    def save(self, left: Left) -> None:
        """Write the file as a whole, so that a killed run leaves the one of before.

        Raises ConflictError where another run wrote it since it was read, OSError where it cannot be written.
        """
        there = text_there(self.path)
        if there is not None and FORM not in there:
            raise RefusedError(f"{self.path} exists, and holds no notes of `ff flags apply`.")
        if there != self._text:
            raise ConflictError(f"Another run wrote {self.path} meanwhile.", hint=AGAIN)
        text = json.dumps(left.as_json()) + "\n"
        replace_text(self.path, text)
        self._text = text


@dataclass
class ClusterStore:
    """Notes in the stack's namespace."""

    instance: Instance
    _there: Manifest | None = field(default=None, init=False, repr=False)

    @property
    def place(self) -> str:
        """The ConfigMap."""
        return f"the ConfigMap {names.FLAGS_LEFT}"

    def load(self) -> Left | None:
        """The notes; none where somebody wrote something else there."""
        self._there = self.instance.get("v1", "ConfigMap", names.FLAGS_LEFT)
        packed = ((self._there or {}).get("binaryData") or {}).get(KEY)
        if packed is None:
            return None
        try:
            return Left.from_json(json.loads(gzip.decompress(base64.b64decode(packed))))
        except (*OTHER, OSError, EOFError, zlib.error):
            return None

    def save(self, left: Left) -> None:
        """Keep notes.

        Raises OpsError where they are more than a ConfigMap takes, may not be written, or where another run wrote
        them since they were read.
        """
        content = gzip.compress(json.dumps(left.as_json()).encode(), mtime=0)
        if len(content) > MOST_BYTES:
            raise RefusedError(f"The notes have {len(content):,} bytes; a ConfigMap takes {MOST_BYTES:,}.")
        wanted = self._manifest({KEY: base64.b64encode(content).decode()})
        try:
            self._there = (
                self.instance.client.create(wanted)
                if self._there is None
                else self.instance.client.replace({**self._there, "data": {}, "binaryData": wanted["binaryData"]})
            )
        except ApiError as error:
            if error.status != CONFLICT:
                raise
            self._there = self._own(wanted)

    def _own(self, wanted: Manifest) -> Manifest:
        """What is there, if this is what was written: a request that was sent twice is refused the second time."""
        there = self.instance.get("v1", "ConfigMap", names.FLAGS_LEFT)
        if there is None or there.get("binaryData") != wanted["binaryData"]:
            raise ConflictError(f"Another run wrote the notes {names.FLAGS_LEFT} meanwhile.", hint=AGAIN)
        return there

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


def missing(store: NoteStore, kept: Left | None) -> str:
    """What to say where an apply was there before, and notes of it are not; `kept` is of something else."""
    what = "are of another project, or of environments that are gone" if kept else "are not there, or not readable"
    return (
        f"An apply was here before, and its notes {what} ({store.place}): what it left is not known. Where nothing "
        "else tells whose a switch is, none is undone."
    )
