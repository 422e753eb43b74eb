"""Network policies that stand between the ingress controller and the API, or the proxies of an edge alone."""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from components.kit import names
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.refusals import DeniedError

DEFAULT_CLASS = "ingressclass.kubernetes.io/is-default-class"
# Charts write the same labels on the IngressClass as on the controller's pods; nothing else says whose pods they are.
OWNER_LABELS = (names.NAME, names.INSTANCE)


def isolation(examination: Examination) -> Iterator[DoctorFinding]:
    """An ingress controller whose pods the policies do not let in."""
    instance = examination.instance
    network, ingress = instance.settings.network_policy, instance.settings.ingress
    policy, kept_from = (names.EDGE, "edge") if instance.settings.is_edge else (names.API_POLICY, "API")
    if not (instance.settings.isolated and ingress.enabled):
        return
    if instance.get("networking.k8s.io/v1", "NetworkPolicy", policy) is None:
        return
    shut_out = [pod for pod in _controller(examination, ingress.class_name) if not _is_let_in(examination, pod)]
    if not shut_out:
        return
    pod = shut_out[0]
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    key, value = _setting(pod)
    yield DoctorFinding(
        "ingress-cut-off",
        f"The network policies keep the ingress controller from the {kept_from}.",
        (f"{namespace}/{name} has the address {_address(pod)}; let in is {', '.join(network.ways_in)}",),
        f"set networkPolicy.{key} to {value} in Pulumi.{instance.stack.name}.yaml, "
        f"then ff up --stack {instance.stack.name}",
    )


def _controller(examination: Examination, class_name: str | None) -> list[Manifest]:
    """The running pods of the class' controller, as far as its labels tell and one may look."""
    classes = examination.instance.client.list("networking.k8s.io/v1", "IngressClass", "")
    found = next((item for item in classes if _is_meant(item, class_name)), None)
    labels = (found or {"metadata": {}})["metadata"].get("labels") or {}
    wanted = ",".join(f"{key}={labels[key]}" for key in OWNER_LABELS if key in labels)
    if not wanted:
        return []
    try:
        pods = examination.instance.client.list("v1", "Pod", "", labelSelector=wanted)
    except DeniedError:
        return []
    return [pod for pod in pods if pod.get("status", {}).get("phase") == "Running"]


def _is_meant(ingress_class: Manifest, name: str | None) -> bool:
    metadata = ingress_class["metadata"]
    if name is not None:
        return bool(metadata["name"] == name)
    return (metadata.get("annotations") or {}).get(DEFAULT_CLASS) == "true"


def _is_let_in(examination: Examination, pod: Manifest) -> bool:
    network = examination.instance.settings.network_policy
    if any(ip_address(_address(pod)) in ip_network(cidr) for cidr in network.ingress_cidrs):
        return True
    by_labels = network.ingress_pod_labels.items() <= (pod["metadata"].get("labels") or {}).items()
    in_namespace = pod["metadata"]["namespace"] == network.ingress_namespace
    return in_namespace and by_labels and not _has_its_nodes_address(pod)


def _has_its_nodes_address(pod: Manifest) -> bool:
    return bool(pod["spec"].get("hostNetwork"))


def _address(pod: Manifest) -> str:
    return str(pod["status"]["podIP"])


def _setting(pod: Manifest) -> tuple[str, str]:
    if _has_its_nodes_address(pod):
        return "ingressCidrs", "the network of the nodes"
    return "ingressNamespace", str(pod["metadata"]["namespace"])
