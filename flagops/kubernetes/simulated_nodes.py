"""Whether a cluster's nodes are simulated: then pods are there, and nothing runs in them."""

from pathlib import Path

from flagops.errors import NoAccessError, UnsupportedError
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.objects import Manifest

# kwok plays the nodes with this annotation, and marks those that it makes itself with this label:
# https://kwok.sigs.k8s.io/docs/user/kwok-manage-nodes-and-pods/
ANNOTATION = "kwok.x-k8s.io/node"
LABEL, VALUE = "type", "kwok"
HINT = "For real containers, start Docker and run: ff cluster down && ff cluster up && ff up"


class SimulatedError(UnsupportedError):
    """What was asked for needs a container, and none runs."""


def nothing_runs(client: Client, namespace: str) -> bool:
    """Whether all nodes are simulated, or those that pods of the namespace are on.

    Who may not see nodes is told by the pods: a container that really runs has an id.
    """
    try:
        nodes = client.list("v1", "Node", "")
    except NoAccessError:
        return any(_runs_without_container(pod) for pod in client.list("v1", "Pod", namespace))
    simulated = {str(node["metadata"]["name"]) for node in nodes if is_simulated(node)}
    if not simulated or len(simulated) == len(nodes):
        return bool(simulated)
    return any(pod["spec"].get("nodeName") in simulated for pod in client.list("v1", "Pod", namespace))


def nothing_runs_in(kubeconfig: Path | None, context: str, namespace: str) -> bool:
    """The same of the cluster in a context; not, as far as is known, of one that cannot be asked from here."""
    try:
        client = Client(connect(kubeconfig, context))
    except NoAccessError:
        return False
    try:
        return nothing_runs(client, namespace)
    except NoAccessError:
        return False
    finally:
        client.close()


def is_simulated(node: Manifest) -> bool:
    """Whether kwok plays the node, by how it is marked."""
    metadata = node["metadata"]
    return ANNOTATION in (metadata.get("annotations") or {}) or (metadata.get("labels") or {}).get(LABEL) == VALUE


def _runs_without_container(pod: Manifest) -> bool:
    statuses = pod.get("status", {}).get("containerStatuses") or []
    return any("running" in (item.get("state") or {}) and not item.get("containerID") for item in statuses)
