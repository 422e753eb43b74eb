"""The one Kubernetes provider: an explicit context, so that a deployment never lands on the wrong cluster."""

import pulumi_kubernetes as kubernetes


def cluster_provider(context: str, cluster_identifier: str) -> kubernetes.Provider:
    """The provider of every Kubernetes resource of the program.

    Args:
        context: the context of the kubeconfig (`KUBECONFIG`, else `~/.kube/config`) to deploy to.
        cluster_identifier: what tells this cluster from others. It stands in for the kubeconfig's contents when Pulumi
            decides whether the cluster is another one, so that a renewed certificate does not replace every resource.
    """
    return kubernetes.Provider(
        "cluster",
        context=context,
        cluster_identifier=cluster_identifier,
        # Without these two, a changed Secret or ConfigMap is deleted and made anew under pods that read it.
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
    )
