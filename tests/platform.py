"""The real program on the throw-away cluster."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from flagops.engines.direct.api import DirectEngine
from flagops.engines.direct.results import DirectResult
from flagops.local_cluster.api import LocalCluster
from flagops.stacks.files import Stack, load_stack
from tests.recording import ROOT

NAMESPACE = "feature-flags"
COLLECTIONS = (
    "/api/v1/namespaces/feature-flags/pods",
    "/api/v1/namespaces/feature-flags/secrets",
    "/api/v1/namespaces/feature-flags/configmaps",
    "/api/v1/namespaces/feature-flags/services",
    "/api/v1/namespaces/feature-flags/serviceaccounts",
    "/api/v1/namespaces/feature-flags/persistentvolumeclaims",
    "/api/v1/namespaces/feature-flags/resourcequotas",
    "/api/v1/namespaces/feature-flags/limitranges",
    "/apis/apps/v1/namespaces/feature-flags/deployments",
    "/apis/apps/v1/namespaces/feature-flags/replicasets",
    "/apis/apps/v1/namespaces/feature-flags/statefulsets",
    "/apis/batch/v1/namespaces/feature-flags/jobs",
    "/apis/batch/v1/namespaces/feature-flags/cronjobs",
    "/apis/policy/v1/namespaces/feature-flags/poddisruptionbudgets",
    "/apis/autoscaling/v2/namespaces/feature-flags/horizontalpodautoscalers",
    "/apis/networking.k8s.io/v1/namespaces/feature-flags/ingresses",
    "/apis/networking.k8s.io/v1/namespaces/feature-flags/networkpolicies",
)
CHANGING = ("resourceVersion", "managedFields")
"""What of an object's metadata is another at each turn."""

REPLICAS = ("replicas", "readyReplicas", "availableReplicas", "updatedReplicas")
LASTING = (*REPLICAS, "phase", "active", "succeeded", "failed")
"""What of an object's status stays so after a deployment."""


@dataclass
class Platform:
    """The stack `local` on the throw-away cluster, with some of its settings replaced."""

    cluster: LocalCluster
    http: httpx.Client
    _left: tuple[str, dict[str, Any]] | None = field(default=None, init=False, repr=False)

    def stack(self, overrides: Mapping[str, object] | None = None) -> Stack:
        loaded = load_stack("local", ROOT)
        config = dict(loaded.config) | {f"feature-flags:{key}": value for key, value in (overrides or {}).items()}
        return replace(loaded, config=config)

    def engine(self, overrides: Mapping[str, object] | None = None) -> DirectEngine:
        return DirectEngine(ROOT, self.stack(overrides), self.cluster.kubeconfig, self.cluster.context)

    def up(self, overrides: Mapping[str, object] | None = None) -> DirectResult:
        self._left = None
        result = self.engine(overrides).up()
        self.left(overrides)
        return result

    def left(self, overrides: Mapping[str, object] | None = None) -> None:
        """Take the stack as it is for what `up` makes with these settings: a command has deployed it with them.

        The tests of that command prove it: a preview with these settings has no changes.
        """
        self._left = (json.dumps(overrides or {}, sort_keys=True), self._state())

    def ensure(self, overrides: Mapping[str, object] | None = None) -> None:
        """Have the stack as its file says, with these settings replaced; deploys it, unless it is as `up` left it."""
        if self._left != (json.dumps(overrides or {}, sort_keys=True), self._state()):
            self.up(overrides)

    def _state(self) -> dict[str, Any]:
        """All objects but pods, what is wanted of them and what has become of it.

        What becomes of the pods that count is in the status of their owners. Left out is what goes on changing after a
        deployment: the versions, and the parts of the status that count what is used or say when it was looked at.
        """
        namespace = self.items("/api/v1/namespaces", **{"kubernetes.io/metadata.name": NAMESPACE})
        listed = [item for path in COLLECTIONS[1:] for item in self.items(path)]
        return {str(item["metadata"]["uid"]): _lasting(item) for item in (*namespace, *listed)}

    def get(self, path: str) -> dict[str, Any]:
        response = self.http.get(path)
        response.raise_for_status()
        return dict(response.json())

    def items(self, path: str, **labels: str) -> list[dict[str, Any]]:
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        response = self.http.get(path, params={"labelSelector": selector})
        response.raise_for_status()
        return list(response.json()["items"])

    def versions(self) -> dict[str, str]:
        """The resource version of every object of the namespace, and of the namespace."""
        found = {}
        for item in self.items("/api/v1/namespaces", **{"kubernetes.io/metadata.name": NAMESPACE}):
            found["namespace"] = item["metadata"]["resourceVersion"]
        for path in COLLECTIONS:
            for item in self.items(path):
                found[f"{path}/{item['metadata']['name']}"] = item["metadata"]["resourceVersion"]
        return found

    def generations(self) -> dict[str, int]:
        """How often what is wanted of each workload changed."""
        kinds = ("deployments", "statefulsets")
        items = [item for kind in kinds for item in self.items(f"/apis/apps/v1/namespaces/{NAMESPACE}/{kind}")]
        return {item["metadata"]["name"]: item["metadata"]["generation"] for item in items}

    def pods(self, component: str) -> list[dict[str, Any]]:
        """The pods of a component that are not on their way out."""
        label = {"app.kubernetes.io/component": component}
        found = self.items(f"/api/v1/namespaces/{NAMESPACE}/pods", **label)
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def revision(self) -> str:
        """The cluster's latest revision, from which `history` tells what came after it."""
        return str(self.get("/api/v1/namespaces")["metadata"]["resourceVersion"])

    def history(self, path: str, since: str) -> list[tuple[str, dict[str, Any]]]:
        """What happened to the objects of a collection after `since`: the kind of event, and the object then."""
        query = {"watch": "1", "resourceVersion": since, "timeoutSeconds": "1"}
        answer = self.http.get(path, params=query)
        answer.raise_for_status()
        events = [json.loads(line) for line in answer.text.splitlines()]
        assert all(event["type"] != "ERROR" for event in events), events[-1]
        return [(event["type"], event["object"]) for event in events]

    def scales(self, since: str) -> list[tuple[int, int]]:
        """The wanted and the available replicas of the API, each time its Deployment changed after `since`."""
        path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
        found = [item for _, item in self.history(path, since) if item["metadata"]["name"] == "flagsmith"]
        return [(item["spec"]["replicas"], item["status"].get("availableReplicas", 0)) for item in found]

    def available(self) -> int:
        status = self.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith")["status"]
        return int(status.get("availableReplicas", 0))


@contextmanager
def cordoned(platform: Platform, nodes: Collection[str]) -> Iterator[None]:
    """No new pod gets on these nodes, as while they are drained."""
    merge = {"Content-Type": "application/merge-patch+json"}

    def mark(*, unschedulable: bool) -> None:
        for node in nodes:
            body = {"spec": {"unschedulable": unschedulable}}
            platform.http.patch(f"/api/v1/nodes/{node}", json=body, headers=merge).raise_for_status()

    try:
        mark(unschedulable=True)
        yield
    finally:
        mark(unschedulable=False)


def evict(platform: Platform, pod: str) -> int:
    """Ask for a pod's eviction, as a drain does, and return the status: 429 where its budget refuses."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": NAMESPACE}}
    return platform.http.post(f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/eviction", json=body).status_code


def _lasting(item: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what goes on changing after a deployment."""
    metadata = {
        key: value for key, value in item["metadata"].items() if key not in ("resourceVersion", "managedFields")
    }
    status = {key: value for key, value in item.get("status", {}).items() if key in LASTING}
    return {**item, "metadata": metadata, "status": status}
