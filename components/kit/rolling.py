"""Deployments of several equal pods, of which none is missing while they are replaced."""

import pulumi
from pulumi_kubernetes.apps.v1 import (
    Deployment,
    DeploymentSpecArgs,
    DeploymentStrategyArgs,
    RollingUpdateDeploymentArgs,
)
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.kit import names
from components.settings.rollouts import max_surge, rollout_seconds


def rolling(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    version: str,
    replicas: int | None,
    most: int,
    added: int,
    template: PodTemplateSpecArgs,
    is_scaled: bool = False,
    opts: pulumi.ResourceOptions,
) -> Deployment:
    """A Deployment that starts some new pods, and stops an old one only when a new one is ready.

    Args:
        logical_name: the Pulumi name.
        name: the Deployment's name.
        namespace: where it runs.
        component: its label.
        version: its label.
        replicas: how many pods; None where an autoscaler says so, whose number is then kept.
        most: how many pods there may be, which is how long its rollout may take.
        added: how many pods more there are then in a rolling update, at most.
        template: its pods.
        is_scaled: whether something else may set their number at times: an autoscaler, or `kubectl scale`. A stated
            number then takes over from it.
        opts: the resource's options.
    """
    annotations = {"pulumi.com/patchForce": "true"} if is_scaled else {}
    if most > 1:
        annotations["pulumi.com/timeoutSeconds"] = str(rollout_seconds(most))
    ignored = pulumi.ResourceOptions(ignore_changes=["spec.replicas"] if replicas is None else None)
    return Deployment(
        logical_name,
        metadata=ObjectMetaArgs(
            name=name,
            namespace=namespace,
            labels=names.labels(component, version),
            annotations=annotations or None,
        ),
        spec=DeploymentSpecArgs(
            replicas=replicas,
            selector=LabelSelectorArgs(match_labels=names.selector(component)),
            strategy=DeploymentStrategyArgs(
                type="RollingUpdate",
                rolling_update=RollingUpdateDeploymentArgs(max_surge=max_surge(most, added), max_unavailable=0),
            ),
            template=template,
        ),
        opts=pulumi.ResourceOptions.merge(opts, ignored),
    )
