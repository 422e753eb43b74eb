"""Rules of availability: a drained node takes no service with it, and no service keeps a node from being drained."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from policies.model import MISSING, Enforcement, Finding, Manifest, Object, Objects, Rule, Scope
from policies.pods import pod_of
from policies.unknown import apart

REPLICATED = ("Deployment", "StatefulSet", "ReplicaSet")
COMPONENT = "app.kubernetes.io/component"
PRODUCTION_REPLICAS = 3


@dataclass(frozen=True)
class _Replicas:
    """The fewest pods a workload runs with, and where that is said."""

    fewest: int
    object: Object
    path: str


def _replicas(workload: Object, objects: Objects) -> _Replicas:
    for scaler in objects.of("HorizontalPodAutoscaler"):
        target = scaler.spec.get("scaleTargetRef") or {}
        same = (target.get("kind"), target.get("name")) == (workload.kind, workload.name)
        if same and scaler.namespace == workload.namespace:
            return _Replicas(int(scaler.spec.get("minReplicas") or 1), scaler, "spec.minReplicas")
    stated = workload.spec.get("replicas")
    return _Replicas(1 if stated is None else int(stated), workload, "spec.replicas")


def _is_scaled(workload: Object, replicas: _Replicas) -> bool:
    return replicas.object is not workload


def _budgets(workload: Object, objects: Objects) -> list[Object]:
    pod = pod_of(workload)
    labels = pod.labels if pod is not None else {}
    return [
        budget
        for budget in objects.of("PodDisruptionBudget")
        if budget.namespace == workload.namespace and _selects(budget.spec.get("selector"), labels)
    ]


def _selects(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a label selector picks these labels; an empty one picks all, a missing one none."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or ()
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _matches(expression, labels) for expression in expressions
    )


def _matches(expression: Manifest, labels: Mapping[str, str]) -> bool:
    key, values = expression.get("key"), expression.get("values") or ()
    match expression.get("operator"):
        case "In":
            return labels.get(str(key)) in values
        case "NotIn":
            return labels.get(str(key)) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def _have_budgets(objects: Objects) -> Iterator[Finding]:
    for workload in objects.of(*REPLICATED):
        yield from apart(_has_budget(workload, objects))


def _has_budget(workload: Object, objects: Objects) -> Iterator[Finding]:
    replicas = _replicas(workload, objects)
    if (replicas.fewest > 1 or _is_scaled(workload, replicas)) and not _budgets(workload, objects):
        yield Finding(workload, "spec.template.metadata.labels", MISSING, "labels that a PodDisruptionBudget selects")


def _amount(value: Any, replicas: int) -> int:
    """A number of pods, or the share of them, rounded up as Kubernetes does."""
    text = str(value)
    return ceil(int(text[:-1]) * replicas / 100) if text.endswith("%") else int(text)


def _let_evictions(objects: Objects) -> Iterator[Finding]:
    for workload in objects.of(*REPLICATED):
        yield from apart(_lets_evictions(workload, objects))


def _lets_evictions(workload: Object, objects: Objects) -> Iterator[Finding]:
    replicas = _replicas(workload, objects).fewest
    for budget in _budgets(workload, objects):
        most, least = budget.spec.get("maxUnavailable"), budget.spec.get("minAvailable")
        if most is not None and _amount(most, replicas) < 1:
            yield Finding(budget, "spec.maxUnavailable", most, "at least 1")
        if least is not None and _amount(least, replicas) >= replicas:
            allowed = f"less than {replicas}, the fewest replicas of {workload}"
            yield Finding(budget, "spec.minAvailable", least, allowed)


def _three_replicas(objects: Objects) -> Iterator[Finding]:
    for workload in objects.of(*REPLICATED):
        yield from apart(_has_three(workload, objects))


def _has_three(workload: Object, objects: Objects) -> Iterator[Finding]:
    if workload.labels.get(COMPONENT) == "api":
        replicas = _replicas(workload, objects)
        if replicas.fewest < PRODUCTION_REPLICAS:
            yield Finding(replicas.object, replicas.path, replicas.fewest, f"at least {PRODUCTION_REPLICAS}")


RULES = (
    Rule(
        id="disruption-budget",
        title="Every replicated workload has a PodDisruptionBudget",
        description="Without one, draining two nodes at once takes all replicas with them.",
        enforcement=Enforcement.MANDATORY,
        remedy="Add a PodDisruptionBudget with maxUnavailable 1 for these pods.",
        check=_have_budgets,
        scope=Scope.STACK,
    ),
    Rule(
        id="evictions",
        title="No PodDisruptionBudget blocks every eviction",
        description="A budget that never lets a pod go keeps its node from being drained, and so from being upgraded.",
        enforcement=Enforcement.MANDATORY,
        remedy="Use maxUnavailable 1; a single pod gets no budget.",
        check=_let_evictions,
        scope=Scope.STACK,
    ),
    Rule(
        id="production-replicas",
        title="In production the API has at least three replicas",
        description="One may be replaced and one may fail at the same moment, and flags are still served.",
        enforcement=Enforcement.MANDATORY,
        remedy="Raise `replicas`, or `autoscaling.minReplicas`.",
        check=_three_replicas,
        scope=Scope.STACK,
        production_only=True,
    ),
)
