"""Deployments of one pod, of which there are never two: a second exporter would send or count everything twice."""

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, DeploymentSpecArgs, DeploymentStrategyArgs
from pulumi_kubernetes.core.v1 import PodTemplateSpecArgs
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.kit import names


def singleton(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    version: str,
    template: PodTemplateSpecArgs,
    opts: pulumi.ResourceOptions,
) -> Deployment:
    """A Deployment whose old pod is gone before the new one starts."""
    return Deployment(
        logical_name,
        metadata=ObjectMetaArgs(name=name, namespace=namespace, labels=names.labels(component, version)),
        spec=DeploymentSpecArgs(
            replicas=1,
            selector=LabelSelectorArgs(match_labels=names.selector(component)),
            strategy=DeploymentStrategyArgs(type="Recreate"),
            template=template,
        ),
        opts=opts,
    )
