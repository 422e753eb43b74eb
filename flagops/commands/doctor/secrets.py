"""Secrets that changed under running pods, which took the old values when they started."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from components.kit import names
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.objects import Manifest
from flagops.pods.restart import WORKLOADS

# What a Job of the deployment makes known to a server that runs.
TAKEN_OVER = {"database": frozenset({names.POSTGRES})}


def changed_secrets(examination: Examination) -> Iterator[DoctorFinding]:
    """Compare when a Secret's values changed with when the pods that read it started."""
    changes = {item["metadata"]["name"]: _changed(item) for item in examination.instance.items("v1", "Secret")}
    stale: dict[tuple[str, str], list[str]] = {}
    for pod in examination.pods:
        component = (pod["metadata"].get("labels") or {}).get(names.COMPONENT)
        started = _started(pod)
        if component not in WORKLOADS or started is None:
            continue
        for name in sorted(_read_by(pod) - TAKEN_OVER.get(component, frozenset())):
            changed = changes.get(name)
            if changed is not None and changed > started:
                evidence = f"{pod['metadata']['name']} started at {started}, {name} changed at {changed}"
                stale.setdefault((str(component), name), []).append(evidence)
    for (component, name), seen in stale.items():
        yield DoctorFinding(
            "secret-changed",
            f"The Secret {name} changed after the pods of {component} had started: they go on with the old values.",
            tuple(seen),
            f"ff restart --stack {examination.instance.stack.name} -c {component}",
        )


def _changed(secret: Manifest) -> datetime | None:
    """When its values changed last, as the API server noted; its making is no change."""
    times = [
        datetime.fromisoformat(entry["time"])
        for entry in secret["metadata"].get("managedFields") or []
        if "time" in entry and {"f:data", "f:stringData"} & set(entry.get("fieldsV1") or {})
    ]
    made = datetime.fromisoformat(secret["metadata"]["creationTimestamp"])
    return max((moment for moment in times if moment > made), default=None)


def _started(pod: Manifest) -> datetime | None:
    statuses: list[dict[str, Any]] = pod.get("status", {}).get("containerStatuses") or []
    running = (status.get("state", {}).get("running") or {} for status in statuses)
    times = [datetime.fromisoformat(state["startedAt"]) for state in running if state.get("startedAt")]
    return max(times, default=None)


def _read_by(pod: Manifest) -> set[str]:
    """The Secrets that a pod's containers read: variables and files."""
    return set(_references(pod))


def _references(pod: Manifest) -> Iterator[str]:
    spec = pod["spec"]
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        for variable in container.get("env") or []:
            reference = (variable.get("valueFrom") or {}).get("secretKeyRef")
            if reference:
                yield reference["name"]
        for source in container.get("envFrom") or []:
            if source.get("secretRef"):
                yield source["secretRef"]["name"]
    for volume in spec.get("volumes") or []:
        if volume.get("secret"):
            yield volume["secret"]["secretName"]
