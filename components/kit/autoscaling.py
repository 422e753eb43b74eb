"""Autoscalers by CPU: they add pods quickly when they are busy, and remove them slowly."""

from typing import Final

import pulumi
from pulumi_kubernetes.autoscaling.v2 import (
    CrossVersionObjectReferenceArgs,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehaviorArgs,
    HorizontalPodAutoscalerSpecArgs,
    HPAScalingPolicyArgs,
    HPAScalingRulesArgs,
    MetricSpecArgs,
    MetricTargetArgs,
    ResourceMetricSourceArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names

# A new pod takes up to a minute to serve: so many pods more, at most, before the first of them can be felt.
ADDED_PER_MINUTE: Final = 2
ADDED_PERCENT_PER_MINUTE: Final = 50
# A pod is removed when none was needed for this long, and then one a minute.
CALM_SECONDS: Final = 300
REMOVED_PER_MINUTE: Final = 1


def _policy(kind: str, value: int) -> HPAScalingPolicyArgs:
    return HPAScalingPolicyArgs(type=kind, value=value, period_seconds=60)


def autoscaler(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    fewest: int,
    most: int,
    cpu: str,
    opts: pulumi.ResourceOptions,
) -> HorizontalPodAutoscaler:
    """The autoscaler of the Deployment `name`. Without a metrics server it holds the minimum.

    Args:
        logical_name: the Pulumi name.
        name: its name, and that of the Deployment.
        namespace: where they are.
        component: its label.
        fewest: how many pods there are at least.
        most: how many pods there are at most.
        cpu: what a pod is to use on average: an amount, since Kubernetes' percentage is one of the request, not of what
            a pod can do.
        opts: the resource's options.
    """
    return HorizontalPodAutoscaler(
        logical_name,
        metadata=ObjectMetaArgs(name=name, namespace=namespace, labels=names.labels(component)),
        spec=HorizontalPodAutoscalerSpecArgs(
            scale_target_ref=CrossVersionObjectReferenceArgs(api_version="apps/v1", kind="Deployment", name=name),
            min_replicas=fewest,
            max_replicas=most,
            metrics=[
                MetricSpecArgs(
                    type="Resource",
                    resource=ResourceMetricSourceArgs(
                        name="cpu", target=MetricTargetArgs(type="AverageValue", average_value=cpu)
                    ),
                )
            ],
            behavior=HorizontalPodAutoscalerBehaviorArgs(
                scale_up=HPAScalingRulesArgs(
                    stabilization_window_seconds=0,
                    select_policy="Max",
                    policies=[_policy("Pods", ADDED_PER_MINUTE), _policy("Percent", ADDED_PERCENT_PER_MINUTE)],
                ),
                scale_down=HPAScalingRulesArgs(
                    stabilization_window_seconds=CALM_SECONDS,
                    select_policy="Max",
                    policies=[_policy("Pods", REMOVED_PER_MINUTE)],
                ),
            ),
        ),
        opts=opts,
    )
