"""Manifests that keep every rule, to break one at a time."""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from flagops.evaluation.program import Program
from policies.check import check
from policies.model import Object, Objects, Rule, Violation
from policies.rules import RULES

DIGEST = "sha256:" + "a" * 64
LABELS = {"app.kubernetes.io/name": "flagsmith", "app.kubernetes.io/component": "api"}


def with_variable(program: Program, name: str, value: str) -> Program:
    """The program, with a variable of the API that did not come by the settings, which would have refused it."""
    items = []
    for item in program.objects:
        manifest = deepcopy(dict(item.manifest))
        if (item.ref.kind, item.ref.name) == ("Deployment", "flagsmith"):
            manifest["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": name, "value": value})
        items.append(replace(item, manifest=manifest))
    return replace(program, objects=tuple(items))


def container(**fields: Any) -> dict[str, Any]:
    return {
        "name": "flagsmith",
        "image": f"flagsmith/flagsmith:2.265.0@{DIGEST}",
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        **fields,
    }


def pod(*containers: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "automountServiceAccountToken": False,
        "serviceAccountName": "flagsmith-api",
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": list(containers or (container(),)),
        **fields,
    }


def deployment(spec: Mapping[str, Any] | None = None, *, replicas: int | None = 3, **labels: str) -> dict[str, Any]:
    labels = {**LABELS, **{key.replace("_", "-"): value for key, value in labels.items()}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "flagsmith", "namespace": "flags", "labels": labels},
        "spec": {
            **({} if replicas is None else {"replicas": replicas}),
            "template": {"metadata": {"labels": labels}, "spec": spec or pod()},
        },
    }


def cron_job(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "backup", "namespace": "flags"},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}},
    }


def budget(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "flagsmith", "namespace": "flags"},
        "spec": {"selector": {"matchLabels": LABELS}, **(spec or {"maxUnavailable": 1})},
    }


def autoscaler(fewest: int | None) -> dict[str, Any]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "flagsmith", "namespace": "flags"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "flagsmith"},
            **({} if fewest is None else {"minReplicas": fewest}),
        },
    }


def ingress(*hosts: str, tls: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": {"name": "flagsmith", "namespace": "flags"},
        "spec": {"rules": [{"host": host} for host in hosts], "tls": list(tls)},
    }


def gateway(*listeners: Mapping[str, Any], **annotations: str) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "flagsmith", "namespace": "flags", "annotations": annotations},
        "spec": {"gatewayClassName": "envoy", "listeners": list(listeners)},
    }


def http_route(*parents: Mapping[str, Any], host: str = "flags.example.com", **annotations: str) -> dict[str, Any]:
    backend = {"name": "flagsmith", "port": 8000}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "flagsmith", "namespace": "flags", "annotations": annotations},
        "spec": {"hostnames": [host], "parentRefs": list(parents), "rules": [{}, {"backendRefs": [backend]}]},
    }


def config_map(annotations: Mapping[str, str] | None = None, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "flags", "annotations": dict(annotations or {})},
        "data": data,
    }


Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of everything in a manifest, from the root's fields down to single values and items."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def put(value: Any, path: Path, new: Any) -> Any:
    """A manifest with something else at one place; what is beside the way there is shared."""
    if not path:
        return new
    copied: Any = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = put(value[path[0]], path[1:], new)
    return copied


def rule(name: str) -> Rule:
    (found,) = (item for item in RULES if item.id == name)
    return found


def broken(
    name: str,
    *manifests: Mapping[str, Any],
    production: bool = True,
    protected: bool | None = None,
    secrets: frozenset[str] = frozenset(),
) -> list[Violation]:
    """What one rule finds."""
    items = tuple(Object(deepcopy(manifest), protected) for manifest in manifests)
    return list(check(Objects(items, production, secrets), [rule(name)]).violations)


def paths(violations: Iterable[Violation]) -> list[str]:
    return [item.finding.path for item in violations]
