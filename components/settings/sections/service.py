"""How the API is reached within the cluster, and without an Ingress."""

from typing import Annotated, Final

from pydantic import Field

from components.settings.base import Section
from components.settings.types import Kind, WholeNumber

NODE_PORTS: Final = (30000, 32767)
"""Kubernetes' own range, by kube-apiserver's default of `--service-node-port-range`."""

NodePort = Annotated[
    WholeNumber, Field(ge=NODE_PORTS[0], le=NODE_PORTS[1]), Kind(f"port, {NODE_PORTS[0]} to {NODE_PORTS[1]}")
]


class ServiceSettings(Section):
    """The Service `flagsmith`."""

    node_port: NodePort | None = Field(
        default=None,
        description="A port on every node that leads to Flagsmith, including `/metrics`: for a local cluster, or "
        "for a load balancer in front of nodes that only you can reach. Default: none.",
    )
