"""What the engine remembers between runs: generated values and the inventory, in a Secret of the cluster."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from components.kit import names
from flagops.errors import ConflictError, RefusedError, UnsupportedError
from flagops.evaluation.program import KubeObject, Program
from flagops.kubernetes.client import Client
from flagops.kubernetes.lease import ENGINE, NAMESPACE, object_name
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.refusals import ApiError

SECRET_TYPE = "feature-flags/direct-engine-state"  # noqa: S105 - a type
FORMAT = 1


@dataclass(frozen=True)
class RecordedObject:
    """One object the engine made: what `down` and a later run must know of it without the program."""

    ref: Ref
    needs: tuple[Ref, ...] = ()
    protect: bool = False
    retain: bool = False

    @classmethod
    def of(cls, item: KubeObject) -> "RecordedObject":
        """The entry of an object of the program."""
        return cls(item.ref, tuple(sorted(item.needs)), item.protect, item.retain)


@dataclass(frozen=True)
class StackRecord:
    """What is recorded of a stack.

    `entries` are in the order in which they were made; `namespaces` has the uids of its namespaces by name.
    """

    generated: Mapping[str, str] = field(default_factory=dict)
    entries: tuple[RecordedObject, ...] = ()
    namespaces: Mapping[str, str] = field(default_factory=dict)
    resource_version: str = ""

    @property
    def by_identity(self) -> dict[tuple[str, ...], RecordedObject]:
        """The entries by what makes an object the same, whatever version of its API."""
        return {entry.ref.identity: entry for entry in self.entries}

    @property
    def in_namespaces(self) -> frozenset[str]:
        """The namespaces in which its objects are."""
        return frozenset(entry.ref.namespace for entry in self.entries if entry.ref.namespace)

    def left_by(self, program: Program) -> tuple[RecordedObject, ...]:
        """The entries whose object is no longer in the program."""
        wanted = {item.ref.identity for item in program.objects}
        return tuple(entry for entry in self.entries if entry.ref.identity not in wanted)

    def before(self, program: Program) -> "StackRecord":
        """What must be on record before the first object is touched: old and new, values and objects."""
        entries = tuple(map(RecordedObject.of, program.objects)) + self.left_by(program)
        return replace(self, generated={**self.generated, **program.generated}, entries=entries)

    def after(self, program: Program, namespaces: Mapping[str, str]) -> "StackRecord":
        """What is on record once the program's objects are all that is left, in the namespaces with these uids."""
        entries = tuple(map(RecordedObject.of, program.objects))
        return replace(self, generated=dict(program.generated), entries=entries, namespaces=namespaces)


class Store:
    """The state Secret of one stack. Writes are optimistic: another run's write in between is an error, never lost."""

    def __init__(self, client: Client, project: str, stack: str) -> None:
        self._client = client
        self._project, self._stack = project, stack
        self.ref = Ref("v1", "Secret", NAMESPACE, object_name(project, stack))

    def load(self) -> StackRecord | None:
        """The recorded state, or None when this engine has not made the stack."""
        live = self._client.get(self.ref)
        if live is None:
            return None
        if live.get("type") != SECRET_TYPE:
            raise RefusedError(f"{self.ref} is not a state of the direct engine; it must not be touched.")
        content = json.loads(base64.b64decode(live["data"]["state"]))
        if content["format"] != FORMAT:
            raise UnsupportedError(
                f"{self.ref} was written in format {content['format']}; this version reads {FORMAT}.",
                hint="Use the version of ff that made it.",
            )
        return StackRecord(
            generated=content["generated"],
            entries=tuple(map(_entry_from, content["inventory"])),
            namespaces=content.get("namespaces", {}),
            resource_version=live["metadata"]["resourceVersion"],
        )

    def save(self, state: StackRecord, recorded: StackRecord) -> StackRecord:
        """Write the state, unless it is what is `recorded`; the result carries the new resourceVersion."""
        if state == recorded and recorded.resource_version:
            return recorded
        manifest = self._manifest(state)
        try:
            write = self._client.replace if state.resource_version else self._client.create
            live = write(manifest)
        except ApiError as error:
            if error.status == 409:
                raise ConflictError(
                    f"Another run changed the record of stack {self._stack!r} meanwhile ({self.ref}).",
                    hint="Wait for it to end, then run again.",
                ) from None
            raise
        return replace(state, resource_version=live["metadata"]["resourceVersion"])

    def remove(self) -> None:
        """Forget the stack. The last step of `down`."""
        self._client.delete(self.ref)

    def _manifest(self, state: StackRecord) -> Manifest:
        content = {
            "format": FORMAT,
            "engine": ENGINE,
            "version": version("feature-flags"),
            "project": self._project,
            "stack": self._stack,
            "written": datetime.now(UTC).isoformat(timespec="seconds"),
            "generated": dict(state.generated),
            "namespaces": dict(state.namespaces),
            "inventory": [asdict(entry) for entry in state.entries],
        }
        metadata: dict[str, Any] = {
            "name": self.ref.name,
            "namespace": NAMESPACE,
            "labels": {names.MANAGED_BY: ENGINE, names.PART_OF: self._project},
        }
        if state.resource_version:
            metadata["resourceVersion"] = state.resource_version
        encoded = base64.b64encode(json.dumps(content).encode()).decode()
        kind = {"apiVersion": "v1", "kind": "Secret", "type": SECRET_TYPE}
        return {**kind, "metadata": metadata, "data": {"state": encoded}}


def protected(entries: Iterable[RecordedObject]) -> list[str]:
    """The protected objects among `entries`, as people name them."""
    return [str(entry.ref) for entry in entries if entry.protect]


def _entry_from(recorded: Mapping[str, Any]) -> RecordedObject:
    needs = tuple(Ref(*need) for need in recorded["needs"])
    return RecordedObject(Ref(*recorded["ref"]), needs, bool(recorded["protect"]), bool(recorded["retain"]))
