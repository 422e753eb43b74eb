"""Deployments of several equal pods, of which none is missing while they are replaced."""

from collections.abc import Mapping

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


def rolling(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    version: str,
    replicas: int | None,
    template: PodTemplateSpecArgs,
    annotations: Mapping[str, str] | None = None,
    opts: pulumi.ResourceOptions,
) -> Deployment:
    """A Deployment that starts one new pod, and stops an old one only when that is ready.

    Args:
        logical_name: the Pulumi name.
        name: the Deployment's name.
        namespace: where it runs.
        component: its label.
        version: its label.
        replicas: how many pods; None where an autoscaler says so.
        template: its pods.
        annotations: its own, not those of its pods.
        opts: the resource's options.
    """
    return Deployment(
        logical_name,
        metadata=ObjectMetaArgs(
            name=name, namespace=namespace, labels=names.labels(component, version), annotations=annotations
        ),
        spec=DeploymentSpecArgs(
            replicas=replicas,
            selector=LabelSelectorArgs(match_labels=names.selector(component)),
            strategy=DeploymentStrategyArgs(
                type="RollingUpdate",
                rolling_update=RollingUpdateDeploymentArgs(max_surge=1, max_unavailable=0),
            ),
            template=template,
        ),
        opts=opts,
    )
