"""A service account for each component: what its pods are called in audit logs and policies, and nothing more."""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.core.v1 import ServiceAccount
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names


def service_account(
    logical_name: str,
    *,
    component: str,
    namespace: pulumi.Input[str],
    annotations: Mapping[str, str] | None = None,
    opts: pulumi.ResourceOptions,
) -> ServiceAccount:
    """The account of `component`'s pods. It has no rights and its pods get no token: nothing here calls Kubernetes.

    `annotations` may name an identity outside of Kubernetes, by which a cloud knows these pods.

    Make what has such pods depend on it, or the first of them are refused until it is there.
    """
    return ServiceAccount(
        logical_name,
        metadata=ObjectMetaArgs(
            name=names.service_account(component),
            namespace=namespace,
            labels=names.labels(component),
            annotations=dict(annotations or {}) or None,
        ),
        automount_service_account_token=False,
        opts=opts,
    )
