"""Restarts workloads as `kubectl rollout restart` does, and waits for them."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from flagops.errors import OpsError
from flagops.kubernetes.diagnose import diagnose
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.waiting import FIRST_PAUSE, GROWTH, LONGEST_PAUSE
from flagops.pods.pods import Component
from flagops.stacks.deployed import Site

ANNOTATION = "kubectl.kubernetes.io/restartedAt"
WORKLOADS = {
    Component.API: ("Deployment", "flagsmith"),
    Component.TASK_PROCESSOR: ("Deployment", "flagsmith-task-processor"),
    Component.CACHE: ("Deployment", "flagsmith-redis"),
    Component.DATABASE: ("StatefulSet", "flagsmith-postgres"),
}
# What runs Flagsmith: restarting these loses no request.
DEFAULT = (Component.API, Component.TASK_PROCESSOR)
OnStep = Callable[[str], None]


def restart(site: Site, components: Sequence[Component], *, seconds: float, on_step: OnStep) -> None:
    """Replace the pods of each component, one component after the other, and wait until the new ones serve.

    Raises OpsError when a component is not there, or is not back after `seconds`.
    """
    site.require_containers()
    refs = [_ref(site, component) for component in components]
    for ref in refs:
        on_step(f"Restarting {ref}…")
        stamp = datetime.now(UTC).isoformat(timespec="seconds")
        body = {"spec": {"template": {"metadata": {"annotations": {ANNOTATION: stamp}}}}}
        live = site.client.merge(ref, body)
        wait(site, ref, int(live["metadata"]["generation"]), seconds)
        on_step(f"{ref} is back.")


def wait(site: Site, ref: Ref, generation: int, seconds: float) -> None:
    """Wait until the workload has rolled out what its `generation` asks for."""
    deadline, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        live = site.client.get(ref)
        if live is None:
            raise OpsError(f"{ref} is gone: somebody deleted it.")
        if is_rolled_out(live, generation):
            return
        if time.monotonic() >= deadline:
            why = diagnose(site.client, live, site.masker())
            raise OpsError(
                f"{ref} is not back after {seconds:.0f} s; the old pods that are left go on serving.\n{why}".rstrip(),
                hint=f"`{site.kubectl} rollout undo {ref.kind.lower()}/{ref.name}` takes the restart back.",
            )
        time.sleep(pause)
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def is_rolled_out(live: Manifest, generation: int) -> bool:
    """Whether all of the workload's pods are of the revision that `generation` asks for, and ready."""
    state, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    counts = (state.get("updatedReplicas", 0), state.get("readyReplicas", 0), state.get("replicas", 0))
    return state.get("observedGeneration", 0) >= generation and counts == (wanted, wanted, wanted)


def _ref(site: Site, component: Component) -> Ref:
    known = WORKLOADS.get(component)
    if known is None:
        raise OpsError(
            f"{component.value!r} is no workload that can be restarted.",
            hint=f"Allowed are: {', '.join(WORKLOADS)}.",
        )
    ref = Ref("apps/v1", known[0], site.namespace, known[1])
    live = site.client.get(ref)
    if live is None:
        raise OpsError(
            f"There is no {ref} in context {site.context!r}.",
            hint="The stack may use an external one, or none." if component not in DEFAULT else None,
        )
    if live["spec"].get("replicas", 1) == 0:
        raise OpsError(
            f"{ref} is set to 0 pods, so that nothing of it would be back after a restart.",
            hint=f"`ff up --stack {site.stack.name}` sets it to what it was deployed with.",
        )
    return ref
