"""A cluster that is a dictionary behind HTTP: for what is only read, and for faults that a real one does not have."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import yaml

from components.deployment.presence import DeclaredObject
from components.deployment.recorded import Deployment, written
from components.kit import names

NAMESPACE = "feature-flags"
OF_THE_CLUSTER = ("Namespace", "Node")
# The collections by the kind of what is in them.
KINDS = {
    ("v1", "Namespace"): "namespaces",
    ("v1", "Node"): "nodes",
    ("v1", "ConfigMap"): "configmaps",
    ("v1", "Secret"): "secrets",
    ("v1", "Service"): "services",
    ("v1", "Pod"): "pods",
    ("v1", "PersistentVolumeClaim"): "persistentvolumeclaims",
    ("v1", "ResourceQuota"): "resourcequotas",
    ("v1", "LimitRange"): "limitranges",
    ("v1", "ServiceAccount"): "serviceaccounts",
    ("apps/v1", "Deployment"): "deployments",
    ("apps/v1", "StatefulSet"): "statefulsets",
    ("batch/v1", "Job"): "jobs",
    ("batch/v1", "CronJob"): "cronjobs",
    ("policy/v1", "PodDisruptionBudget"): "poddisruptionbudgets",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "horizontalpodautoscalers",
    ("networking.k8s.io/v1", "Ingress"): "ingresses",
    ("networking.k8s.io/v1", "NetworkPolicy"): "networkpolicies",
    ("postgresql.cnpg.io/v1", "Cluster"): "clusters",
    ("coordination.k8s.io/v1", "Lease"): "leases",
}


@dataclass
class FakeCluster:
    """The objects by the path of their API, plain texts such as logs, and every path that was asked for.

    A path that was not only to be read has its method before it.
    """

    port: int
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)

    def add(self, api_version: str, kind: str, name: str, *, uid: str = "", **rest: Any) -> dict[str, Any]:
        """Put an object into it; `rest` are fields of the object, those of `metadata` added to its name and uid."""
        namespaced = {} if kind in OF_THE_CLUSTER else {"namespace": NAMESPACE}
        own = {"name": name, "uid": uid or f"uid-of-{name}", **namespaced, **rest.pop("metadata", {})}
        made = {"apiVersion": api_version, "kind": kind, "metadata": own, **rest}
        self.objects[self.path(api_version, kind, name)] = made
        return made

    def remove(self, api_version: str, kind: str, name: str) -> None:
        del self.objects[self.path(api_version, kind, name)]

    def path(self, api_version: str, kind: str, name: str) -> str:
        base = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        within = "" if kind in OF_THE_CLUSTER else f"/namespaces/{NAMESPACE}"
        return f"{base}{within}/{KINDS[api_version, kind]}/{name}"

    def deployed(self, *objects: DeclaredObject, release: str = "2.265.0", stack: str = "staging") -> None:
        """The namespace, these objects, and the record of the deployment that made them."""
        self.add("v1", "Namespace", NAMESPACE, uid="the-namespace")
        for item in objects:
            ready = {"replicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
            self.add(item.api_version, item.kind, item.name, spec={"replicas": 1}, status=ready)
        data = written(Deployment(stack, release, objects))
        self.add("v1", "ConfigMap", names.DEPLOYMENT, data=data)

    def kubeconfig(self, path: Path, context: str) -> Path:
        """A kubeconfig with this cluster under one context."""
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.port}"}}],
            "users": [{"name": "u", "user": {"token": "only-for-tests"}}],
            "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
        }
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        return path

    def answer(self, path: str) -> tuple[int, Mapping[str, Any]]:
        self.asked.append(path)
        if any(path.startswith(prefix) for prefix in self.denied):
            return 403, {"kind": "Status", "reason": "Forbidden", "message": "not yours to read"}
        if path in self.objects:
            return 200, self.objects[path]
        kind, _, version = path.strip("/").partition("/")
        resources = [
            {"kind": known, "name": plural, "namespaced": known not in OF_THE_CLUSTER}
            for (served, known), plural in KINDS.items()
            if served == version and kind == ("apis" if "/" in version else "api")
        ]
        if resources:
            return 200, {"kind": "APIResourceList", "resources": resources}
        items = [item for key, item in sorted(self.objects.items()) if key.rpartition("/")[0] == path]
        if path.rpartition("/")[2] in KINDS.values():
            return 200, {"kind": "List", "items": items}
        return 404, {"kind": "Status", "reason": "NotFound", "message": f"{path} is not there"}


@contextmanager
def fake_cluster() -> Iterator[FakeCluster]:
    """A cluster without anything in it, but for what each has."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            status, content = (200, None) if path in cluster.texts else cluster.answer(path)
            body = cluster.texts[path].encode() if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            """Nothing can be changed, but that it was tried is kept."""
            cluster.asked.append(f"{self.command} {self.path}")
            self.send_error(HTTPStatus.NOT_IMPLEMENTED)

        do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - as the base class calls them

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cluster = FakeCluster(server.server_address[1])
    cluster.add("v1", "Namespace", "kube-system", uid="the-cluster")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
