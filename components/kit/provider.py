"""The one Kubernetes provider: an explicit context, so that a deployment never lands on the wrong cluster."""

import pulumi
import pulumi_kubernetes as kubernetes


def cluster_provider(
    context: str, cluster_identifier: str, name: str = "cluster", opts: pulumi.ResourceOptions | None = None
) -> kubernetes.Provider:
    """The provider of every Kubernetes resource of an instance.

    Every option that the SDK would take from the environment is stated, so that the state holds nothing of the machine
    that deployed last. An empty kubeconfig is the provider's own word for "look for it": it reads `KUBECONFIG`, else
    `~/.kube/config`, of the machine that it runs on, whenever it runs (`Configure` in pulumi-kubernetes'
    provider/pkg/provider/provider.go).

    Args:
        context: the context of the kubeconfig (`KUBECONFIG`, else `~/.kube/config`) to deploy to.
        cluster_identifier: what tells this cluster from others. It stands in for the kubeconfig's contents when Pulumi
            decides whether the cluster is another one, so that a renewed certificate does not replace every resource.
        name: its name in the program; each instance of one program has its own.
        opts: its options, such as the component that it belongs to.
    """
    return kubernetes.Provider(
        name,
        kubeconfig="",
        context=context,
        cluster_identifier=cluster_identifier,
        # Without these two, a changed Secret or ConfigMap is deleted and made anew under pods that read it.
        enable_secret_mutable=True,
        enable_config_map_mutable=True,
        # The provider's own defaults, stated: each has an environment variable that would change it.
        enable_server_side_apply=True,
        enable_patch_force=False,
        upsert_existing_objects=False,
        delete_unreachable=False,
        skip_update_unreachable=False,
        suppress_deprecation_warnings=False,
        suppress_helm_hook_warnings=False,
        opts=opts,
    )
