"""The pods of the stack's components."""

from collections.abc import Sequence
from enum import StrEnum

from components.kit import names
from flagops.errors import NotFoundError, UnsupportedError
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import condition
from flagops.stacks.deployed import Instance


class PodComponent(StrEnum):
    """What runs in pods, by the value of their label `app.kubernetes.io/component`."""

    API = "api"
    TASK_PROCESSOR = "task-processor"
    DATABASE = "database"
    POOLER = "pooler"
    CACHE = "cache"
    EDGE = "edge"
    MIGRATION = "migration"
    BOOTSTRAP = "bootstrap"
    DATABASE_ROLES = "database-roles"
    DATABASE_MOVE = "database-move"
    BACKUP = "backup"
    TOOLBOX = "toolbox"
    FLAG_METRICS = "flag-metrics"
    EDGE_METRICS = "edge-metrics"
    DATABASE_EXPORTER = "database-exporter"
    CACHE_EXPORTER = "cache-exporter"
    AUDIT = "audit"
    AUDIT_EXPORTER = "audit-exporter"
    ROLLOUTS = "rollouts"
    ROLLOUTS_LOGIN = "rollouts-login"


OF_AN_EDGE = (PodComponent.EDGE, PodComponent.EDGE_METRICS)
"""What a stack with `role: edge` has."""


def selector(instance: Instance, component: str) -> str:
    """The labels of a component's pods: those of a Cluster are made by its operator, with labels of its own."""
    postgres = instance.settings.postgres
    if postgres.clustered and component == PodComponent.DATABASE:
        return f"{names.CNPG_CLUSTER}={postgres.cluster.name},{names.CNPG_ROLE}=instance"
    if postgres.clustered and component == PodComponent.POOLER:
        return f"{names.CNPG_POOLER}={names.pooler(postgres.cluster.name)}"
    return own_selector(component)


def own_selector(component: str) -> str:
    """The labels of a component's pods that the stack makes itself: operators give theirs some of the same."""
    return ",".join(f"{key}={value}" for key, value in names.selector(component).items())


def pods(instance: Instance, component: str) -> list[Manifest]:
    """A component's pods, the newest first."""
    found = instance.items("v1", "Pod", labelSelector=selector(instance, component))
    return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True)


def stop_seconds(stopping: Sequence[Manifest]) -> float:
    """How long to wait for the end of these pods: as long as the slowest may take, and a minute for what is around."""
    graces = [int(pod["spec"].get("terminationGracePeriodSeconds", 30)) for pod in stopping]
    return max(graces, default=0) + 60.0


def is_ready(pod: Manifest) -> bool:
    """Whether the pod serves: ready, and not on its way out."""
    return condition(pod, "Ready").get("status") == "True" and "deletionTimestamp" not in pod["metadata"]


def require_component(instance: Instance, component: str) -> None:
    """Raise UnsupportedError for a component that a stack of this role never has."""
    if instance.settings.is_edge and component not in OF_AN_EDGE:
        raise UnsupportedError(
            f"The stack {instance.stack.name!r} is an edge alone (role: edge): it has no pod of {str(component)!r}.",
            hint="Give " + " or ".join(f"`--component {item}`" for item in OF_AN_EDGE) + ".",
        )


def running(instance: Instance, component: str) -> Manifest:
    """The newest pod of a component that is ready.

    Raises:
        SimulatedError: Nothing runs in it.
        UnsupportedError: The stack is an edge alone, and the component is another one.
        OpsError: None is ready; the message names what is there in its place.
    """
    instance.require_containers()
    require_component(instance, component)
    found = pods(instance, component)
    for pod in found:
        if is_ready(pod):
            return pod
    states = [f"{pod['metadata']['name']} is {pod.get('status', {}).get('phase', 'unknown')}" for pod in found]
    there = f"there are {len(found)}: {'; '.join(states)}" if found else "there is none at all"
    raise NotFoundError(
        f"No pod of {str(component)!r} is ready in {instance.namespace} (context {instance.context!r}); {there}.",
        hint=f"`ff doctor --stack {instance.stack.name}` says why.",
    )


def container(pod: Manifest, name: str | None = None) -> str:
    """The name of the pod's container: the one asked for, else the one it declares as its default, else the first."""
    found = [item["name"] for item in pod["spec"]["containers"]]
    if name is None:
        declared = (pod["metadata"].get("annotations") or {}).get(names.DEFAULT_CONTAINER)
        return str(declared or found[0])
    found += [item["name"] for item in pod["spec"].get("initContainers") or []]
    if name not in found:
        raise NotFoundError(f"The pod {pod['metadata']['name']} has no container {name!r}; it has: {', '.join(found)}.")
    return name
