"""How far a Cluster of CloudNativePG is, by its own words and its pods: its words alone are late, and never an error.

A Cluster does not say which generation it speaks of, and after a change it calls itself ready for a while: up to 0.7 s
(seen with the operator 1.30.0 on two busy cores), and 2.7 s on a real node at a load of 38. Its pods tell of a new
image or another number; of parameters and resources they tell nothing at first. So an answer counts only when it has
been the same for a while: `Steady`.
"""

import time
from collections.abc import Callable, Sequence
from typing import Final

from components.kit.names import CNPG_CLUSTER, CNPG_ROLE
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import Phase, Readiness, condition

GROUP: Final = "postgresql.cnpg.io/"
INSTANCE: Final = f"{CNPG_ROLE}=instance"
CONTAINER: Final = "postgres"

STEADY_SECONDS: Final = 10.0
"""How long an answer must stay the same: three times the longest that a stale one was seen."""

# api/v1/cluster_types.go of CloudNativePG 1.30; the operator writes two of them where they arise, in
# internal/controller/cluster_controller.go.
HEALTHY: Final = "Cluster in healthy state"
STUCK: Final = frozenset(
    {
        "Cluster cannot execute instance online upgrade due to missing architecture binary",
        "Cluster has incomplete or invalid image catalog",
        "Cluster is unrecoverable and needs manual intervention",
        "Invalid cluster definition",
        "Not enough disk space",
        "Waiting for user action",
    }
)
"""The phases that end only when somebody does something.

Not among them is what the operator tries again by itself: a plugin that is unknown (every 10 s) or fails (every 15 s),
since it may be starting, and objects that it could not make.
"""


MAKING: Final = frozenset({"full-recovery", "major-upgrade"})
"""The roles of Jobs that are tried once: when one has failed, the Cluster waits for ever, and does not say so."""
JOB_ROLE: Final = "cnpg.io/jobRole"


def is_postgres_cluster(item: Manifest) -> bool:
    """Whether an object is a Cluster of CloudNativePG, and not another operator's of that name."""
    return item["kind"] == "Cluster" and str(item["apiVersion"]).startswith(GROUP)


def instances_of(cluster: Manifest) -> str:
    """The selector of the pods of a Cluster's instances."""
    return f"{pods_of(cluster)},{INSTANCE}"


def is_instance_of(pod: Manifest, cluster: Manifest) -> bool:
    """Whether a pod is one of a Cluster's instances: what `instances_of` selects, of pods that are listed already."""
    labels = pod["metadata"].get("labels") or {}
    wanted = dict(part.split("=") for part in instances_of(cluster).split(","))
    return all(labels.get(key) == value for key, value in wanted.items())


def pods_of(cluster: Manifest) -> str:
    """The selector of all of a Cluster's pods: of instances, and of the Jobs that make them."""
    return f"{CNPG_CLUSTER}={cluster['metadata']['name']}"


def assess_cluster(cluster: Manifest, pods: Sequence[Manifest]) -> Readiness:
    """How far a Cluster is at this moment.

    Args:
        cluster: The live object.
        pods: The pods of its instances.
    """
    status = cluster.get("status", {})
    phase, reason = status.get("phase", ""), status.get("phaseReason", "")
    if phase != HEALTHY:
        said = f"{phase}: {reason}".removesuffix(": ") if phase else "its operator has not taken it up yet"
        return Readiness(Phase.FAILED if phase in STUCK else Phase.WAITING, said)
    missing = _missing(cluster, pods)
    return Readiness(Phase.WAITING, missing) if missing else Readiness(Phase.READY)


def failed_job(jobs: Sequence[Manifest]) -> str:
    """Which of a Cluster's Jobs has failed for good, and why; empty when none has."""
    for job in jobs:
        said = condition(job, "Failed")
        if (job["metadata"].get("labels") or {}).get(JOB_ROLE) in MAKING and said.get("status") == "True":
            return f"the Job {job['metadata']['name']} failed ({said.get('message', '')})"
    return ""


def _missing(cluster: Manifest, pods: Sequence[Manifest]) -> str:
    """What a Cluster that calls itself healthy has yet to become; empty when nothing is to be seen."""
    spec, status = cluster["spec"], cluster["status"]
    image, wanted = spec.get("imageName") or status.get("image"), int(spec.get("instances", 1))
    going = [_name(pod) for pod in pods if pod["metadata"].get("deletionTimestamp")]
    old = [_name(pod) for pod in pods if _image(pod) != image]
    unready = [_name(pod) for pod in pods if condition(pod, "Ready").get("status") != "True"]
    primary, target = status.get("currentPrimary"), status.get("targetPrimary")
    if going:
        return f"being deleted: {_names(going)}"
    if old:
        return f"not yet with the image {image}: {_names(old)}"
    if len(pods) != wanted:
        return f"{len(pods)} of {wanted} instances are there"
    if unready:
        return f"not ready: {_names(unready)}"
    if status.get("readyInstances", 0) != wanted:
        return f"{status.get('readyInstances', 0)} of {wanted} instances are ready"
    if primary != target or primary not in {_name(pod) for pod in pods}:
        return f"the primary is {primary or 'none'}, and is to be {target or 'none'}"
    return ""


class Steady:
    """Holds an answer back until it has been the same for a while; that something is waited for is said at once.

    Args:
        seconds: How long that is.
        now: A clock that never jumps.
    """

    def __init__(self, seconds: float = STEADY_SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._now = seconds, now
        self._last: Readiness | None = None
        self._since = 0.0

    def __call__(self, answer: Readiness) -> Readiness:
        """The answer, or that it is waited whether it stays so."""
        moment = self._now()
        if answer != self._last:
            self._last, self._since = answer, moment
        if answer.phase is Phase.WAITING or moment - self._since >= self._seconds:
            return answer
        said = answer.message or "it is ready"
        return Readiness(Phase.WAITING, f"{said} (waiting {self._seconds:g} s whether it stays so)")


def _name(pod: Manifest) -> str:
    return str(pod["metadata"]["name"])


def _names(found: Sequence[str]) -> str:
    return ", ".join(sorted(found))


def _image(pod: Manifest) -> str | None:
    return next((item["image"] for item in pod["spec"]["containers"] if item["name"] == CONTAINER), None)
