"""What becomes of applied objects in a cluster: the best status that each can reach by what has been applied.

Nothing comes from nowhere: a pod runs when its account, ConfigMaps, Secrets and claims are there and what its program
needs works; a claim of a class that waits is bound by a pod that runs; an Ingress has an address where a controller
gives one.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flagops.evaluation.program import KubeObject, Program
from flagops.kubernetes.objects import Ref
from policies.model import Object, Objects
from policies.pods import pods

Manifest = Mapping[str, Any]
SERVER: Final = {"Deployment", "StatefulSet"}
# What no pod needs, though the program has it made before: it is about pods that are there.
AROUND: Final = {"CronJob", "HorizontalPodAutoscaler", "Ingress", "PodDisruptionBudget"}


@dataclass(frozen=True, kw_only=True)
class World:
    """A cluster's ways.

    Attributes:
        binds_at_once: whether a claim is bound without a pod (`Immediate`) or by its first (`WaitForFirstConsumer`).
        has_addresses: whether the ingress controller, or that of the Gateway, reports an address.
        last_night_failed: whether the last Job of each CronJob failed, after one that did not.
        has_metrics: whether there are metrics of the pods, as an autoscaler needs them.
    """

    binds_at_once: bool
    has_addresses: bool
    last_night_failed: bool
    has_metrics: bool


WORLDS: Final = tuple(
    # All but the binding of claims concerns one kind each, so that these may be good or bad together.
    World(binds_at_once=binds_at_once, has_addresses=good, last_night_failed=not good, has_metrics=good)
    for binds_at_once in (True, False)
    for good in (True, False)
)


def live(program: Program, applied: Collection[Ref], world: World) -> dict[Ref, Manifest]:
    """The applied objects as the cluster shows them in the end."""
    cluster = _Cluster(program, applied, world)
    return {ref: cluster.shown(program.by_ref[ref]) for ref in applied}


class _Cluster:
    def __init__(self, program: Program, applied: Collection[Ref], world: World) -> None:
        self._program, self._applied, self._world = program, set(applied), world
        self._there = {(ref.kind, ref.name) for ref in applied}
        # What the program does not make is the operator's, who was told to make it before.
        self._made = {(item.ref.kind, item.ref.name) for item in program.objects}
        self._stores = {item.ref.name for item in program.objects if item.ref.kind == "ExternalSecret"}
        self._works: dict[Ref, bool] = {}
        self._mounted = {claim for item in self._items() for claim in self._bound_by(item)}

    def _items(self) -> Iterator[KubeObject]:
        return (self._program.by_ref[ref] for ref in sorted(self._applied))

    def _has(self, kind: str, name: str) -> bool:
        if kind == "Secret" and name in self._stores:
            return ("ExternalSecret", name) in self._there
        return (kind, name) in self._there or (kind, name) not in self._made

    def works(self, item: KubeObject) -> bool:
        """Whether what it is for is done: its pods run, or have run to their end."""
        if item.ref not in self._works:
            self._works[item.ref] = False  # what needs itself never works
            needs = [self._program.by_ref[need] for need in item.needs if need.kind not in AROUND]
            is_served = all(need.ref in self._applied and self.works(need) for need in needs)
            self._works[item.ref] = is_served and all(self._has(kind, name) for kind, name in _mounts(item))
        return self._works[item.ref]

    def _bound_by(self, item: KubeObject) -> set[str]:
        """The claims that the pods of a workload have; a CronJob's pods come when their hour does."""
        if item.ref.kind not in (*SERVER, "Job") or not self.works(item):
            return set()
        return {name for kind, name in _mounts(item) if kind == "PersistentVolumeClaim"}

    def shown(self, item: KubeObject) -> Manifest:
        """The object with its status."""
        metadata = {**item.manifest["metadata"], "generation": 1}
        status = getattr(self, f"_{item.ref.kind}", lambda _: None)(item)
        return {**item.manifest, "metadata": metadata, **({} if status is None else {"status": status})}

    def _PersistentVolumeClaim(self, item: KubeObject) -> Manifest:  # noqa: N802 by the kind's name
        return {"phase": "Bound" if self._world.binds_at_once or item.ref.name in self._mounted else "Pending"}

    def _Ingress(self, _: KubeObject) -> Manifest:  # noqa: N802
        return {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]} if self._world.has_addresses else {}}

    def _Gateway(self, _: KubeObject) -> Manifest:  # noqa: N802
        return {"conditions": [{"type": "Programmed", "status": str(self._world.has_addresses)}]}

    def _HTTPRoute(self, _: KubeObject) -> Manifest:  # noqa: N802
        return {"parents": [{"conditions": [{"type": "Accepted", "status": "True"}]}]}

    def _CronJob(self, item: KubeObject) -> Manifest:  # noqa: N802
        if item.manifest["spec"].get("suspend") or not self._world.last_night_failed:
            return {}
        return {"lastScheduleTime": "2030-01-02T02:15:00Z", "lastSuccessfulTime": "2030-01-01T02:16:00Z"}

    def _Job(self, item: KubeObject) -> Manifest:  # noqa: N802
        done = {"conditions": [{"type": "Complete", "status": "True"}]}
        return {"startTime": "2030-01-02T09:00:00Z", **(done if self.works(item) else {"active": 1})}

    def _Deployment(self, item: KubeObject) -> Manifest:  # noqa: N802
        wanted = item.manifest["spec"].get("replicas", 1)
        ready = wanted if self.works(item) else 0
        progress = "NewReplicaSetAvailable" if ready else "ReplicaSetUpdated"
        return {
            "observedGeneration": 1,
            **dict.fromkeys(("replicas", "updatedReplicas"), wanted),
            **dict.fromkeys(("readyReplicas", "availableReplicas"), ready),
            "conditions": [
                {"type": "Progressing", "status": "True", "reason": progress},
                {"type": "Available", "status": str(bool(ready)), "reason": "Replicas"},
            ],
        }

    def _StatefulSet(self, item: KubeObject) -> Manifest:  # noqa: N802
        ready = 1 if self.works(item) else 0
        counts = {"replicas": 1, "currentReplicas": 1, "updatedReplicas": 1, "readyReplicas": ready}
        return {"observedGeneration": 1, "currentRevision": "a", "updateRevision": "a", **counts}

    def _HorizontalPodAutoscaler(self, item: KubeObject) -> Manifest:  # noqa: N802
        target = item.manifest["spec"]["scaleTargetRef"]
        if (target["kind"], target["name"]) not in self._there:
            return {"conditions": [{"type": "AbleToScale", "status": "False", "reason": "FailedGetScale"}]}
        reason = "ValidMetricFound" if self._world.has_metrics else "FailedGetResourceMetric"
        return {
            "conditions": [
                {"type": "AbleToScale", "status": "True", "reason": "SucceededGetScale"},
                {"type": "ScalingActive", "status": str(self._world.has_metrics), "reason": reason},
            ]
        }

    def _PodDisruptionBudget(self, _: KubeObject) -> Manifest:  # noqa: N802
        condition = {"type": "DisruptionAllowed", "status": "False", "reason": "InsufficientPods"}
        return {"observedGeneration": 1, "conditions": [condition]}

    def _ExternalSecret(self, item: KubeObject) -> Manifest:  # noqa: N802
        return {"conditions": [{"type": "Ready", "status": str(self._has("Namespace", item.ref.namespace))}]}


def _mounts(item: KubeObject) -> Iterator[tuple[str, str]]:
    """The objects without which no pod of a workload starts, by kind and name."""
    for pod in pods(Objects((Object(item.manifest),))):
        spec = pod.spec
        yield "ServiceAccount", spec.get("serviceAccountName", "default")
        yield from _volumes(spec)
        for container in [*spec.get("initContainers", []), *spec["containers"]]:
            yield from _sources(container)


def _volumes(spec: Manifest) -> Iterator[tuple[str, str]]:
    for volume in spec.get("volumes", []):
        for key, kind, field in (
            ("configMap", "ConfigMap", "name"),
            ("secret", "Secret", "secretName"),
            ("persistentVolumeClaim", "PersistentVolumeClaim", "claimName"),
        ):
            if key in volume and not volume[key].get("optional"):
                yield kind, volume[key][field]


def _sources(container: Manifest) -> Iterator[tuple[str, str]]:
    given = [variable.get("valueFrom", {}) for variable in container.get("env", [])]
    for source in [*given, *container.get("envFrom", [])]:
        for key, kind in (
            *(("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")),
            *(("secretRef", "Secret"), ("configMapRef", "ConfigMap")),
        ):
            if key in source and not source[key].get("optional"):
                yield kind, source[key]["name"]
