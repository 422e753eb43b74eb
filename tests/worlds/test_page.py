"""docs/worlds.md: every block is taken out of the page, rendered, and held against the rules of its world."""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

import pytest
import yaml

from tests.gitops import argocd, flux
from tests.recording import ROOT, Recording, all_containers, container, pod_templates, record, recorded
from tests.worlds import scc
from tests.worlds.routes import routes
from tests.worlds.stacks import jobs, servers
from tests.worlds.test_meshes import meshes

PAGE = (ROOT / "docs" / "worlds.md").read_text(encoding="utf-8")
BLOCKS: Mapping[str, str] = dict(re.findall(r"```yaml world=(\S+)\n(.*?)```", PAGE, flags=re.DOTALL))
CLASS = "kubernetes.io/ingress.class"


def rendered(world: str) -> Recording:
    """Production with the block of a world, which names every key that it needs beside the stack's file."""
    host = str(recorded("production").program.outputs["url"]).removeprefix("https://")
    return record("production", yaml.safe_load(BLOCKS[world].replace("HOST", host)))


def ingress(found: Recording) -> Mapping[str, Any]:
    (one,) = found.all("Ingress")
    return one


def eks(found: Recording) -> None:
    """Read of the AWS Load Balancer Controller: target type, listeners, a certificate, and a path of health."""
    spec, said = ingress(found)["spec"], ingress(found)["metadata"]["annotations"]
    prefix = "alb.ingress.kubernetes.io"
    assert spec["ingressClassName"] == "alb"
    assert "tls" not in spec
    # Type `instance` needs a NodePort, which no Service of the stack has.
    assert {item["spec"]["type"] for item in found.all("Service")} == {"ClusterIP"}
    assert said[f"{prefix}/target-type"] == "ip"
    assert {"HTTPS": 443} in yaml.safe_load(said[f"{prefix}/listen-ports"])
    assert re.fullmatch(r"arn:aws:acm:[a-z0-9-]+:\d{12}:certificate/[0-9a-f-]{36}", said[f"{prefix}/certificate-arn"])
    # The attribute of a listener that there is: the controller refuses one of another.
    _, _, age = said[f"{prefix}/listener-attributes.HTTPS-443"].partition("strict_transport_security.header_value=")
    assert re.fullmatch(r"max-age=\d+", age)
    probe = container(found.one("Deployment", "flagsmith")["spec"]["template"])["readinessProbe"]["httpGet"]["path"]
    assert said[f"{prefix}/healthcheck-path"] == probe


def gke(found: Recording) -> None:
    """Its controller takes the annotation, and Kubernetes no object with both."""
    assert ingress(found)["metadata"]["annotations"][CLASS] == "gce"
    assert "ingressClassName" not in ingress(found)["spec"]
    let_in = _networks(found)
    for network in ("35.191.0.0/16", "130.211.0.0/22"):
        assert any(ip_network(network).subnet_of(item) for item in let_in)


def aks(found: Recording) -> None:
    assert ingress(found)["spec"]["ingressClassName"] == "azure-application-gateway"
    said = ingress(found)["metadata"]["annotations"]
    assert CLASS not in said
    assert "tls" not in ingress(found)["spec"]
    # It redirects to the listener that a certificate of its own makes, and asks the pods by the path of their probe.
    assert said["appgw.ingress.kubernetes.io/ssl-redirect"] == "true"
    assert said["appgw.ingress.kubernetes.io/appgw-ssl-certificate"]
    assert "httpGet" in container(found.one("Deployment", "flagsmith")["spec"]["template"])["readinessProbe"]
    assert _networks(found) == [ip_network("10.1.0.0/24")]


def openshift(found: Recording) -> None:
    templates = list(pod_templates(found))
    assert templates
    assert [(pod, why) for pod, template in templates for why in scc.refusals(template, chosen=True)] == []
    made = list(routes(ingress(found)))
    (rule,) = ingress(found)["spec"]["rules"]
    assert {route.path: route.service for route in made} == {"/metrics": "flagsmith-unpublished", "/": "flagsmith"}
    assert {route.host for route in made} == {rule["host"]}
    assert all(route.tls for route in made)
    # Each Route gets the annotations of its Ingress.
    assert re.fullmatch(
        r"max-age=\d+", ingress(found)["metadata"]["annotations"]["haproxy.router.openshift.io/hsts_header"]
    )
    # Its name servers: pods of openshift-dns that listen on 5353, and no Service's port counts for a policy.
    out = [rule for policy in found.all("NetworkPolicy") for rule in policy["spec"].get("egress") or ()]
    asks = [rule for rule in out if {"port": 5353, "protocol": "UDP"} in rule.get("ports", ())]
    assert asks
    assert all(_selected(peer) == {"openshift-dns"} for rule in asks for peer in rule["to"] if "ipBlock" not in peer)
    assert not [port for rule in out for port in rule.get("ports", ()) if port["port"] == 53]


def k3s(found: Recording) -> None:
    assert ingress(found)["spec"]["ingressClassName"] == "traefik"
    assert "kube-system" in _namespaces(found)


def mesh(found: Recording) -> None:
    assert all(meshes(template) == [] for _, template in jobs(found))
    assert all(meshes(template) for _, template in servers(found))
    assert found.all("Namespace")[0]["metadata"]["labels"]["istio-injection"] == "enabled"


def argo(found: Recording) -> None:
    assert "pulumi.com/skipAwait" in ingress(found)["metadata"]["annotations"]
    assert "replicas" not in found.one("Deployment", "flagsmith")["spec"]
    (scaler,) = found.all("HorizontalPodAutoscaler")
    assert argocd.health(scaler) != "Degraded"


def fluxcd(found: Recording) -> None:
    for kind in ("Deployment", "StatefulSet", "Job"):
        for item in found.all(kind):
            # What was only just applied counts as under way, so that the next wave waits for it.
            assert flux.status({**item, "status": {}}) == "InProgress", item["metadata"]["name"]


def no_cert_manager(found: Recording) -> None:
    assert "cert-manager.io" not in yaml.safe_dump([item.manifest for item in found.program.objects])
    assert ingress(found)["spec"]["tls"][0]["secretName"] == "flags-tls"


def ipv6(found: Recording) -> None:
    words = container(found.one("Deployment", "flagsmith")["spec"]["template"])["args"]
    assert words[1:3] == ["--bind", "[::]:8000"]


def closed(found: Recording) -> None:
    for pod, template in pod_templates(found):
        assert template["spec"]["imagePullSecrets"] == [{"name": "registry"}]
        for item in all_containers(template):
            assert item["image"].startswith("registry.corp.example/mirror/"), pod
    out = [rule for policy in found.all("NetworkPolicy") for rule in policy["spec"].get("egress") or ()]
    blocks = [peer["ipBlock"]["cidr"] for rule in out for peer in rule.get("to") or () if "ipBlock" in peer]
    assert not [cidr for cidr in blocks if ip_network(cidr).prefixlen == 0]
    assert all(rule.get("to") for rule in out), "a rule without peers opens everything"


def docker_desktop(found: Recording) -> None:
    (port,) = found.one("Service", "flagsmith")["spec"]["ports"]
    assert port["nodePort"] == 30080
    assert found.all("Ingress") == []


def _peers(found: Recording) -> list[Mapping[str, Any]]:
    policy = found.one("NetworkPolicy", "flagsmith-api")
    return [peer for rule in policy["spec"]["ingress"] for peer in rule["from"]]


def _networks(found: Recording) -> list[Any]:
    return [ip_network(peer["ipBlock"]["cidr"]) for peer in _peers(found) if "ipBlock" in peer]


def _namespaces(found: Recording) -> set[str]:
    return {name for peer in _peers(found) for name in _selected(peer)}


def _selected(peer: Mapping[str, Any]) -> set[str]:
    return {peer.get("namespaceSelector", {}).get("matchLabels", {}).get("kubernetes.io/metadata.name", "")}


RULES: Mapping[str, Callable[[Recording], None]] = {
    "eks": eks,
    "gke": gke,
    "aks": aks,
    "openshift": openshift,
    "k3s": k3s,
    "mesh": mesh,
    "argocd": argo,
    "flux": fluxcd,
    "no-cert-manager": no_cert_manager,
    "ipv6": ipv6,
    "closed": closed,
    "docker-desktop": docker_desktop,
}


def test_each_world_of_the_page_has_its_rules_and_a_row() -> None:
    assert set(BLOCKS) == set(RULES)
    rows = re.findall(r"^\| .* \| \[below\]\(#\S+\) \|", PAGE, flags=re.MULTILINE)
    assert len(rows) == len(RULES)


@pytest.mark.parametrize("world", RULES)
def test_the_block_of_a_world_makes_what_its_rules_ask_for(world: str) -> None:
    RULES[world](rendered(world))
