"""What others put into the namespace, in the shape in which their programs make it.

cert-manager 1.21 (pkg/issuer/acme/http: pod.go, service.go, ingress.go), the injection templates of Istio
(manifests/charts/istio-control/istio-discovery/files) and of Linkerd (charts/partials/templates), August 2026. Both
meshes with their CNI plugin: without it an init container needs NET_ADMIN, which Pod Security refuses.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any, Final

SOLVER_PORT: Final = 8089
Template = Mapping[str, Any]


def _labels(number: int) -> dict[str, str]:
    return {
        "acme.cert-manager.io/http-domain": "1092424123",
        "acme.cert-manager.io/http-token": str(900000000 + number),
        "acme.cert-manager.io/http01-solver": "true",
    }


def solver_pod(number: int) -> dict[str, Any]:
    """The pod that answers one challenge of HTTP-01."""
    container = {
        "name": "acmesolver",
        "image": "quay.io/jetstack/cert-manager-acmesolver:v1.21.0",
        "args": [f"--listen-port={SOLVER_PORT}", "--domain=flags.example.com", "--token=token", "--key=key"],
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"cpu": "100m", "memory": "64Mi"}},
        "ports": [{"name": "http", "containerPort": SOLVER_PORT}],
        "securityContext": {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "metadata": {"generateName": "cm-acme-http-solver-", "labels": _labels(number)},
        "spec": {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "nodeSelector": {"kubernetes.io/os": "linux"},
            "restartPolicy": "OnFailure",
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [container],
        },
    }


def solver_service(number: int) -> dict[str, Any]:
    """The Service before it: a NodePort, unless the issuer says otherwise."""
    ports = [{"name": "http", "port": SOLVER_PORT, "targetPort": SOLVER_PORT}]
    return {
        "metadata": {"generateName": "cm-acme-http-solver-", "labels": _labels(number)},
        "spec": {"type": "NodePort", "ports": ports, "selector": _labels(number)},
    }


def solver_ingress(number: int, host: str) -> dict[str, Any]:
    """The Ingress that leads the challenge's path there."""
    backend = {"service": {"name": f"cm-acme-http-solver-{number}", "port": {"number": SOLVER_PORT}}}
    path = {"path": f"/.well-known/acme-challenge/{number}", "pathType": "Exact", "backend": backend}
    return {
        "metadata": {"generateName": "cm-acme-http-solver-", "labels": _labels(number)},
        "spec": {"ingressClassName": "traefik", "rules": [{"host": host, "http": {"paths": [path]}}]},
    }


def _istio_proxy() -> dict[str, Any]:
    return {
        "name": "istio-proxy",
        "image": "docker.io/istio/proxyv2:1.27.0",
        "args": ["proxy", "sidecar"],
        "ports": [{"containerPort": 15090, "protocol": "TCP", "name": "http-envoy-prom"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "2", "memory": "1Gi"}},
        # Its own values leave the seccomp profile to the pod.
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 1337,
            "runAsGroup": 1337,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"mountPath": "/etc/istio/proxy", "name": "istio-envoy"},
            {"mountPath": "/var/lib/istio/data", "name": "istio-data"},
            {"mountPath": "/etc/istio/pod", "name": "istio-podinfo"},
            {"mountPath": "/var/run/secrets/tokens", "name": "istio-token"},
        ],
    }


def _istio_validation() -> dict[str, Any]:
    proxy = _istio_proxy()
    kept = {key: proxy[key] for key in ("image", "resources", "securityContext")}
    return {"name": "istio-validation", "args": ["istio-iptables", "--run-validation", "--skip-rule-apply"], **kept}


def _istio_volumes() -> list[dict[str, Any]]:
    token = {"serviceAccountToken": {"path": "istio-token", "expirationSeconds": 43200, "audience": "istio-ca"}}
    labels = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}
    return [
        {"name": "istio-envoy", "emptyDir": {"medium": "Memory"}},
        {"name": "istio-data", "emptyDir": {}},
        {"name": "istio-podinfo", "downwardAPI": {"items": [labels]}},
        {"name": "istio-token", "projected": {"sources": [token]}},
    ]


def _linkerd_proxy() -> dict[str, Any]:
    # No resources by default: the LimitRange gives them.
    return {
        "name": "linkerd-proxy",
        "image": "cr.l5d.io/linkerd/proxy:edge-26.8.1",
        "ports": [{"containerPort": 4143, "name": "linkerd-proxy"}, {"containerPort": 4191, "name": "linkerd-admin"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": 2102,
            "runAsGroup": 2102,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"mountPath": "/var/run/linkerd/identity/end-entity", "name": "linkerd-identity"}],
    }


def _linkerd_validator() -> dict[str, Any]:
    proxy = _linkerd_proxy()
    return {
        "name": "linkerd-network-validator",
        "image": proxy["image"],
        "command": ["/usr/lib/linkerd/linkerd2-network-validator"],
        "securityContext": {**proxy["securityContext"], "runAsUser": 65534, "runAsGroup": 65534},
    }


def _injected(
    template: Template,
    *,
    first: dict[str, Any],
    proxy: dict[str, Any],
    volumes: list[dict[str, Any]],
    native: bool,
) -> dict[str, Any]:
    made = copy.deepcopy(dict(template))
    spec = made["spec"]
    sidecar = [{**proxy, "restartPolicy": "Always"}] if native else []
    spec["initContainers"] = [first, *sidecar, *spec.get("initContainers", [])]
    spec["containers"] = [*spec["containers"], *([] if native else [proxy])]
    spec["volumes"] = [*spec.get("volumes", []), *volumes]
    return made


def _istio(template: Template, *, native: bool) -> dict[str, Any]:
    return _injected(template, first=_istio_validation(), proxy=_istio_proxy(), volumes=_istio_volumes(), native=native)


def _linkerd(template: Template, *, native: bool) -> dict[str, Any]:
    volumes = [{"name": "linkerd-identity", "emptyDir": {"medium": "Memory"}}]
    return _injected(template, first=_linkerd_validator(), proxy=_linkerd_proxy(), volumes=volumes, native=native)


MESHES: Final[Mapping[str, Callable[[Template], dict[str, Any]]]] = {
    "Istio": lambda template: _istio(template, native=False),
    "Istio, native sidecar": lambda template: _istio(template, native=True),
    "Linkerd": lambda template: _linkerd(template, native=False),
    "Linkerd, native sidecar": lambda template: _linkerd(template, native=True),
}
