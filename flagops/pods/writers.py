"""What writes to the database, stopped for a while and started again as it was."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from flagops.errors import ConflictError, OpsError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.pods import restart
from flagops.pods.pods import PodComponent, pods, stop_seconds
from flagops.pods.restart import WORKLOADS
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

WRITERS = (PodComponent.API, PodComponent.TASK_PROCESSOR)
REPLICAS = "feature-flags/stopped-replicas"
OnStep = Callable[[str], None]


@contextmanager
def stopped(instance: Instance, on_step: OnStep, *, stay_if_interrupted: bool = False) -> Iterator[None]:
    """Stop Flagsmith's pods, and start as many as there were at the end, however that comes.

    How many is noted on the Deployments, so that a run after a killed one still knows. With `stay_if_interrupted`, who
    presses Ctrl-C leaves them stopped, as who kills the run: for what must not be written to before the next run has
    gone on with it.
    """
    wanted = _stop(instance, on_step)
    try:
        _wait_until_gone(instance)
        yield
    except BaseException as error:
        if not (stay_if_interrupted and isinstance(error, KeyboardInterrupt)):
            try:
                _start(instance, wanted, on_step)
            except OpsError as second:
                # What went wrong first is what is to be told.
                on_step(second.message)
        raise
    _start(instance, wanted, on_step)


def _start(instance: Instance, wanted: Mapping[Ref, int], on_step: OnStep) -> None:
    changed = {}
    for ref, replicas in wanted.items():
        on_step(f"Starting {ref}…")
        change = {"metadata": {"annotations": {REPLICAS: None}}, "spec": {"replicas": replicas}}
        changed[ref] = instance.client.merge(ref, change)
    for ref, live in changed.items():
        restart.wait(instance, ref, live)


def stop(instance: Instance, on_step: OnStep) -> None:
    """Stop Flagsmith's pods, until `resume` or a deployment starts them. Raises OpsError where they do not end."""
    _stop(instance, on_step)
    _wait_until_gone(instance)


def _stop(instance: Instance, on_step: OnStep) -> dict[Ref, int]:
    wanted = {ref: _replicas(instance, ref) for ref in _refs(instance)}
    for ref, replicas in wanted.items():
        on_step(f"Stopping {ref}…")
        note = {"metadata": {"annotations": {REPLICAS: str(replicas)}}, "spec": {"replicas": 0}}
        instance.client.merge(ref, note)
    return wanted


def left_stopped(instance: Instance) -> list[Ref]:
    """What a run that was killed has stopped, and nobody has started since."""
    return [ref for ref in _refs(instance) if _noted(instance.client.get(ref)) is not None]


def resume(instance: Instance, on_step: OnStep) -> bool:
    """Start what a run that was killed has stopped, as it was; whether there was anything."""
    left = left_stopped(instance)
    for ref in left:
        on_step(f"Starting {ref}, which a run that was killed had stopped…")
        live = instance.client.get(ref) or {}
        # Somebody may have started it since.
        replicas = int(live["spec"].get("replicas", 1)) or _replicas(instance, ref)
        change = {"metadata": {"annotations": {REPLICAS: None}}, "spec": {"replicas": replicas}}
        restart.wait(instance, ref, instance.client.merge(ref, change))
    return bool(left)


def _noted(live: Manifest | None) -> str | None:
    found = ((live or {}).get("metadata", {}).get("annotations") or {}).get(REPLICAS)
    return None if found is None else str(found)


def _refs(instance: Instance) -> list[Ref]:
    found = []
    for component in WRITERS:
        kind, name = WORKLOADS[component]
        ref = Ref("apps/v1", kind, instance.namespace, name)
        if instance.client.get(ref) is not None:
            found.append(ref)
    return found


def _replicas(instance: Instance, ref: Ref) -> int:
    live = instance.client.get(ref)
    if live is None:
        raise ConflictError(f"{ref} is gone: somebody deleted it.")
    noted = _noted(live)
    return int(noted) if noted else int(live["spec"].get("replicas", 1))


def _wait_until_gone(instance: Instance) -> None:
    seconds = stop_seconds([pod for component in WRITERS for pod in pods(instance, component)])

    def gone() -> NotYet | None:
        left = [pod["metadata"]["name"] for component in WRITERS for pod in pods(instance, component)]
        return NotYet(f"{', '.join(left)}. Nothing was changed") if left else None

    until(gone, seconds, late="These pods have not ended", hint=f"{instance.kubectl} describe pod NAME")
