"""In which order a GitOps controller applies rendered objects: Argo CD's sync waves.

Argo CD starts a wave when all of the one before is healthy; the last one it applies and waits for nothing. So a wave
before the last holds only what a later one needs, and only what becomes healthy by what is in it and before it.
"""

from collections.abc import Iterable, Mapping
from graphlib import CycleError
from typing import Any, Final, TypeVar

from flagops.evaluation.program import KubeObject, Program, dependency_order
from flagops.kubernetes.objects import Ref

ANNOTATION: Final = "argocd.argoproj.io/sync-wave"
# Their health hangs on others: on the last night, on a controller that reports an address, on the metrics of pods that
# have just started (Argo CD 3.6: resource_customizations/batch/CronJob, gitops-engine/pkg/health).
LAST_KINDS: Final = frozenset({"CronJob", "HorizontalPodAutoscaler", "Ingress", "Gateway", "HTTPRoute"})
Chain = tuple[str, ...]
T = TypeVar("T", bound=tuple[Any, ...])


def sync_waves(program: Program) -> dict[Ref, int]:
    """The wave of each object, from 0, without gaps.

    A component's objects are together, so that a volume claim is with the pod that it waits for, after the components
    that it needs. In the last wave are the components that no other needs, a ConfigMap that needs everything else (the
    record of a deployment), and the kinds of LAST_KINDS.
    """
    records = _records(program)
    rest = [item for item in program.objects if item.ref not in records]
    try:
        steps = _by_component(rest, program)
    except CycleError:  # components that need parts of each other cannot be kept together
        steps = depths({item.ref: item.needs for item in rest})
    early = {ref: step for ref, step in steps.items() if ref.kind not in LAST_KINDS}
    number = {step: wave for wave, step in enumerate(sorted(set(early.values())))}
    return {item.ref: number[early[item.ref]] if item.ref in early else len(number) for item in program.objects}


def _by_component(items: Iterable[KubeObject], program: Program) -> dict[Ref, int]:
    """How many steps come before each object's component, without the components that no other needs."""
    component = {item.ref: item.component for item in items}
    needs: dict[Chain, set[Chain]] = {chain: set() for chain in component.values()}
    for ref, chain in component.items():
        others = {component[need] for need in program.by_ref[ref].needs if need in component}
        needs[chain] |= others - {chain}
    step = depths(needs)
    needed = set().union(*needs.values())
    return {ref: step[chain] for ref, chain in component.items() if chain in needed}


def _records(program: Program) -> set[Ref]:
    """The ConfigMaps that need all of the rest, directly or not. They say nothing of the order among that."""
    reached: dict[Ref, set[Ref]] = {}
    for item in program.objects:  # in dependency order
        known = [need for need in item.needs if need in reached]
        reached[item.ref] = set(known).union(*(reached[need] for need in known))
    everything = len(program.objects) - 1
    return {ref for ref, before in reached.items() if ref.kind == "ConfigMap" and len(before) == everything > 0}


def depths(needs: Mapping[T, Iterable[T]]) -> dict[T, int]:
    """How many steps come before each item; raises graphlib.CycleError when there is no order."""
    found: dict[T, int] = {}
    for item in dependency_order(needs):
        found[item] = max((found[need] + 1 for need in needs[item] if need in found), default=0)
    return found
