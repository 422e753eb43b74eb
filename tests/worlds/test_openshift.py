"""OpenShift: every pod keeps the rules of the SCC that it runs under, and what it writes to is its own."""

from typing import Any

import pytest

from components.settings.checks import ingress
from tests.components.settings.support import refusal, settings
from tests.recording import all_containers, pod_templates
from tests.scanners.rendered import IN_CLUSTER as REST
from tests.worlds.routes import TERMINATION, routes
from tests.worlds.scc import refusals
from tests.worlds.stacks import NAMES, stack

IN_CLUSTER: dict[str, Any] = dict(REST)
CHOSEN: dict[str, Any] = {"podSecurity": {"userIds": "cluster"}}
EXTERNAL: dict[str, Any] = {
    "postgres": {"mode": "external", "existingSecret": "database"},
    "audit": {"existingSecret": "audit", "export": {"sink": "stdout"}},
}


def chosen(name: str) -> dict[str, Any]:
    """The settings, where the stack's own PostgreSQL is none that can take them."""
    if name in ("outside", "edge-alone", "cloudnativepg"):
        return CHOSEN
    if name != "in-cluster":
        return {**CHOSEN, **EXTERNAL}
    return {**CHOSEN, **EXTERNAL, "audit": {**EXTERNAL["audit"], "export": IN_CLUSTER["audit"]["export"]}}


@pytest.mark.parametrize("name", NAMES)
def test_restricted_v2_admits_every_pod_whose_user_the_cluster_chooses(name: str) -> None:
    templates = list(pod_templates(stack(name, **chosen(name))))
    assert templates
    found = {pod: list(refusals(template, chosen=True)) for pod, template in templates}
    assert {pod: why for pod, why in found.items() if why} == {}
    # Nothing says as whom it runs: a number of the range of one namespace would be none of another's.
    for pod, template in templates:
        contexts = [template["spec"]["securityContext"], *(c["securityContext"] for c in all_containers(template))]
        assert not [c for c in contexts if {"runAsUser", "runAsGroup", "fsGroup"} & set(c)], pod


@pytest.mark.parametrize("name", NAMES)
def test_nonroot_v2_admits_every_pod_with_its_own_user_and_restricted_v2_none(name: str) -> None:
    for pod, template in pod_templates(stack(name)):
        assert list(refusals(template, chosen=False)) == [], pod
        assert list(refusals(template, chosen=True)), f"{pod}: the rules let a fixed user pass"


@pytest.mark.parametrize("name", NAMES)
def test_a_pod_of_any_user_writes_to_volumes_alone_and_reads_its_secrets(name: str) -> None:
    for pod, template in pod_templates(stack(name, **chosen(name))):
        for container in all_containers(template):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, pod
        for volume in template["spec"]["volumes"]:
            mode = volume.get("secret", {}).get("defaultMode")
            # Files of a Secret belong to root and the pod's group, which is the only one that such a user has.
            assert mode is None or mode & 0o040, (pod, volume["name"])


def test_the_embedded_postgresql_is_refused_with_the_ways_there_are() -> None:
    (line,) = refusal(**CHOSEN)
    assert line.startswith('feature-flags:podSecurity.userIds = "cluster": must be fixed with the embedded PostgreSQL')
    assert "nonroot-v2" in line


@pytest.mark.parametrize("tls", ["controller", "upstream", "edge", "secret", "issuer"])
def test_what_openshift_would_not_publish_is_said(tls: str) -> None:
    """Told by what it makes of the Ingress: no Route, one of plain HTTP, or one that ends TLS."""
    names: dict[str, Any] = {"secret": {"secretName": "mine"}, "issuer": {"clusterIssuer": "letsencrypt"}}
    annotations = {TERMINATION: "edge"} if tls == "edge" else {}
    source = "upstream" if tls == "edge" else tls
    way_in = {
        "className": "openshift-default",
        "annotations": annotations,
        "tls": {"from": source, **names.get(tls, {})},
    }
    (found,) = stack("production", ingress=way_in).all("Ingress")
    secret = found["spec"].get("tls", [{}])[0].get("secretName", "")
    made = list(routes(found, frozenset([secret] if secret else [])))
    said = [line for line in ingress.warnings(settings(ingress=way_in)) if "OpenShift" in line]
    assert bool(said) is (not made or not all(route.tls for route in made))
    for line in said:
        assert f"ingress.tls.from is {source}" in line
        assert f"{TERMINATION}: edge" in line


def test_of_the_paths_of_the_edge_it_makes_no_routes() -> None:
    way_in = {"className": "openshift-default", "annotations": {TERMINATION: "edge"}, "tls": {"from": "upstream"}}
    (found,) = stack("production", ingress=way_in, edge={"enabled": True}).all("Ingress")
    assert "flagsmith-edge" not in {route.service for route in routes(found)}
    said = ingress.warnings(settings(ingress=way_in, edge={"enabled": True}))
    assert [line for line in said if line.startswith("edge.enabled: OpenShift makes no Route of an exact path")]
