"""The few requests that starting and checking a cluster take; small, since the full client takes a second to import."""

import base64
import ssl
import tempfile
from pathlib import Path
from typing import Any

import httpx

from flagops.kubernetes.kubeconfig import content
from flagops.local_cluster.model import NodeStatus

ZONE_LABEL = "topology.kubernetes.io/zone"
TIMEOUT_SECONDS = 10.0


def client(path: Path) -> httpx.Client:
    """An HTTP client for the cluster of a kubeconfig, with its authority and client certificate.

    Proxies of the environment are not used: the server listens on this machine.
    """
    document = content(path)
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    context = ssl.create_default_context(cadata=_decoded(cluster["certificate-authority-data"]))
    # ssl reads a client certificate from a file only; a temporary file of the standard library is private (0600).
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(_decoded(user["client-certificate-data"]) + _decoded(user["client-key-data"]))
        file.flush()
        context.load_cert_chain(file.name)
    return httpx.Client(base_url=cluster["server"], verify=context, trust_env=False, timeout=TIMEOUT_SECONDS)


def is_ready(api: httpx.Client) -> bool:
    """Whether the API server says that it and everything it needs is ready."""
    return says_ok(api, "/readyz")


def says_ok(api: httpx.Client, address: str) -> bool:
    """Whether a component answers there that it is well; one that does not answer yet is not."""
    try:
        return api.get(address).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def server_version(api: httpx.Client) -> str:
    """Version of the API server, such as v1.37.2."""
    return str(get(api, "/version")["gitVersion"])


def nodes(api: httpx.Client) -> tuple[NodeStatus, ...]:
    """All nodes in the order of their names; a node that still carries a start-up taint is not ready."""
    return tuple(
        NodeStatus(
            name=node["metadata"]["name"],
            zone=node["metadata"].get("labels", {}).get(ZONE_LABEL, ""),
            ready=_node_is_ready(node),
        )
        for node in get(api, "/api/v1/nodes")["items"]
    )


def create(api: httpx.Client, path: str, manifest: dict[str, Any]) -> None:
    """Create an object; one that is there already stays as it is."""
    response = api.post(path, json=manifest)
    if response.status_code != httpx.codes.CONFLICT:
        response.raise_for_status()


def exists(api: httpx.Client, path: str) -> bool:
    """Whether there is an object at a path of the API."""
    return api.get(path).status_code == httpx.codes.OK


def _node_is_ready(node: dict[str, Any]) -> bool:
    conditions = {item["type"]: item["status"] for item in node.get("status", {}).get("conditions", [])}
    taints = {taint["key"] for taint in node["spec"].get("taints", [])}
    starting = {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}
    return conditions.get("Ready") == "True" and not taints & starting


def get(api: httpx.Client, path: str) -> dict[str, Any]:
    """What a path of the API holds. Raises httpx.HTTPError when it cannot be read."""
    response = api.get(path)
    response.raise_for_status()
    document: dict[str, Any] = response.json()
    return document


def _decoded(data: str) -> str:
    return base64.b64decode(data).decode()
