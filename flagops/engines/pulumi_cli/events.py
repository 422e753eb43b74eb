"""The Pulumi engine's events, translated into the progress table's, a plan and the causes of a failure."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from components.deployment.kept_data import GOES_WITH_DATA, HOLDS_DATA
from flagops.engines.deployer import PlannedChange
from flagops.engines.events import Event, ResourceState
from flagops.evaluation.advisory import Advisory, warnings

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent
    from pulumi.automation.events import DiagnosticEvent, PolicyEvent, StepEventMetadata

# Pulumi's operations: what to call one while it runs, and when it has ended. A replacement is one row, of which its
# creation and its deletion are steps.
_STEPS: Mapping[str, tuple[ResourceState | None, ResourceState]] = {
    "same": (None, ResourceState.UNCHANGED),
    "create": (ResourceState.CREATING, ResourceState.CREATED),
    "import": (ResourceState.CREATING, ResourceState.CREATED),
    "update": (ResourceState.UPDATING, ResourceState.UPDATED),
    "delete": (ResourceState.DELETING, ResourceState.DELETED),
    "create-replacement": (ResourceState.REPLACING, ResourceState.REPLACED),
    "replace": (ResourceState.REPLACING, ResourceState.REPLACED),
    "delete-replaced": (ResourceState.REPLACING, ResourceState.REPLACED),
}
# How Pulumi's protocol says that a value is known only at the deployment (`UNKNOWN` in its SDK's runtime/rpc.py).
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_NOT_KNOWN = "(known only when it is deployed)"
_IDENTITY = ("apiVersion", "kind", "metadata")  # what every object of Kubernetes declares of itself
_MADE = (ResourceState.CREATED, ResourceState.UPDATED, ResourceState.REPLACED)
_PLANNED = ("create", "import", "update", "delete", "replace")
# What the engine says last, after the cause.
_NO_CAUSE = (
    *("update failed", "preview failed", "destroy failed"),
    "an unhandled error occurred: program exited with non-zero exit code: 1",
)
# What the provider for Kubernetes says of an object that is in the cluster and not in the stack's record. An event has
# a text and no code, so the text is read here, where it comes in, and nowhere else.
_EXISTING = "already exists"
_COLOUR = re.compile(r"<\{%.*?%\}>|\x1b\[[0-9;]*m")


class EventTranslator:
    """Listens to one run of the Pulumi engine; its methods are called from the Automation API's threads.

    Attributes:
        errors: What failed, each once, in the order in which it was said.
        warnings: The same for warnings.
        violations: What breaks mandatory rules of a policy pack, each once; they stop the run.
        advisories: The same for advisory rules, which stop nothing.
        failed: Inputs or last known state of the Kubernetes objects that failed.
        changed: What became of each Kubernetes object that was made or changed, and which it is.
        changes: What a preview found, in order.
        found_existing: Whether something failed because it is there already.
    """

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self.violations: list[Advisory] = []
        self.advisories: list[Advisory] = []
        self.failed: list[dict[str, Any]] = []
        self.changed: list[tuple[ResourceState, dict[str, Any]]] = []
        self.changes: list[PlannedChange] = []
        self.found_existing = False
        self._on_event = on_event
        self._names: dict[str, tuple[str, str]] = {}
        self._ended: dict[str, ResourceState] = {}
        self._under_way: dict[str, dict[str, Any]] = {}
        self._lock = Lock()

    @property
    def under_way(self) -> dict[str, dict[str, Any]]:
        """The Kubernetes objects that are being made or changed, by URN: their `apiVersion`, `kind` and `metadata`."""
        with self._lock:
            return dict(self._under_way)

    def waits(self, urn: str, message: str) -> None:
        """Say what an object waits for, unless it is done meanwhile."""
        with self._lock:
            if urn in self._under_way:
                self._emit(urn, ResourceState.WAITING, message)

    @property
    def has_begun(self) -> bool:
        """Whether anything was made, changed or deleted, or was tried to be."""
        return any(state is not ResourceState.UNCHANGED for state in self._ended.values())

    @property
    def counts(self) -> dict[str, int]:
        """How many resources ended in each state."""
        return dict(Counter(str(state) for state in self._ended.values()))

    def __call__(self, event: "EngineEvent") -> None:
        """Take one event of the engine."""
        with self._lock:
            if event.resource_pre_event:
                self._before(event.resource_pre_event.metadata)
            elif event.res_outputs_event:
                self._after(event.res_outputs_event.metadata)
            elif event.res_op_failed_event:
                self._failed(event.res_op_failed_event.metadata)
            elif event.diagnostic_event:
                self._said(event.diagnostic_event)
            elif event.policy_event:
                self._violated(event.policy_event)

    def _before(self, step: "StepEventMetadata") -> None:
        if not _counts(step):
            return
        self._names[step.urn] = _name_and_kind(step)
        if step.op in _PLANNED:
            name, kind = self._names[step.urn]
            self.changes.append(PlannedChange(str(step.op.value), kind, name, _fields(step), _note(step, kind)))
        running, _ = _STEPS.get(step.op.value, (None, ResourceState.UNCHANGED))
        if running:
            identity = _identity(step)
            if len(identity) == len(_IDENTITY) and running is not ResourceState.DELETING:
                self._under_way[step.urn] = identity
            self._emit(step.urn, running)

    def _after(self, step: "StepEventMetadata") -> None:
        if not _counts(step) or step.op.value not in _STEPS:
            return
        self._names.setdefault(step.urn, _name_and_kind(step))
        ended = _STEPS[step.op.value][1]
        self._ended[step.urn] = ended
        self._under_way.pop(step.urn, None)
        identity = _identity(step)
        if ended in _MADE and len(identity) == len(_IDENTITY):
            self.changed.append((ended, identity))
        self._emit(step.urn, ended)

    def _failed(self, step: "StepEventMetadata") -> None:
        if not _counts(step):
            return
        self._names.setdefault(step.urn, _name_and_kind(step))
        self._ended[step.urn] = ResourceState.FAILED
        self._under_way.pop(step.urn, None)
        self._emit(step.urn, ResourceState.FAILED)
        state = step.new or step.old
        if step.type.startswith("kubernetes:") and state:
            self.failed.append(dict(state.inputs or {}))

    def _said(self, said: "DiagnosticEvent") -> None:
        text = _plain(said.message)
        if not text:
            return
        if said.severity == "error":
            name, kind = self._names.get(said.urn or "", ("", ""))
            message = f"{kind} {name}: {text}" if name else text
            if text not in _NO_CAUSE:
                self.add_error(message)
        elif said.severity == "warning" and not said.ephemeral:
            if text not in self.warnings:
                self.warnings.append(text)
        elif said.urn in self._names and said.urn not in self._ended:
            self._emit(said.urn, ResourceState.WAITING, text.splitlines()[0])

    def add_error(self, message: str) -> None:
        """Keep what is said of a failure, once."""
        message = message.removeprefix("error: ")
        self.found_existing |= _EXISTING in message
        if message not in self.errors:
            self.errors.append(message)

    def causes(self, more: str) -> list[str]:
        """Why the run failed: the errors, and each mandatory rule that is broken once, with the first few objects.

        `more` is what shows the others.
        """
        return [*self.errors, *warnings(self.violations, more)]

    def _violated(self, violation: "PolicyEvent") -> None:
        """A rule of a policy pack is broken; its first line is the rule's title, which the rest says more exactly."""
        text = _plain(violation.message)
        _, _, exact = text.partition("\n")
        kept = self.violations if violation.enforcement_level == "mandatory" else self.advisories
        said = Advisory(violation.policy_name, exact or text)
        kept += [said] if said not in kept else []

    def _emit(self, urn: str, state: ResourceState, message: str = "") -> None:
        name, kind = self._names[urn]
        self._on_event(Event(name, kind, state, message))


def _identity(step: "StepEventMetadata") -> dict[str, Any]:
    """What an object of Kubernetes declares of itself; less for anything else."""
    return {key: item for key, item in (step.new.inputs or {}).items() if key in _IDENTITY} if step.new else {}


def _plain(message: str) -> str:
    """What Pulumi says, without colours, and with words for what it does not know yet."""
    return _COLOUR.sub("", message).strip().removeprefix("error: ").replace(_UNKNOWN, _NOT_KNOWN)


def _counts(step: "StepEventMetadata") -> bool:
    """Only real resources: no components, no providers, not the stack itself."""
    state = step.new or step.old
    return bool(state and state.custom) and not step.type.startswith("pulumi:")


def _name_and_kind(step: "StepEventMetadata") -> tuple[str, str]:
    """A Kubernetes object's own name; the name in the program for anything else, and while the own one is unknown."""
    state = step.new or step.old
    metadata = (state.inputs or {}).get("metadata") if state else None
    name = metadata.get("name") if isinstance(metadata, dict) else None
    known = name if _UNKNOWN not in str(name) else None
    return str(known or step.urn.rpartition("::")[2]), step.type.rpartition(":")[2]


def _fields(step: "StepEventMetadata") -> tuple[str, ...]:
    """The fields that differ. Their values are left to `pulumi preview --diff`."""
    return tuple(sorted(step.detailed_diff or step.diffs or ())) if step.op.value in ("update", "replace") else ()


def _note(step: "StepEventMetadata", kind: str) -> str:
    is_lost = (
        step.op.value in ("delete", "replace") and kind in HOLDS_DATA and not (step.old and step.old.retain_on_delete)
    )
    return GOES_WITH_DATA if is_lost else ""
