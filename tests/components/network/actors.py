"""Who is around a rendered stack: its own pods, those it may talk to, and strangers who try."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.components.network.evaluator import Actor

OWN: Final = "feature-flags"
COMPONENT: Final = "app.kubernetes.io/component"
NAMESPACES: Final = {
    name: {"kubernetes.io/metadata.name": name, **labels}
    for name, labels in {
        OWN: {},
        "traefik": {},
        "envoy-gateway-system": {},
        "monitoring": {},
        "cnpg-system": {},
        "kube-system": {},
        "default": {},
        "footanalytics": {"feature-flags/client": "true"},
        "refused": {"feature-flags/client": "false"},
    }.items()
}


def _pod(name: str, namespace: str, ip: str, **labels: str) -> Actor:
    return Actor(name=name, namespace=namespace, ip=ip, labels=labels)


# Where nobody may come who was not meant: networks on a link, clouds' metadata services, and what NAT64 makes of them.
CLOSED: Final = tuple(
    Actor(name=name, ip=ip)
    for name, ip in {
        "DNS of the node": "169.254.20.10",
        "host on the link": "169.254.1.1",
        "host on the link by IPv6": "fe80::1",
        "metadata service": "169.254.169.254",
        "credentials of pods, Amazon": "169.254.170.23",
        "metadata service by IPv6, Amazon": "fd00:ec2::254",
        "credentials of pods by IPv6, Amazon": "fd00:ec2::23",
        "metadata service by IPv6, Google": "fd20:ce::254",
        "metadata service by IPv6, Oracle": "fd00:c1::a9fe:a9fe",
        "metadata service by IPv6, Scaleway": "fd00:42::42",
        "metadata service by IPv6, Akamai": "fd00:a9fe:a9fe::1",
        "metadata service by IPv6, OpenStack": "fe80::a9fe:a9fe",
        "metadata service by IPv6, Alibaba": "fd00:100::100:200",
        "metadata service, Alibaba": "100.100.100.200",
        "metadata service, Azure": "168.63.129.16",
        "metadata service through NAT64": "64:ff9b::a9fe:a9fe",
        "metadata service through NAT64, Alibaba": "64:ff9b::6464:64c8",
        "metadata service through NAT64, Azure": "64:ff9b::a83f:8110",
    }.items()
)
PRIVATE: Final = tuple(
    Actor(name=name, ip=ip)
    for name, ip in {
        "API server": "10.96.0.1",
        "host of the API server": "10.100.0.2",
        "node": "10.100.0.4",
        "private host": "192.168.7.7",
        "private host of the third network": "172.20.7.7",
        "host of a carrier": "100.64.7.7",
        "private host by IPv6": "fd00::7",
        "private host through NAT64": "64:ff9b::a07:707",
        "private host of the second network through NAT64": "64:ff9b::ac14:707",
        "private host of the third network through NAT64": "64:ff9b::c0a8:707",
        "host of a carrier through NAT64": "64:ff9b::6440:707",
    }.items()
)
OUTSIDE: Final = (
    _pod("ingress controller", "traefik", "10.244.1.1", app="controller"),
    _pod("data plane", "envoy-gateway-system", "10.244.1.5", app="envoy"),
    _pod("controller of the data plane", "envoy-gateway-system", "10.244.1.6", app="envoy-gateway"),
    _pod("client application", "footanalytics", "10.244.1.2", app="web"),
    _pod("Prometheus", "monitoring", "10.244.1.3", app="prometheus"),
    _pod("DNS pod", "kube-system", "10.244.1.4", **{"k8s-app": "kube-dns"}),
    _pod("operator of CloudNativePG", "cnpg-system", "10.244.1.7", **{"app.kubernetes.io/name": "cloudnative-pg"}),
    _pod("plugin beside the operator", "cnpg-system", "10.244.1.8", app="barman-cloud"),
    Actor(name="outside PostgreSQL", ip="10.20.0.5"),
    Actor(name="outside Redis", ip="10.20.0.6"),
    Actor(name="outside mail server", ip="10.20.0.7"),
    Actor(name="outside bucket", ip="203.0.113.8"),
    Actor(name="outside log-in services", ip="198.51.100.4"),
    Actor(name="outside collector", ip="10.20.0.8"),
    Actor(name="outside audit endpoint", ip="10.20.0.9"),
    Actor(name="outside Flagsmith", ip="10.20.0.10"),
    Actor(name="outside Prometheus", ip="10.20.0.11"),
    Actor(name="webhook receivers", ip="203.0.113.7"),
    # Those who must stay outside.
    _pod("pod of nobody's", "default", "10.244.2.1", app="controller"),
    _pod("pod that calls itself a client", "default", "10.244.2.2", **{"feature-flags/client": "true"}),
    _pod("pod of a namespace whose label says no", "refused", "10.244.2.3"),
    _pod("pod of the system", "kube-system", "10.244.2.4", **{"k8s-app": "kube-proxy"}),
    _pod("pod that calls itself DNS", "default", "10.244.2.5", **{"k8s-app": "kube-dns"}),
    _pod("pod that calls itself the API", "default", "10.244.2.6", **{COMPONENT: "api"}),
    *CLOSED,
    *PRIVATE,
    Actor(name="host on the internet", ip="192.0.2.1"),
    Actor(name="host on the internet by IPv6", ip="2001:db8::7"),
    Actor(name="host on the internet through NAT64", ip="64:ff9b::c000:201"),
)
INTERNET: Final = frozenset(
    [
        *("outside bucket", "outside log-in services", "webhook receivers"),
        *("host on the internet", "host on the internet by IPv6", "host on the internet through NAT64"),
    ]
)
GROUPS: Final = {
    "ingress controller": frozenset({"ingress controller"}),
    "client applications": frozenset({"client application"}),
    "DNS": frozenset({"DNS pod", "DNS of the node"}),
    "the internet": INTERNET,
    "API server": frozenset({"API server", "host of the API server"}),
}
"""Whom the words of the table mean, where that is more than one, or always the same."""

SOLVER: Final = Actor(
    name="ACME solver", namespace=OWN, ip="10.244.0.250", labels={"acme.cert-manager.io/http01-solver": "true"}
)
LODGER: Final = Actor(name="pod of somebody else in the namespace", namespace=OWN, ip="10.244.0.251")


def pods(manifests: Sequence[Mapping[str, Any]]) -> tuple[Actor, ...]:
    """The rendered pods, one a component, named by it; and two that others put into the namespace."""
    found: dict[str, Actor] = {}
    for name, template in templates(manifests):
        assert not template["spec"].get("hostNetwork"), f"{name}: no policy concerns it"
        labels = template["metadata"]["labels"]
        same = found.setdefault(
            labels[COMPONENT],
            Actor(
                name=labels[COMPONENT],
                namespace=OWN,
                ip=f"10.244.0.{len(found) + 1}",
                labels=labels,
                ports=dict(_ports(template["spec"])),
            ),
        )
        selectable = {key: value for key, value in labels.items() if key != "app.kubernetes.io/version"}
        assert selectable.items() <= same.labels.items(), f"{name}: pods of one component, told apart by labels"
    return (*found.values(), *_by_operators(manifests), SOLVER, LODGER)


def _by_operators(manifests: Sequence[Mapping[str, Any]]) -> Iterator[Actor]:
    """The pods that CloudNativePG makes, with the labels and ports that it gives them (pkg/specs of 1.30)."""
    for manifest in manifests:
        name = manifest["metadata"]["name"]
        if manifest["kind"] == "Cluster":
            labels = {"cnpg.io/cluster": name, "cnpg.io/podRole": "instance", "app.kubernetes.io/name": "postgresql"}
            ports = {("postgresql", "TCP"): 5432, ("metrics", "TCP"): 9187, ("status", "TCP"): 8000}
            yield Actor(name="database", namespace=OWN, ip="10.244.0.240", labels=labels, ports=ports)
        if manifest["kind"] == "Pooler":
            labels = {
                "cnpg.io/poolerName": name,
                "cnpg.io/cluster": manifest["spec"]["cluster"]["name"],
                "cnpg.io/podRole": "pooler",
                "app.kubernetes.io/name": "cloudnative-pg",
            }
            ports = {("pgbouncer", "TCP"): 5432, ("metrics", "TCP"): 9127}
            yield Actor(name="pooler", namespace=OWN, ip="10.244.0.241", labels=labels, ports=ports)


def templates(manifests: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod template, with what it belongs to."""
    for manifest in manifests:
        if manifest["kind"] in ("Cluster", "Pooler"):
            continue
        spec = manifest.get("spec") or {}
        template = (spec.get("jobTemplate") or {"spec": spec})["spec"].get("template")
        if template is not None:
            yield f"{manifest['kind']}/{manifest['metadata']['name']}", template


def _ports(pod: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], int]]:
    for container in pod["containers"]:
        for port in container.get("ports", ()):
            yield (port["name"], port.get("protocol", "TCP")), port["containerPort"]
