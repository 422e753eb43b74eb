"""The autoscaler of the API: adds pods quickly when they are busy, and removes them slowly."""

from dataclasses import dataclass
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
from components.kit.component import Component, name_of
from components.settings import Settings

COMPONENT: Final = "api"
# A new pod takes up to a minute to serve: so many pods more, at most, before the first of them can be felt.
ADDED_PER_MINUTE: Final = 2
ADDED_PERCENT_PER_MINUTE: Final = 50
# A pod is removed when none was needed for this long, and then one a minute.
CALM_SECONDS: Final = 300
REMOVED_PER_MINUTE: Final = 1


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    """The autoscaler.

    Attributes:
        settings: the stack's.
        namespace: where the Deployment is.
    """

    settings: Settings
    namespace: pulumi.Input[str]


def _policy(kind: str, value: int) -> HPAScalingPolicyArgs:
    return HPAScalingPolicyArgs(type=kind, value=value, period_seconds=60)


class Autoscaler(Component):
    """The HorizontalPodAutoscaler `flagsmith`.

    It is there before the Deployment leaves its number of replicas to it. Without a metrics server it holds the
    minimum.

    Attributes:
        autoscaler: the HorizontalPodAutoscaler's name.
    """

    autoscaler: pulumi.Output[str]

    def __init__(self, name: str, args: AutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Autoscaler", name, opts)
        autoscaler = HorizontalPodAutoscaler(
            f"{name}-autoscaler",
            metadata=ObjectMetaArgs(name=names.API, namespace=args.namespace, labels=names.labels(COMPONENT)),
            spec=HorizontalPodAutoscalerSpecArgs(
                scale_target_ref=CrossVersionObjectReferenceArgs(
                    api_version="apps/v1", kind="Deployment", name=names.API
                ),
                min_replicas=args.settings.resolved_replicas,
                max_replicas=args.settings.most_replicas,
                metrics=[
                    MetricSpecArgs(
                        type="Resource",
                        resource=ResourceMetricSourceArgs(
                            name="cpu",
                            # An amount, since Kubernetes' percentage is one of the request, not of what a pod can do.
                            target=MetricTargetArgs(type="AverageValue", average_value=args.settings.target_cpu),
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
            opts=self.child(),
        )
        self.autoscaler = name_of(autoscaler)
        self.register_outputs({"autoscaler": self.autoscaler})
