"""The instance managers of all Clusters: pods get ready, the target becomes the primary, parameters are loaded.

What they do follows internal/management/controller/ of CloudNativePG 1.30. One that is fenced, or that a test has stop,
is not ready: the operator fails over from the latter, by way of no primary (`pending`), when nobody receives from it
any more. Not played: PostgreSQL itself, and so roles, databases, archives and backups; the Lease that a server takes
before it becomes the primary; parameters whose decrease must reach the primary first (hot standby's). Addresses of
pods are this machine's loopback addresses, which Kubernetes takes into no EndpointSlice: Services have no endpoints.
"""

import base64
import hashlib
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from flagops.local_cluster import rest
from tests.doubles.cloudnative_pg.instance import Instance, is_fenced, parameters_of
from tests.doubles.cloudnative_pg.pods import is_to_run, pod_path, running
from tests.doubles.cloudnative_pg.serving import listening, served
from tests.doubles.cloudnative_pg.watching import Key, Watched, key

CLUSTERS: Final = "/apis/postgresql.cnpg.io/v1/clusters"
INSTANCES: Final = "cnpg.io/podRole=instance"

HEALTHY: Final = "Cluster in healthy state"
APPLYING: Final = "Applying configuration"
RESTARTING_IN_PLACE: Final = "Primary instance is being restarted in-place"

POSITION: Final = "0/3000060"


class InstanceManagers:
    """All of them, each in step with its pod.

    Args:
        http: The cluster.
        directory: For certificates.
        version: The operator's.
        architecture: That of its program, as Go names it.
        program_hash: The program's SHA-256: an instance manager of another one would be replaced.

    Attributes:
        pods: The pods of instances.
        clusters: The Clusters.
    """

    def __init__(self, http: httpx.Client, directory: Path, version: str, architecture: str, program_hash: str) -> None:
        self._http, self._directory = http, directory
        self._program = {
            "executableHash": program_hash,
            "instanceManagerVersion": version,
            "instanceArch": architecture,
        }
        self._lock = threading.Lock()
        self._instances: dict[str, Instance] = {}
        self._stopped: set[str] = set()
        self.pods = Watched(http, "/api/v1/pods", INSTANCES, self._settle)
        self.clusters = Watched(http, CLUSTERS, "", self._settle)

    def check(self) -> None:
        """Raise what has ended one of the two watches."""
        for watched in (self.pods, self.clusters):
            if watched.failure is not None:
                raise RuntimeError("the stand-in for the instance managers has ended") from watched.failure

    def loaded(self, cluster: Key) -> list[Mapping[str, str]]:
        """The parameters that each instance of a Cluster has loaded."""
        return [item.loaded for item in list(self._instances.values()) if item.cluster == cluster]

    def sessions(self, cluster: Key) -> dict[str, str]:
        """The session of each PostgreSQL of a Cluster: another one after each start."""
        return {item.name: item.session for item in list(self._instances.values()) if item.cluster == cluster}

    @contextmanager
    def stopped(self, *names: str) -> Iterator[None]:
        """PostgreSQL does not run in these instances, and nobody was asked; it starts again in the end."""
        self._stopped |= {*names}
        self._settle()
        try:
            yield
        finally:
            self._stopped -= {*names}
            self._settle()

    @contextmanager
    def running(self) -> Iterator["InstanceManagers"]:
        try:
            self.clusters.start()
            self.pods.start()
            yield self
        finally:
            self.pods.stop()
            self.clusters.stop()
            for instance in self._instances.values():
                instance.ending.close()

    def _settle(self) -> None:
        with self._lock:
            there = {pod["metadata"]["uid"]: pod for pod in self.pods.items.values() if is_to_run(pod)}
            for uid in self._instances.keys() - there.keys():
                self._instances.pop(uid).ending.close()
            for uid in there.keys() - self._instances.keys():
                instance = self._started(there[uid])
                if instance is not None:
                    self._instances[uid] = instance
            for instance in self._instances.values():
                self._start_or_stop(instance)
            for cluster in self.clusters.items.values():
                self._manage(cluster)

    def _runs(self, instance: Instance) -> bool:
        return instance.is_up and instance.name not in self._stopped

    def _start_or_stop(self, instance: Instance) -> None:
        cluster = self.clusters.items.get(instance.cluster)
        if cluster is None:
            return
        is_up = instance.name not in self._stopped and not is_fenced(cluster, instance.name)
        path = pod_path(instance.pod)
        if is_up != instance.is_up and self._patch(
            path, {"status": running(instance.pod, instance.address, is_ready=is_up)}
        ):
            instance.is_up = is_up
            if is_up:
                instance.start_postgres(parameters_of(cluster))

    def _started(self, pod: dict[str, Any]) -> Instance | None:
        """Bring a pod up: its server first, then its readiness, as with a probe."""
        instance = Instance(pod, ExitStack())
        cluster = self.clusters.items.get(instance.cluster)
        if cluster is None:
            return None
        instance.start_postgres(parameters_of(cluster))
        listener = listening()
        certificate = self._certificate(cluster)
        instance.ending.enter_context(served(listener, certificate, lambda: self._status(instance)))
        instance.address = listener.getsockname()[0]
        if not self._patch(pod_path(pod), {"status": running(pod, instance.address, is_ready=True)}):
            instance.ending.close()
            return None
        return instance

    def _certificate(self, cluster: Mapping[str, Any]) -> Path:
        namespace, name = key(cluster)
        secret = cluster["status"]["certificates"]["serverTLSSecret"]
        found = rest.get(self._http, f"/api/v1/namespaces/{namespace}/secrets/{secret}")["data"]
        path = self._directory / f"{namespace}-{name}.pem"
        path.write_bytes(b"".join(base64.b64decode(found[part]) for part in ("tls.key", "tls.crt")))
        path.chmod(0o600)
        return path

    def _manage(self, cluster: Mapping[str, Any]) -> None:
        """What the instance managers of a Cluster do when it has changed: at most one step, which changes it again."""
        status, namespace = cluster.get("status", {}), cluster["metadata"]["namespace"]
        instances = {item.name: item for item in self._instances.values() if item.cluster == key(cluster)}
        path = f"/apis/postgresql.cnpg.io/v1/namespaces/{namespace}/clusters/{cluster['metadata']['name']}"
        current, target = status.get("currentPrimary"), status.get("targetPrimary")
        if target != current and target in instances and self._runs(instances[target]):
            moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            self._patch(path, {"status": {"currentPrimary": target, "currentPrimaryTimestamp": moment}})
        elif status.get("phase") == RESTARTING_IN_PLACE and current in instances:
            instances[current].start_postgres(parameters_of(cluster))
            self._set_phase(path, cluster, HEALTHY, "Primary instance restarted in-place")
        else:
            self._reload(path, cluster, instances)

    def _reload(self, path: str, cluster: Mapping[str, Any], instances: Mapping[str, Instance]) -> None:
        """Read the parameters; one instance asks the operator for restarts, a replica if there is one."""
        wanted, status = parameters_of(cluster), cluster.get("status", {})
        for name, instance in instances.items():
            if instance.loaded == wanted:
                continue
            before, instance.loaded = instance.loaded, wanted
            leaves_it = name == status.get("currentPrimary") and cluster["spec"]["instances"] > 1
            if instance.pending_restart and status.get("phase") != APPLYING and not leaves_it:
                if not self._set_phase(path, cluster, APPLYING, "PostgreSQL configuration changed"):
                    instance.loaded = before
                return

    def _set_phase(self, path: str, cluster: Mapping[str, Any], phase: str, reason: str) -> bool:
        """Say it unless the Cluster has changed meanwhile: then its next state is looked at."""
        others = [item for item in cluster["status"]["conditions"] if item["type"] != "Ready"]
        ready = {
            "type": "Ready",
            "status": str(phase == HEALTHY),
            "reason": "ClusterIsReady" if phase == HEALTHY else "ClusterIsNotReady",
            "message": "Cluster is Ready" if phase == HEALTHY else "Cluster Is Not Ready",
            "lastTransitionTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        status = {"phase": phase, "phaseReason": reason, "conditions": [*others, ready]}
        seen = {"resourceVersion": cluster["metadata"]["resourceVersion"]}
        return self._patch(path, {"metadata": seen, "status": status})

    def _patch(self, path: str, change: Mapping[str, Any]) -> bool:
        """Change an object's status; whether it was there, and as it was seen."""
        answer = self._http.patch(
            f"{path}/status", json=change, headers={"Content-Type": "application/merge-patch+json"}
        )
        if answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            return False
        answer.raise_for_status()
        return True

    def _status(self, instance: Instance) -> Mapping[str, Any] | None:
        """What the instance manager tells the operator of its PostgreSQL."""
        cluster = self.clusters.items.get(instance.cluster)
        if cluster is None:
            return None
        if instance.name in self._stopped:
            return None
        if not instance.is_up:
            # Fenced, or starting again: the operator puts no other one in its place for that.
            return {"mightBeUnavailable": True, **self._program}
        current, target = (cluster.get("status", {}).get(name, "") for name in ("currentPrimary", "targetPrimary"))
        is_primary = instance.name == (current or target)
        leads = any(item.name == current == target and self._runs(item) for item in list(self._instances.values()))
        replica = {"receivedLsn": POSITION, "replayLsn": POSITION, "isWalReceiverActive": leads}
        settings = json.dumps(dict(instance.loaded), sort_keys=True)
        return {
            "systemID": str(uuid.UUID(cluster["metadata"]["uid"]).int % 10**19),
            "isPrimary": is_primary,
            "timeLineID": 1,
            "pendingRestart": instance.pending_restart,
            "loadedConfigurationHash": hashlib.sha256(settings.encode()).hexdigest(),
            "sessionID": instance.session,
            **self._program,
            **({"currentLsn": POSITION} if is_primary else replica),
        }
