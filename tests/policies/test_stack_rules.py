"""Rules of availability, protection and the way in."""

from typing import Any

import pytest

from policies.check import check
from policies.model import MISSING, Object, Objects
from tests.policies.manifests import (
    LABELS,
    autoscaler,
    broken,
    budget,
    deployment,
    gateway,
    http_route,
    ingress,
    paths,
    rule,
)

NAME = "app.kubernetes.io/name"
TLS = {"hosts": ["flags.example.com"], "secretName": "flagsmith-tls"}


def other_namespace(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": "other"}}


def selecting(**selector: Any) -> dict[str, Any]:
    return budget(maxUnavailable=1, selector=selector)


@pytest.mark.parametrize(
    "around",
    [
        (),
        (other_namespace(budget()),),
        (selecting(matchLabels={**LABELS, "app.kubernetes.io/component": "cache"}),),
        (budget(maxUnavailable=1, selector=None),),
        (
            selecting(
                matchExpressions=[{"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["flagsmith"]}]
            ),
        ),
        (selecting(matchExpressions=[{"key": NAME, "operator": "DoesNotExist"}]),),
        (selecting(matchExpressions=[{"key": "tier", "operator": "Exists"}]),),
    ],
)
def test_a_replicated_workload_has_a_budget(around: tuple[dict[str, Any], ...]) -> None:
    (found,) = broken("disruption-budget", deployment(replicas=2), *around)
    assert found.finding.value == MISSING


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": LABELS},
        {},
        {"matchExpressions": [{"key": "app.kubernetes.io/component", "operator": "In", "values": ["api", "cache"]}]},
        {"matchExpressions": [{"key": "app.kubernetes.io/component", "operator": "Exists"}]},
    ],
)
def test_a_budget_may_select_in_every_way(selector: dict[str, Any]) -> None:
    assert broken("disruption-budget", deployment(), selecting(**selector)) == []


def test_a_single_pod_needs_no_budget_and_what_an_autoscaler_rules_does() -> None:
    assert broken("disruption-budget", deployment(replicas=1)) == []
    assert broken("disruption-budget", deployment(replicas=None)) == []
    assert len(broken("disruption-budget", deployment(replicas=None), autoscaler(1))) == 1
    assert broken("disruption-budget", deployment(replicas=1), other_namespace(autoscaler(3))) == []


@pytest.mark.parametrize(
    ("spec", "replicas"),
    [
        ({"maxUnavailable": 0}, 3),
        ({"maxUnavailable": "0%"}, 3),
        ({"minAvailable": 3}, 3),
        ({"minAvailable": "100%"}, 3),
        ({"minAvailable": "90%"}, 3),
        ({"minAvailable": 1}, 1),
    ],
)
def test_a_budget_that_lets_no_pod_go_is_refused(spec: dict[str, Any], replicas: int) -> None:
    (found,) = broken("evictions", deployment(replicas=replicas), budget(**spec))
    assert found.finding.object.kind == "PodDisruptionBudget"
    assert found.finding.value == next(iter(spec.values()))


@pytest.mark.parametrize(
    "spec", [{"maxUnavailable": 1}, {"maxUnavailable": "1%"}, {"minAvailable": 2}, {"minAvailable": "50%"}]
)
def test_a_budget_that_lets_one_pod_go_is_let_be(spec: dict[str, Any]) -> None:
    assert broken("evictions", deployment(replicas=3), budget(**spec)) == []


def test_the_fewest_pods_of_an_autoscaler_count() -> None:
    (found,) = broken("evictions", deployment(replicas=9), autoscaler(2), budget(minAvailable=2))
    assert "less than 2" in found.finding.allowed


@pytest.mark.parametrize(
    ("around", "path"),
    [
        ((deployment(replicas=2),), "spec.replicas"),
        ((deployment(replicas=None),), "spec.replicas"),
        ((deployment(replicas=9), autoscaler(2)), "spec.minReplicas"),
        ((deployment(replicas=9), autoscaler(None)), "spec.minReplicas"),
    ],
)
def test_production_has_three_replicas(around: tuple[dict[str, Any], ...], path: str) -> None:
    assert paths(broken("production-replicas", *around)) == [path]
    assert broken("production-replicas", *around, production=False) == []


def test_what_is_not_the_api_may_have_fewer() -> None:
    worker = deployment(replicas=1)
    worker["metadata"]["labels"] = {**LABELS, "app.kubernetes.io/component": "task-processor"}
    assert broken("production-replicas", worker, autoscaler(3)) == []


@pytest.mark.parametrize(
    ("kind", "component"),
    [
        ("Namespace", ""),
        ("PersistentVolumeClaim", ""),
        ("Secret", ""),
        ("StatefulSet", "database"),
        ("Cluster", "database"),
    ],
)
def test_what_cannot_be_made_again_is_protected(kind: str, component: str) -> None:
    labels = {"app.kubernetes.io/component": component}
    subject = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", "labels": labels}}
    assert len(broken("protected-data", subject, protected=False)) == 1
    assert broken("protected-data", subject, protected=True) == []
    assert broken("protected-data", subject, protected=False, production=False) == []


def test_a_copy_that_goes_with_a_move_needs_none_and_the_live_one_does_by_any_name() -> None:
    labels = {"app.kubernetes.io/component": "database"}
    for name in ("flagsmith-pg", "another"):
        live = {"apiVersion": "v1", "kind": "Cluster", "metadata": {"name": name, "labels": labels}}
        copy = {**live, "metadata": {"name": name, "labels": {**labels, "feature-flags/given-up-with": "move"}}}
        assert len(broken("protected-data", live, protected=False)) == 1
        assert broken("protected-data", copy, protected=False) == []


def test_what_can_be_made_again_needs_no_protection() -> None:
    assert broken("protected-data", deployment(), protected=False) == []


def test_protection_that_cannot_be_seen_is_reported_as_not_checked() -> None:
    seen, unseen = Object(deployment(), protected=True), Object(deployment())
    report = check(Objects((seen, unseen), production=True), [rule("protected-data")])
    assert report.unseen == (rule("protected-data"),)
    assert check(Objects((seen,), production=True), [rule("protected-data")]).unseen == ()
    assert check(Objects((unseen,)), [rule("protected-data")]).unseen == ()


@pytest.mark.parametrize(
    ("subject", "path"),
    [
        (ingress("flags.example.com"), "spec.tls"),
        (ingress("flags.example.com", tls=[{"hosts": ["other.example.com"], "secretName": "a"}]), "spec.tls"),
        (ingress("flags.example.com", tls=[{"hosts": ["*.com"], "secretName": "a"}]), "spec.tls"),
        (ingress("flags.example.com", tls=[{"hosts": ["flags.example.com"]}]), "spec.tls.secretName"),
        (ingress(), "spec.tls"),
    ],
)
def test_every_host_has_a_certificate(subject: dict[str, Any], path: str) -> None:
    assert paths(broken("ingress-tls", subject)) == [path]
    assert broken("ingress-tls", subject, production=False) == []
    (found,) = broken("ingress-tls-elsewhere", subject, production=False)
    assert found.rule.enforcement == "advisory"
    assert broken("ingress-tls-elsewhere", subject) == []


def test_a_wildcard_covers_a_host_and_this_machine_needs_no_certificate() -> None:
    wildcard = ingress("flags.example.com", tls=[{"hosts": ["*.example.com"], "secretName": "a"}])
    assert broken("ingress-tls", wildcard) == []
    assert broken("ingress-tls-elsewhere", ingress("flags.localhost"), production=False) == []
    assert broken("ingress-tls", ingress("flags.example.com", tls=[TLS])) == []


HTTP = {"name": "http", "port": 80, "protocol": "HTTP"}
HTTPS = {"name": "https", "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "flagsmith-tls"}]}}
OWN = {"name": "flagsmith", "sectionName": "https"}
ENDED = {"feature-flags/tls": "upstream"}


@pytest.mark.parametrize(
    ("subjects", "path"),
    [
        ([gateway({**HTTPS, "tls": {}})], "spec.listeners[https].tls.certificateRefs"),
        ([gateway(HTTP, HTTPS), http_route({**OWN, "sectionName": "http"})], "spec.parentRefs[0]"),
        ([gateway(HTTP, HTTPS), http_route({"name": "flagsmith"})], "spec.parentRefs[0]"),
        ([gateway(HTTP, HTTPS), http_route(OWN, {"name": "flagsmith", "port": 80})], "spec.parentRefs[1]"),
        ([http_route({"name": "shared", "namespace": "gateways"})], "spec.parentRefs[0]"),
        ([gateway(HTTPS), http_route({**OWN, "namespace": "gateways"})], "spec.parentRefs[0]"),
        ([gateway({**HTTPS, "tls": {}}, **{"feature-flags/tls": "none"})], "spec.listeners[https].tls.certificateRefs"),
    ],
)
def test_a_route_to_a_service_is_on_a_listener_with_a_certificate(subjects: list[dict[str, Any]], path: str) -> None:
    assert paths(broken("gateway-tls", *subjects)) == [path]
    assert broken("gateway-tls", *subjects, production=False) == []
    assert paths(broken("gateway-tls-elsewhere", *subjects, production=False)) == [path]
    assert broken("gateway-tls-elsewhere", *subjects) == []


def test_a_route_that_redirects_and_tls_that_ends_elsewhere_are_let_be() -> None:
    redirect = http_route({**OWN, "sectionName": "http"})
    redirect["spec"]["rules"] = [{"filters": [{"type": "RequestRedirect"}]}]
    for subjects in (
        [gateway(HTTP, HTTPS), http_route(OWN), redirect],
        [gateway(HTTP, **ENDED), http_route({"name": "flagsmith"})],
        [http_route({"name": "shared", "namespace": "gateways"}, **ENDED)],
        [gateway({**HTTPS, "tls": {}}, **{"feature-flags/tls": "controller"}), http_route(OWN)],
        [gateway(HTTP), http_route({"name": "flagsmith"}, host="flags.localhost")],
    ):
        assert broken("gateway-tls", *subjects) == []
