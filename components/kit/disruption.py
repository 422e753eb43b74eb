"""Disruption budgets: how many pods of a workload a drain may take at a time."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget, PodDisruptionBudgetSpecArgs

from components.kit import names


def disruption_budget(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    version: str,
    pods: Mapping[str, str] | None = None,
    may_go: int = 1,
    opts: pulumi.ResourceOptions,
) -> PodDisruptionBudget:
    """A budget by which one pod of `component` may go at a time. Not for a single pod, whose node it would block.

    `pods` are the labels of pods that an operator makes, and that have not the program's. With `may_go` 0 a drain waits
    until somebody deletes the pod.
    """
    return PodDisruptionBudget(
        logical_name,
        metadata=ObjectMetaArgs(name=name, namespace=namespace, labels=names.labels(component, version)),
        spec=PodDisruptionBudgetSpecArgs(
            max_unavailable=may_go,
            selector=LabelSelectorArgs(match_labels=names.selector(component) if pods is None else dict(pods)),
            # A pod that is not ready serves nobody, and must not keep its node from being drained.
            unhealthy_pod_eviction_policy="AlwaysAllow",
        ),
        opts=opts,
    )
