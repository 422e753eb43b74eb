"""Restarts workloads as `kubectl rollout restart` does, and waits for them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from components.kit import names
from flagops.errors import ConflictError, NotFoundError, UnsupportedError
from flagops.kubernetes.diagnose import diagnose
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.readiness import time_limit
from flagops.pods.pods import PodComponent, require_component
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

ANNOTATION = "kubectl.kubernetes.io/restartedAt"
WORKLOADS = {
    PodComponent.API: ("Deployment", names.API),
    PodComponent.TASK_PROCESSOR: ("Deployment", names.TASK_PROCESSOR),
    PodComponent.CACHE: ("Deployment", names.REDIS),
    PodComponent.DATABASE: ("StatefulSet", names.POSTGRES),
    PodComponent.EDGE: ("Deployment", names.EDGE),
}
# What runs Flagsmith: restarting these loses no request.
DEFAULT = (PodComponent.API, PodComponent.TASK_PROCESSOR)
OnStep = Callable[[str], None]


def servers(instance: Instance) -> Sequence[PodComponent]:
    """What is restarted where nobody says: what runs Flagsmith, and of an edge alone its proxies."""
    return (PodComponent.EDGE,) if instance.settings.is_edge else DEFAULT


def restart(instance: Instance, components: Sequence[PodComponent], *, seconds: float | None, on_step: OnStep) -> None:
    """Replace the pods of each component, one component after the other, and wait until the new ones serve.

    Raises OpsError when a component is not there, or is not back after `seconds`; None for as long as a deployment
    would wait for it.
    """
    instance.require_containers()
    refs = [_ref(instance, component) for component in components]
    for ref in refs:
        on_step(f"Restarting {ref}…")
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        body = {"spec": {"template": {"metadata": {"annotations": {ANNOTATION: stamp}}}}}
        live = instance.client.merge(ref, body)
        wait(instance, ref, live, seconds)
        on_step(f"{ref} is back.")


def wait(instance: Instance, ref: Ref, changed: Manifest, seconds: float | None = None) -> None:
    """Wait until the workload has rolled out what it asks for as it was `changed`; of None, as a deployment waits."""
    live: Manifest = {}
    generation = int(changed["metadata"]["generation"])

    def rolled_out() -> NotYet | None:
        nonlocal live
        found = instance.client.get(ref)
        if found is None:
            raise ConflictError(f"{ref} is gone: somebody deleted it.")
        live = found
        return None if is_rolled_out(live, generation) else NotYet(_state(live))

    until(
        rolled_out,
        time_limit(changed) if seconds is None else seconds,
        late=f"{ref} is not back",
        explain=lambda: diagnose(instance.client, live, instance.masker()),
        hint="The old pods that are left go on serving; "
        f"`{instance.kubectl} rollout undo {ref.kind.lower()}/{ref.name}` takes the restart back.",
    )


def _state(live: Manifest) -> str:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    renewed, ready = status.get("updatedReplicas", 0), status.get("readyReplicas", 0)
    return f"of {wanted} pods {renewed} are renewed, and {ready} ready"


def is_rolled_out(live: Manifest, generation: int) -> bool:
    """Whether all of the workload's pods are of the revision that `generation` asks for, and ready."""
    state, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    counts = (state.get("updatedReplicas", 0), state.get("readyReplicas", 0), state.get("replicas", 0))
    return state.get("observedGeneration", 0) >= generation and counts == (wanted, wanted, wanted)


def _ref(instance: Instance, component: PodComponent) -> Ref:
    require_component(instance, component)
    known = WORKLOADS.get(component)
    if known is None:
        raise UnsupportedError(
            f"{component.value!r} cannot be restarted.",
            hint=f"Allowed are: {', '.join(WORKLOADS)}.",
        )
    ref = Ref("apps/v1", known[0], instance.namespace, known[1])
    live = instance.client.get(ref)
    if live is None:
        raise NotFoundError(
            f"There is no {ref} in context {instance.context!r}.",
            hint="The stack may use an external one, or none." if component not in DEFAULT else None,
        )
    if live["spec"].get("replicas", 1) == 0:
        raise UnsupportedError(
            f"{ref} is set to 0 pods, so a restart would start nothing.",
            hint=f"`ff up --stack {instance.stack.name}` sets it to what it was deployed with.",
        )
    return ref
