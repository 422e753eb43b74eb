"""Services: a stable name and port before pods that come and go, or before none."""

import pulumi
from pulumi_kubernetes.core.v1 import Service, ServicePortArgs, ServiceSpecArgs
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names


def cluster_service(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    ports: dict[str, int],
    publish_not_ready: bool = False,
    headless: bool = False,
    node_port: int | None = None,
    opts: pulumi.ResourceOptions,
) -> Service:
    """A ClusterIP Service before the pods of `component`, each port under the same number as in the pods.

    Make it depend on its workload. Pulumi then need not await it: the pods are ready, and it would watch their
    endpoints for ten seconds more.

    `publish_not_ready` keeps a pod in the Service that is not ready: for a single pod with a container beside the main
    one, which must not take it out when it fails. `headless` gives its name the addresses of the pods themselves, for
    somebody who asks each of them. `node_port` is a port of every node that leads to its only port.
    """
    return Service(
        logical_name,
        metadata=ObjectMetaArgs(
            name=name,
            namespace=namespace,
            labels=names.labels(component),
            annotations={"pulumi.com/skipAwait": "true"},
        ),
        spec=ServiceSpecArgs(
            type="ClusterIP" if node_port is None else "NodePort",
            cluster_ip="None" if headless else None,
            publish_not_ready_addresses=True if publish_not_ready else None,
            selector=names.selector(component),
            ports=[
                ServicePortArgs(name=port_name, port=port, target_port=port_name, protocol="TCP", node_port=node_port)
                for port_name, port in ports.items()
            ],
        ),
        opts=opts,
    )


def empty_service(
    logical_name: str,
    *,
    name: str,
    namespace: pulumi.Input[str],
    component: str,
    port: int,
    opts: pulumi.ResourceOptions,
) -> Service:
    """A Service that selects no pods and so has no endpoints: what leads to it is answered 503."""
    return Service(
        logical_name,
        metadata=ObjectMetaArgs(
            name=name,
            namespace=namespace,
            labels=names.labels(component),
            annotations={"pulumi.com/skipAwait": "true"},
        ),
        spec=ServiceSpecArgs(
            type="ClusterIP",
            ports=[ServicePortArgs(name="http", port=port, target_port=port, protocol="TCP")],
        ),
        opts=opts,
    )
