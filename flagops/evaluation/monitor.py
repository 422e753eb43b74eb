"""Pulumi's resource monitor, replaced by one that records what the program registers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from google.protobuf import empty_pb2, struct_pb2  # type: ignore[import-untyped]
from pulumi import get_project, get_stack
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2

from components.edge.keys import OUTPUT
from flagops.errors import FailedError, UnsupportedError
from flagops.evaluation.generated import Placeholders, password, record_name

# Pulumi's protocol marks a secret value by these two constants (they are the same in all its SDKs).
SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the marker, not a secret
STACK_REFERENCE = "pulumi:pulumi:StackReference"
NAMESPACE = "kubernetes:core/v1:Namespace"
RANDOM_PASSWORD = "random:index/randomPassword:RandomPassword"  # noqa: S105 - a type

UNSUPPORTED = frozenset(
    {
        resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
        resource_pb2.RESOURCE_MONITOR_FEATURE_INVOKE_TRANSFORMS,
        resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
        resource_pb2.RESOURCE_MONITOR_FEATURE_ERROR_HOOKS,
        resource_pb2.RESOURCE_MONITOR_FEATURE_PARAMETERIZATION,
    }
)


@dataclass(frozen=True)
class Registration:
    """A resource as the program registered it.

    `secrets` are the strings in its inputs that were marked secret, `secret_paths` all places that were.
    """

    urn: str
    type: str
    name: str
    parent: str
    inputs: dict[str, Any]
    secrets: frozenset[str]
    secret_paths: frozenset[tuple[str, ...]]
    needs: frozenset[str]
    provider: str
    custom: bool
    protect: bool
    retain: bool
    timeout: str
    ignored: tuple[str, ...]


@dataclass
class Plain:
    """Turns Pulumi's wire values into plain Python ones, remembering what was marked secret.

    `secrets` has only strings marked as such: the SDK marks a whole `spec` when one value in it is secret, and its
    harmless words must stay readable. `paths` has every marked place.
    """

    secrets: set[str] = field(default_factory=set)
    paths: set[tuple[str, ...]] = field(default_factory=set)

    def of(self, value: Any, path: tuple[str, ...] = ()) -> Any:
        """The plain value; nulls are left out of mappings, as every Pulumi SDK does."""
        if isinstance(value, struct_pb2.Struct):
            if value.fields.get(SIGNATURE_KEY) and value[SIGNATURE_KEY] == SECRET_SIGNATURE:
                self.paths.add(path)
                inner = self.of(value["value"], path)
                if isinstance(inner, str):
                    self.secrets.add(inner)
                return inner
            items = {key: self.of(item, (*path, key)) for key, item in sorted(value.items())}  # the wire has no order
            return {key: item for key, item in items.items() if item is not None}
        if isinstance(value, struct_pb2.ListValue):
            return [self.of(item, (*path, str(index))) for index, item in enumerate(value)]
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value


class RecordingMonitor(MockMonitor):
    """Records every registration; echoes inputs as outputs; answers RandomPassword from `generated`."""

    def __init__(self, generated: Mapping[str, str]) -> None:
        super().__init__(mocks=None)  # type: ignore[arg-type]  # what would ask them is refused below
        self.registrations: dict[str, Registration] = {}
        self.used: dict[str, str] = {}
        self.outputs: dict[str, Any] = {}
        self.output_values = Plain()
        self._known = generated
        self._named: set[str] = set()
        self._lock = Lock()

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """The URN the Pulumi engine would give: the types of all parents below the stack, then its own."""
        stack_type = "pulumi:pulumi:Stack"
        prefix = parent.split("::")[2] if parent else stack_type
        qualified = type_ if prefix == stack_type else f"{prefix}${type_}"
        return f"urn:pulumi:{get_stack()}::{get_project()}::{qualified}::{name}"

    def GetDeploymentInfo(self, request: Any) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """Say what is supported; a program that wants more gets the SDK's own error instead of a silent omission."""
        offered = super().GetDeploymentInfo(request).supportedFeatures  # type: ignore[no-untyped-call]
        return resource_pb2.DeploymentInfo(supportedFeatures=[item for item in offered if item not in UNSUPPORTED])

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Refuse: evaluating a program touches no cluster, and no other stack."""
        if request.type == STACK_REFERENCE:
            return self._other_stack(request)
        if request.type == NAMESPACE:
            return self._given_namespace(request)
        raise UnsupportedError(
            f"The direct engine cannot read {request.type} {request.name!r}: that needs the Pulumi CLI."
        )

    def _given_namespace(self, request: Any) -> resource_pb2.ReadResourceResponse:
        """A namespace that somebody else made, by its name alone: it is no object of the program."""
        answer = struct_pb2.Struct()
        answer.update({"metadata": {"name": request.id}})
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=answer)

    def _other_stack(self, request: Any) -> resource_pb2.ReadResourceResponse:
        """The keys that another stack gives: stand-ins, for a program that is only shown."""
        if not isinstance(self._known, Placeholders):
            raise UnsupportedError(
                f"The direct engine cannot read the outputs of the stack {request.id!r} (edge.primary.stack): that "
                "needs the Pulumi CLI.",
                hint="Deploy both stacks with `--engine cli`, or name a Secret with the keys in edge.existingSecret.",
            )
        pair = {part: self._known[f"{request.name}-{part}"] for part in ("client_side_key", "server_side_key")}
        answer = struct_pb2.Struct()
        answer.update({"name": request.id, "outputs": {OUTPUT: _as_secret(json.dumps([pair]))}})
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=answer)

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Refuse: there is no provider to ask."""
        raise UnsupportedError(f"The direct engine cannot call {request.tok}: that needs the Pulumi CLI.")

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        """Record one resource and answer with its inputs as outputs."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        plain = Plain()
        inputs = plain.of(request.object)
        registration = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            inputs=inputs,
            secrets=frozenset(plain.secrets),
            secret_paths=frozenset(plain.paths),
            needs=frozenset(request.dependencies).union(*(p.urns for p in request.propertyDependencies.values())),
            provider=request.provider.rpartition("::")[0],
            custom=request.custom,
            protect=request.protect,
            retain=request.retainOnDelete,
            timeout=request.customTimeouts.create or request.customTimeouts.update,
            ignored=tuple(request.ignoreChanges),
        )
        outputs = struct_pb2.Struct()
        outputs.CopyFrom(request.object)
        identifier = request.name
        if request.type.startswith("kubernetes:"):
            identifier = _name_object(outputs, inputs, request.name)
        with self._lock:
            if urn in self.registrations:
                raise FailedError(f"The program registers {request.type} {request.name!r} twice under the same parent.")
            self.registrations[urn] = registration
            if request.type == RANDOM_PASSWORD:
                outputs.update({"result": _as_secret(self._value_of(request.name, inputs))})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=identifier if request.custom else "", object=outputs)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Keep the stack's outputs; a component's are of no use here."""
        if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
            self.outputs = self.output_values.of(request.outputs)
        return empty_pb2.Empty()

    def _value_of(self, name: str, inputs: Mapping[str, Any]) -> str:
        if name in self._named:
            raise FailedError(f"Two RandomPassword resources are named {name!r}; give each a name of its own.")
        self._named.add(name)
        recorded = record_name(name, inputs)
        try:
            self.used[recorded] = self._known[recorded]
        except KeyError:
            self.used[recorded] = password(name, inputs)
        return self.used[recorded]


def _as_secret(value: str) -> dict[str, str]:
    return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value}


def _name_object(outputs: struct_pb2.Struct, inputs: dict[str, Any], fallback: str) -> str:
    """Make sure that the object has a name, in the recorded inputs and in what the program gets back; its id."""
    metadata = inputs.setdefault("metadata", {})
    if not metadata.get("name"):
        metadata["name"] = fallback
        if "metadata" not in outputs:
            outputs.update({"metadata": {}})
        shown = outputs["metadata"]
        (shown["value"] if SIGNATURE_KEY in shown else shown).update({"name": fallback})
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])
