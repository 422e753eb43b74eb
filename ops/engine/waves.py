"""In which order a GitOps controller applies rendered objects: Argo CD's sync waves."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError
from typing import Any, TypeVar

from ops.engine.model import Manifest, Program, Ref, dependency_order

ANNOTATION = "argocd.argoproj.io/sync-wave"
T = TypeVar("T", bound=tuple[Any, ...])


def sync_waves(program: Program) -> dict[Ref, int]:
    """The wave of each object: 0 for what needs nothing, else one more than the last wave that it needs.

    Components are kept together, since Argo CD waits for a wave to be healthy: a volume claim that waits for its first
    pod, in a wave before that pod's, would never be. An autoscaler likewise goes with what it scales.
    """
    needs: dict[tuple[str, ...], set[tuple[str, ...]]] = {}
    for item in program.objects:
        others = {program.by_ref[need].component for need in item.needs if need in program.by_ref}
        needs.setdefault(item.component, set()).update(others - {item.component})
    try:
        of_component = depths(needs)
        waves = {item.ref: of_component[item.component] for item in program.objects}
    except CycleError:  # components that need parts of each other cannot be kept together
        waves = depths({item.ref: item.needs for item in program.objects})
    for item in program.objects:
        if item.ref.kind == "HorizontalPodAutoscaler":
            target = item.manifest["spec"]["scaleTargetRef"]
            scaled = Ref(target["apiVersion"], target["kind"], item.ref.namespace, target["name"])
            waves[item.ref] = waves.get(scaled, waves[item.ref])
    return waves


def depths(needs: Mapping[T, Iterable[T]]) -> dict[T, int]:
    """How many steps come before each item; raises graphlib.CycleError when there is no order."""
    found: dict[T, int] = {}
    for item in dependency_order(needs):
        found[item] = max((found[need] + 1 for need in needs[item] if need in found), default=0)
    return found


def with_wave(manifest: Manifest, wave: int) -> Manifest:
    """The manifest with its wave."""
    metadata = manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), ANNOTATION: str(wave)}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}
