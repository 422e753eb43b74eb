"""Where the pods are in a manifest, and what they hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policies.model import Manifest, Object, Objects
from policies.unknown import Unknown, raw

TEMPLATES = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job")
CONTAINERS = ("initContainers", "containers")


@dataclass(frozen=True)
class Container:
    """A container of a pod, and its path from the manifest's root."""

    path: str
    fields: Manifest

    @property
    def security(self) -> Manifest:
        """Its own security context."""
        return self.fields.get("securityContext") or {}


@dataclass(frozen=True)
class Pod:
    """A pod as its object describes it: the object, the pod's spec and labels, the spec's path."""

    object: Object
    path: str
    spec: Manifest
    labels: Mapping[str, str]

    @property
    def security(self) -> Manifest:
        """The security context of the pod as a whole."""
        return self.spec.get("securityContext") or {}

    def containers(self) -> Iterator[Container]:
        """Every container, those that run first included."""
        for key in CONTAINERS:
            for index, fields in enumerate(self.spec.get(key) or ()):
                name = raw(fields, "name")
                yield Container(f"{self.path}.{key}[{index if isinstance(name, Unknown) else name or ''}]", fields)


def pods(objects: Objects) -> Iterator[Pod]:
    """The pod of each object that makes one."""
    for item in objects:
        found = pod_of(item)
        if found is not None:
            yield found


def pod_of(item: Object) -> Pod | None:
    """The pod that an object is or makes; None for an object of another kind."""
    if item.kind == "Pod":
        return Pod(item, "spec", item.spec, item.labels)
    if item.kind in TEMPLATES:
        return _templated(item, "spec.template", item.spec.get("template"))
    if item.kind == "CronJob":
        job = (item.spec.get("jobTemplate") or {}).get("spec") or {}
        return _templated(item, "spec.jobTemplate.spec.template", job.get("template"))
    return None


def _templated(item: Object, path: str, template: Any) -> Pod:
    template = template or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    return Pod(item, f"{path}.spec", template.get("spec") or {}, labels)
