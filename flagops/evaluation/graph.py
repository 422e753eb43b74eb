"""From registrations to a program: the Kubernetes objects, the order among them, and the secrets in them."""

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError
from typing import Any
from urllib.parse import quote

from flagops.errors import FailedError, UnsupportedError
from flagops.evaluation.monitor import RANDOM_PASSWORD, RecordingMonitor, Registration
from flagops.evaluation.program import KubeObject, Program, dependency_order
from flagops.kubernetes.objects import Ref
from flagops.stacks.files import Stack

CLUSTER_PROVIDER = "pulumi:providers:kubernetes"
# Kinds the whole cluster shares. Only objects that name no namespace are looked up here; for kinds defined by the
# user the program's own word counts: no namespace in their manifest means none.
CLUSTER_KINDS = frozenset(
    {
        *("APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding"),
        *("CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace"),
        *("Node", "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass"),
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration"),
    }
)
PLAIN_PATH = re.compile(r"\w+(\.\w+)*")
KINDS_OF_USERS = "kubernetes:apiextensions.k8s.io/v1:CustomResource"


def build(monitor: RecordingMonitor, stack: Stack, warnings: tuple[str, ...], api_versions: tuple[str, ...]) -> Program:
    """The evaluated program of what `monitor` recorded. Unsupported resources and cycles are an OpsError."""
    registrations = monitor.registrations
    refs = {urn: _ref(r, registrations) for urn, r in registrations.items() if _is_object(r)}
    _refuse_twice(refs, registrations)
    objects = {
        ref: KubeObject(
            ref=ref,
            manifest=_manifest(registrations[urn], ref),
            component=_component(registrations[urn], registrations),
            needs=frozenset(refs[need] for need in _needed(urn, registrations) if need in refs),
            protect=registrations[urn].protect,
            retain=_retained(registrations[urn], registrations),
            timeout=_seconds(registrations[urn].timeout),
            ignored=_ignored(registrations[urn]),
        )
        for urn, ref in refs.items()
    }
    objects = {ref: _after_namespace(item, objects) for ref, item in objects.items()}
    try:
        order = dependency_order({ref: item.needs for ref, item in objects.items()})
    except CycleError as error:
        raise FailedError(f"These objects need each other: {', '.join(map(str, error.args[1]))}.") from None
    marked = monitor.output_values.paths
    secret_outputs = frozenset(name for name in monitor.outputs if any(path[0] == name for path in marked if path))
    known = set(monitor.used.values()).union(
        monitor.output_values.secrets, *(r.secrets for r in registrations.values())
    )
    return Program(
        project=stack.project,
        stack=stack.name,
        objects=tuple(objects[ref] for ref in order),
        generated=dict(sorted(monitor.used.items())),
        secrets=_secrets(known, monitor.used, objects),
        outputs=monitor.outputs,
        secret_outputs=secret_outputs,
        warnings=warnings,
        api_versions=api_versions,
    )


def _is_object(registration: Registration) -> bool:
    """Whether it is a Kubernetes object; what the engine cannot make at all is an error."""
    if not registration.custom or registration.type in {RANDOM_PASSWORD, CLUSTER_PROVIDER}:
        return False
    if registration.type.startswith("pulumi:providers:"):
        return False
    inputs = registration.inputs
    is_patch = registration.type.endswith("Patch")
    if registration.type.startswith("kubernetes:") and "apiVersion" in inputs and "kind" in inputs and not is_patch:
        return True
    raise UnsupportedError(
        f"The direct engine cannot make {registration.type} {registration.name!r}: it knows Kubernetes objects and "
        "RandomPassword.",
        hint="Use the Pulumi engine for this stack.",
    )


def _ref(registration: Registration, registrations: Mapping[str, Registration]) -> Ref:
    inputs = registration.inputs
    namespace = inputs["metadata"].get("namespace", "")
    if not namespace and inputs["kind"] not in CLUSTER_KINDS and registration.type != KINDS_OF_USERS:
        provider = registrations.get(registration.provider)
        namespace = (provider.inputs.get("namespace") if provider else None) or "default"
    return Ref(inputs["apiVersion"], inputs["kind"], namespace, inputs["metadata"]["name"])


def _refuse_twice(refs: Mapping[str, Ref], registrations: Mapping[str, Registration]) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for urn, ref in refs.items():
        first = seen.setdefault(ref.identity, urn)
        if first != urn:
            names = sorted(registrations[u].name for u in (first, urn))
            raise FailedError(
                f"Two resources of the program are the same object, {ref}: {names[0]!r} and {names[1]!r}."
            )


def _manifest(registration: Registration, ref: Ref) -> dict[str, Any]:
    """What is applied: as the program says, but a Secret's `stringData` as `data`, which the server keeps."""
    manifest = {key: value for key, value in registration.inputs.items() if key not in {"status", "stringData"}}
    if ref.namespace:
        manifest["metadata"] = {**manifest["metadata"], "namespace": ref.namespace}
    if ref.kind == "Secret" and "stringData" in registration.inputs:
        encoded = {k: base64.b64encode(v.encode()).decode() for k, v in registration.inputs["stringData"].items()}
        manifest["data"] = {**manifest.get("data", {}), **encoded}
    return manifest


def _needed(urn: str, registrations: Mapping[str, Registration]) -> set[str]:
    """The objects `urn` needs, also through resources that are none (a generated value, a component)."""
    found: set[str] = set()
    todo = list(registrations[urn].needs)
    while todo:
        need = todo.pop()
        if need in found or need == urn or need not in registrations:
            continue
        found.add(need)
        if not registrations[need].custom or not registrations[need].type.startswith("kubernetes:"):
            todo.extend(registrations[need].needs)
    return found


def _after_namespace(item: KubeObject, objects: Mapping[Ref, KubeObject]) -> KubeObject:
    """The object, waiting for its Namespace too when the program makes that and says it by name only."""
    namespace = Ref("v1", "Namespace", "", item.ref.namespace)
    if item.ref.namespace and namespace in objects:
        return replace(item, needs=item.needs | {namespace})
    return item


def _parents(registration: Registration, registrations: Mapping[str, Registration]) -> Iterator[Registration]:
    parent = registrations.get(registration.parent)
    while parent is not None:
        yield parent
        parent = registrations.get(parent.parent)


def _component(registration: Registration, registrations: Mapping[str, Registration]) -> tuple[str, ...]:
    names = [parent.name for parent in _parents(registration, registrations) if not parent.custom]
    return tuple(reversed(names))


def _retained(registration: Registration, registrations: Mapping[str, Registration]) -> bool:
    """Pulumi's engine, not its SDK, hands `retainOnDelete` down from parents."""
    return registration.retain or any(parent.retain for parent in _parents(registration, registrations))


def _ignored(registration: Registration) -> tuple[str, ...]:
    strange = [path for path in registration.ignored if not PLAIN_PATH.fullmatch(path)]
    if strange:
        raise UnsupportedError(
            f"The direct engine cannot ignore changes of {', '.join(strange)} in {registration.type} "
            f"{registration.name!r}: it knows paths of plain keys, such as spec.replicas.",
            hint="Use the Pulumi engine for this stack.",
        )
    return registration.ignored


def _seconds(duration: str) -> float | None:
    """Seconds of a Go duration such as `1h30m`, the form of Pulumi's custom timeouts."""
    units = {"h": 3600.0, "m": 60.0, "s": 1.0}
    total, number = 0.0, ""
    for character in duration:
        if character in units:
            total += float(number or 0) * units[character]
            number = ""
        else:
            number += character
    return total or None


def _secrets(known: set[str], generated: Mapping[str, str], objects: Mapping[Ref, KubeObject]) -> frozenset[str]:
    """Every string that must not be shown: generated and marked values, and what contains a generated one."""
    values = {form for value in generated.values() for form in (value, quote(value, safe=""))}
    derived = {text for item in objects.values() for text in _strings(item) if any(v in text for v in values)}
    return frozenset(text for text in known | values | derived if text)


def _strings(item: KubeObject) -> Iterator[str]:
    if item.ref.kind == "Secret":
        for encoded in item.manifest.get("data", {}).values():
            yield base64.b64decode(encoded).decode(errors="replace")
    todo: list[Any] = [item.manifest]
    while todo:
        value = todo.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            todo.extend(value.values())
        elif isinstance(value, list):
            todo.extend(value)
