"""All of the stack at once and what others make beside it, under quota, LimitRange and Pod Security together."""

import copy
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from components.settings import Settings, budget, parse
from components.settings.rollouts import surge
from components.settings.sizes import SIZES
from flagops.local_cluster import rest
from flagops.local_cluster.api import LocalCluster
from flagops.stacks.files import load_stack
from tests.deployment.lodgers import MESHES, solver_ingress, solver_pod, solver_service
from tests.fixtures_cluster import eventually
from tests.recording import ROOT, Recording, all_containers, pod_templates, record

pytestmark = pytest.mark.cluster

# With everything that makes a pod.
EVERYTHING: Mapping[str, object] = {
    "autoscaling": {"enabled": True},
    "audit": {"enabled": True, "export": {"sink": "stdout"}},
    "monitoring": {"enabled": True},
}
COMPONENT = "app.kubernetes.io/component"
EXACT = "bounds that are just enough"
CASES = (*((size, size) for size in SIZES), (EXACT, "small"))


@dataclass
class Room:
    """A namespace with the quota, the LimitRange and the labels of a stack, in which nothing runs yet."""

    http: httpx.Client
    name: str
    stack: Recording
    settings: Settings
    is_exact: bool
    number: int = field(default=0)

    def post(self, path: str, manifest: Mapping[str, Any], *, dry: bool = False) -> httpx.Response:
        body = copy.deepcopy(dict(manifest))
        body["metadata"] = {**body["metadata"], "namespace": self.name}
        return self.http.post(path.format(self.name), json=body, params={"dryRun": "All"} if dry else {})

    def made(self, path: str, manifest: Mapping[str, Any], *, dry: bool = False) -> dict[str, Any]:
        answer = self.post(path, manifest, dry=dry)
        assert answer.status_code == 201, f"{manifest['metadata']}: {answer.json()['message']}"
        return dict(answer.json())

    def pod(self, template: Mapping[str, Any], *, dry: bool = False) -> dict[str, Any]:
        """A pod as a controller makes it of a template; no scheduler takes it, since it is admitted before that."""
        self.number += 1
        manifest = copy.deepcopy({"metadata": template["metadata"], "spec": template["spec"]})
        manifest["spec"]["schedulerName"] = "none"
        manifest["metadata"]["name"] = f"pod-{self.number}"
        return self.made("/api/v1/namespaces/{}/pods", manifest, dry=dry)


def pods_at_most(stack: Recording, *, exactly: bool) -> Iterator[Mapping[str, Any]]:
    """The pods of every Deployment at its largest and one more, of every StatefulSet, Job and CronJob.

    With `exactly` without the Jobs of the database's roles, which never run beside both of migration and bootstrap.
    """
    scaled = {scaler["spec"]["scaleTargetRef"]["name"]: scaler for scaler in stack.all("HorizontalPodAutoscaler")}
    for name, template in pod_templates(stack):
        kind, _, plain = name.partition("/")
        if exactly and kind == "Job" and template["metadata"]["labels"][COMPONENT] == "database-roles":
            continue
        count = 1
        if kind == "Deployment":
            spec = stack.one(kind, plain)["spec"]
            most = scaled[plain]["spec"]["maxReplicas"] if plain in scaled else spec["replicas"]
            count = most + (0 if spec["strategy"]["type"] == "Recreate" else added(spec, most))
        yield from [template] * count


def added(spec: Mapping[str, Any], most: int) -> int:
    """How many pods a rolling update of a Deployment adds."""
    stated = spec["strategy"]["rollingUpdate"]["maxSurge"]
    return surge(most) if isinstance(stated, str) else int(stated)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: str(case[0]))
def room(request: pytest.FixtureRequest, cluster: LocalCluster) -> Iterator[Room]:
    case, size = request.param
    overrides: dict[str, Any] = {**EVERYTHING, "size": size}
    config = {key.partition(":")[2]: value for key, value in load_stack("production", ROOT).config.items()}
    known = {key: value for key, value in config.items() if key != "disable-default-providers"}
    settings = parse({**known, **overrides})
    if case == EXACT:
        keys = ("requestsCpu", "requestsMemory", "limitsCpu", "limitsMemory", "pods", "persistentVolumeClaims")
        need = budget.need(settings)
        stated = {key: budget.format_amount(name, need[name]) for key, name in zip(keys, need, strict=True)}
        overrides["namespace"] = {"quota": stated}
    stack = record("production", overrides)
    with rest.client(cluster.kubeconfig) as http:
        made = Room(http, f"room-{CASES.index(request.param)}", stack, settings, case == EXACT)
        furnish(made)
        try:
            yield made
        finally:
            http.delete(f"/api/v1/namespaces/{made.name}").raise_for_status()


def furnish(room: Room) -> None:
    (namespace,) = room.stack.all("Namespace")
    labels = namespace["metadata"]["labels"]
    room.http.post("/api/v1/namespaces", json={"metadata": {"name": room.name, "labels": labels}}).raise_for_status()
    for kind, path in (("LimitRange", "limitranges"), ("ResourceQuota", "resourcequotas")):
        for manifest in room.stack.all(kind):
            room.made(f"/api/v1/namespaces/{{}}/{path}", manifest)
    for manifest in (*room.stack.all("ServiceAccount"), {"metadata": {"name": "default"}}):
        assert room.post("/api/v1/namespaces/{}/serviceaccounts", manifest).status_code in (201, 409)

    def the_quota_counts() -> bool:
        found = room.http.get(f"/api/v1/namespaces/{room.name}/resourcequotas/feature-flags").json()
        return bool(found.get("status", {}).get("hard") == found["spec"]["hard"])

    eventually(the_quota_counts, seconds=60)


@pytest.mark.timeout(300)
def test_all_of_the_stack_and_all_that_others_make_are_admitted_together(
    room: Room, cluster: LocalCluster, program: Callable[[str, str], str]
) -> None:
    for template in pods_at_most(room.stack, exactly=room.is_exact):
        room.pod(template)
    for claim in room.stack.all("PersistentVolumeClaim"):
        room.made("/api/v1/namespaces/{}/persistentvolumeclaims", claim)
    for service in room.stack.all("Service"):
        room.made("/api/v1/namespaces/{}/services", service)
    for number in range(budget.SOLVERS):
        room.made("/api/v1/namespaces/{}/pods", solver_pod(number))
        service = room.made("/api/v1/namespaces/{}/services", solver_service(number))
        assert service["spec"]["type"] == "NodePort"
        path = "/apis/networking.k8s.io/v1/namespaces/{}/ingresses"
        room.made(path, solver_ingress(number, room.settings.host))
    debug(room, cluster, program("kubectl", "kubernetes-client"))


def debug(room: Room, cluster: LocalCluster, kubectl: str) -> None:
    """Somebody looks at an API pod: into it, and into a copy of it."""
    api = room.stack.one("Deployment", "flagsmith")["spec"]["selector"]["matchLabels"]
    selector = ",".join(f"{key}={value}" for key, value in api.items())
    found = room.http.get(f"/api/v1/namespaces/{room.name}/pods", params={"labelSelector": selector}).json()["items"]
    target = found[0]["metadata"]["name"]
    at = [kubectl, "--kubeconfig", str(cluster.kubeconfig), "--namespace", room.name]
    command = [*at, "debug", target, "--image=busybox:1.37", "--profile=restricted", "--attach=false"]
    for ways in (["--container=debugger", "--", "sh"], ["--copy-to=debugged", "--container=debugger", "--", "sh"]):
        done = subprocess.run([*command, *ways], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Warning" not in done.stderr, done.stderr


# Bounds on CPU and memory are reckoned without a mesh, as the settings say.
@pytest.mark.parametrize("room", CASES[:-1], ids=lambda case: str(case[0]), indirect=True)
@pytest.mark.parametrize("mesh", MESHES)
def test_the_sidecar_of_a_mesh_is_admitted_in_every_pod(room: Room, mesh: str) -> None:
    for _, template in pod_templates(room.stack):
        injected = room.pod(MESHES[mesh](template), dry=True)
        assert all(container["resources"].get("limits") for container in all_containers(injected))


def test_a_load_balancer_of_somebody_s_own_is_refused(room: Room) -> None:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "x"}}
    answer = room.post("/api/v1/namespaces/{}/services", {"metadata": {"name": "own"}, "spec": spec})
    assert answer.status_code == 403
    assert "services.loadbalancers" in answer.json()["message"]
