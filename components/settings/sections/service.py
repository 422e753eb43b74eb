"""How the API is reached within the cluster, and without an Ingress."""

from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.networks import has_right_port
from components.settings.types import Kind, Text, WholeNumber

NODE_PORTS: Final = (30000, 32767)
"""Kubernetes' own range, by kube-apiserver's default of `--service-node-port-range`."""

NodePort = Annotated[
    WholeNumber, Field(ge=NODE_PORTS[0], le=NODE_PORTS[1]), Kind(f"port, {NODE_PORTS[0]} to {NODE_PORTS[1]}")
]


def _public_url(value: str) -> str:
    parts = urlsplit(value if has_right_port(value) else "")
    is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    if not is_address or any((parts.path, parts.query, parts.fragment, parts.username, parts.password)):
        raise ValueError("must be http:// or https://, the host, and a port if it is not the scheme's own: no path")
    return value


PublicUrl = Annotated[Text, AfterValidator(_public_url), Kind("URL")]


class ApiService(Section):
    """The Service `flagsmith`."""

    node_port: NodePort | None = Field(
        default=None,
        description="A port of every node that leads to Flagsmith, `/metrics` included: for a local cluster, and what "
        "stands before nodes that only you reach. Default: none.",
    )
