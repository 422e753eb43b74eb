"""Make another server of a Cluster the primary, on purpose: before a node is drained, or to get away from a bad one."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from components.kit.names import CNPG_API_VERSION
from flagops.commands.db.live_cluster import WITHOUT_PRIMARY, live_cluster
from flagops.errors import BadInputError, RefusedError, UnsupportedError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.postgres_cluster import HEALTHY, assess_cluster, instances_of
from flagops.kubernetes.readiness import Phase, condition
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

# The old primary is given an hour to stop (the operator's switchoverDelay); nobody waits so long for it here.
SECONDS: Final = 600
# What the operator's own command writes (internal/cmd/plugin/promote of 1.30): the rest is the operator's.
SWITCHING: Final = "Switchover in progress"
OnState = Callable[[str], None]


@dataclass(frozen=True)
class Switchover:
    """What was done.

    Attributes:
        before: The primary before.
        primary: The primary now.
        seconds: How long it took until the Cluster was well again.
    """

    before: str
    primary: str
    seconds: float


def switchover(instance: Instance, wanted: str | None, on_state: OnState) -> Switchover:
    """Hand over to the server `wanted`, by default the first standby that is ready; wait until all is well again.

    Raises OpsError where there is no Cluster, no such standby, or a Cluster that is not well.
    """
    cluster, target = _chosen(instance, wanted)
    before = str(cluster["status"]["currentPrimary"])
    began = time.monotonic()
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    status = {
        "targetPrimary": target,
        "targetPrimaryTimestamp": now,
        "phase": SWITCHING,
        "phaseReason": f"Switching over to {target}",
    }
    # With the version that was looked at: the operator may be about to choose another one.
    seen = {"metadata": {"resourceVersion": cluster["metadata"]["resourceVersion"]}, "status": status}
    instance.client.merge(_ref(instance), seen, subresource="status")

    def done() -> NotYet | None:
        live, servers = _found(instance)
        said = live.get("status", {})
        if said.get("currentPrimary") != target or said.get("phase") != HEALTHY:
            reason = f": {said['phaseReason']}" if said.get("phaseReason") else ""
            return NotYet(f"{said.get('phase')}{reason}; the primary is {said.get('currentPrimary')}")
        answer = assess_cluster(live, servers)
        return None if answer.phase is Phase.READY else NotYet(answer.message)

    until(
        done,
        SECONDS,
        late=f"{target} is not the primary of a Cluster that is well",
        hint=f"The operator goes on by itself. See `{instance.kubectl} describe cluster {_name(instance)}`.",
        on_state=on_state,
    )
    return Switchover(before, target, time.monotonic() - began)


def check(instance: Instance, wanted: str | None) -> str:
    """The server that would take over. Raises OpsError as `switchover` does; nothing is changed for it."""
    return _chosen(instance, wanted)[1]


def _chosen(instance: Instance, wanted: str | None) -> tuple[Manifest, str]:
    cluster, pods = _found(instance)
    target = _target(cluster, pods, wanted)
    if target == cluster["status"]["currentPrimary"]:
        raise BadInputError(
            f"{target} is the primary already.",
            hint="See `ff status`. If you want another one: without --to, `ff db switchover` chooses a standby.",
        )
    return cluster, target


def _found(instance: Instance) -> tuple[Manifest, Sequence[Manifest]]:
    if not instance.settings.postgres.clustered:
        raise UnsupportedError(
            "The database of this stack is not a Cluster: it has no standby that could take over.",
            hint="docs/data-tier.md says what a Cluster of CloudNativePG would survive, and what it costs.",
        )
    cluster = live_cluster(instance)
    return cluster, instance.items("v1", "Pod", labelSelector=instances_of(cluster))


def _target(cluster: Manifest, pods: Sequence[Manifest], wanted: str | None) -> str:
    """The server that takes over. Raises OpsError where none can."""
    answer = assess_cluster(cluster, pods)
    if answer.phase is not Phase.READY:
        raise RefusedError(
            f"The Cluster is not well, and nothing was changed: {answer.message}.",
            hint=WITHOUT_PRIMARY,
        )
    primary = cluster["status"]["currentPrimary"]
    ready = [str(pod["metadata"]["name"]) for pod in pods if condition(pod, "Ready").get("status") == "True"]
    if wanted is not None:
        if wanted not in ready:
            raise BadInputError(f"{wanted!r} is not a server of the Cluster; there are: {', '.join(sorted(ready))}.")
        return wanted
    standbys = sorted(name for name in ready if name != primary)
    if not standbys:
        raise RefusedError(
            f"There is no standby: {primary} is the only server.",
            hint="Raise postgres.cluster.instances, then `ff up`.",
        )
    return standbys[0]


def _name(instance: Instance) -> str:
    return instance.settings.postgres.cluster.name


def _ref(instance: Instance) -> Ref:
    return Ref(CNPG_API_VERSION, "Cluster", instance.namespace, _name(instance))
