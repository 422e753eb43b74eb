"""The Gateway and its routes as they are rendered, alone, shared, and beside an Ingress."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.exposure.gateway import awaited_gateway, awaited_route
from components.exposure.routes import public_paths
from components.settings.sections.gateway import ParentReference
from components.settings.tls import TLS_ANNOTATION
from tests.components.exposure.test_ingress import broken
from tests.components.settings.support import refusal, settings
from tests.recording import Recording, environment, record

HOST = "flags.footanalytics.com"
OWN: Mapping[str, Any] = {"enabled": True, "className": "envoy", "tls": {"from": "issuer", "clusterIssuer": "le"}}
PARENT = {"name": "shared", "namespace": "gateways", "sectionName": "https"}
SHARED: Mapping[str, Any] = {
    "enabled": True,
    "parentRefs": [PARENT],
    "redirectFrom": [{**PARENT, "sectionName": "http"}],
    "tls": {"from": "controller"},
}
TLS: dict[str, dict[str, str]] = {
    "issuer": {"from": "issuer", "issuer": "own"},
    "secret": {"from": "secret", "secretName": "certificate"},
    "controller": {"from": "controller"},
    "upstream": {"from": "upstream"},
    "none": {"from": "none"},
}


def stack(gateway: Mapping[str, Any], *, production: bool = True, **values: object) -> Recording:
    network = {"ingressNamespace": "traefik", "gatewayNamespace": "envoy-gateway-system"}
    alone = {"ingress": {"enabled": False}, "gateway": gateway, "networkPolicy": network, "production": production}
    return record("production", {**alone, **values})


def backends(route: Mapping[str, Any]) -> dict[str, list[tuple[str, int]]]:
    """Where each path leads."""
    return {
        rule["matches"][0]["path"]["value"]: [(item["name"], item["port"]) for item in rule.get("backendRefs", ())]
        for rule in route["spec"]["rules"]
    }


def test_a_stack_that_does_not_ask_for_it_has_no_object_of_it() -> None:
    plain = record("production", {})
    assert plain.all("Gateway") == plain.all("HTTPRoute") == []


@pytest.mark.parametrize("gateway", [OWN, SHARED], ids=["own", "shared"])
def test_the_route_has_the_paths_of_the_table_and_no_backend_for_those_that_are_not_published(
    gateway: Mapping[str, Any],
) -> None:
    route = stack(gateway).one("HTTPRoute", "flagsmith")
    assert route["spec"]["hostnames"] == [HOST]
    assert backends(route) == {
        public.path: [] if public.to is None else [(public.to.name, public.to.port)]
        for public in public_paths(settings())
    }
    assert backends(route)["/metrics"] == []
    (refusing,) = (rule for rule in route["spec"]["rules"] if "backendRefs" not in rule)
    assert "filters" not in refusing


@pytest.mark.parametrize("source", TLS)
def test_address_cookies_listeners_and_policies_agree(source: str) -> None:
    production = source != "none"
    recording = stack({"enabled": True, "className": "envoy", "tls": TLS[source]}, production=production)
    url = f"{'http' if source == 'none' else 'https'}://{HOST}"
    assert recording.program.outputs["url"] == url
    env = environment(recording.one("Deployment", "flagsmith")["spec"]["template"])
    assert env["FLAGSMITH_API_URL"] == url
    assert env["DJANGO_CSRF_TRUSTED_ORIGINS"] == f"{url},http://localhost:8000"
    assert env["USE_SECURE_COOKIES"] == str(source != "none")

    gateway = recording.one("Gateway", "flagsmith")
    listeners = {item["name"]: item for item in gateway["spec"]["listeners"]}
    ends_here = source in ("issuer", "secret", "controller")
    assert set(listeners) == ({"http", "https"} if ends_here else {"http"})
    secret = {"issuer": "flagsmith-gateway-tls", "secret": "certificate"}.get(source)
    if ends_here:
        assert (listeners["https"]["port"], listeners["https"]["protocol"]) == (443, "HTTPS")
        certificates = listeners["https"].get("tls", {}).get("certificateRefs", [])
        assert [item["name"] for item in certificates] == ([secret] if secret else [])
    assert (listeners["http"]["port"], listeners["http"]["protocol"]) == (80, "HTTP")
    assert {item["hostname"] for item in listeners.values()} == {HOST}
    annotations = gateway["metadata"]["annotations"]
    assert annotations.get("cert-manager.io/issuer") == ("own" if source == "issuer" else None)
    assert annotations.get(TLS_ANNOTATION) == (source if source in ("controller", "upstream") else None)

    (parent,) = recording.one("HTTPRoute", "flagsmith")["spec"]["parentRefs"]
    assert (parent["name"], parent["sectionName"]) == ("flagsmith", "https" if ends_here else "http")
    assert len(recording.all("HTTPRoute")) == (2 if ends_here else 1)
    for rule in recording.all("PrometheusRule"):
        text = str(rule["spec"])
        assert ("flagsmith-gateway-tls" in text) is (source == "issuer")
    assert broken(recording, production=production) == []


def test_plain_http_is_redirected_to_the_well_known_port_of_https() -> None:
    recording = stack({**OWN, "httpPort": 8000, "httpsPort": 8443})
    redirect = recording.one("HTTPRoute", "flagsmith-redirect")["spec"]
    assert [item["sectionName"] for item in redirect["parentRefs"]] == ["http"]
    (rule,) = redirect["rules"]
    (filtered,) = rule["filters"]
    assert filtered == {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}
    assert "backendRefs" not in rule
    assert [item["port"] for item in recording.one("Gateway", "flagsmith")["spec"]["listeners"]] == [8000, 8443]


@pytest.mark.parametrize("gateway", [OWN, SHARED], ids=["own", "shared"])
def test_hsts_is_said_on_what_is_served_by_https_and_only_where_it_is_asked_for(gateway: Mapping[str, Any]) -> None:
    header = {"name": "Strict-Transport-Security", "value": "max-age=31536000"}
    said = [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [header]}}]
    found = stack({**gateway, "hstsSeconds": 31_536_000})
    for rule in found.one("HTTPRoute", "flagsmith")["spec"]["rules"]:
        assert rule.get("filters") == (said if "backendRefs" in rule else None)
    # What comes by plain HTTP may not say it: browsers do not believe it, and it would be a lie.
    (redirect,) = found.one("HTTPRoute", "flagsmith-redirect")["spec"]["rules"]
    assert [item["type"] for item in redirect["filters"]] == ["RequestRedirect"]
    assert all("filters" not in rule for rule in stack(gateway).one("HTTPRoute", "flagsmith")["spec"]["rules"])


@pytest.mark.parametrize("seconds", [0, -1, 63_072_001, "a year"])
def test_hsts_for_no_time_or_for_ever_or_without_tls_is_refused(seconds: object) -> None:
    (line,) = refusal(gateway={**OWN, "hstsSeconds": seconds}, ingress={"enabled": False})
    assert line.startswith("feature-flags:gateway.hstsSeconds")
    plain = {**OWN, "tls": {"from": "none"}, "hstsSeconds": 3600}
    assert any("goes with TLS" in line for line in refusal(gateway=plain, ingress={"enabled": False}))


def test_without_a_redirect_its_own_gateway_does_not_listen_for_plain_http() -> None:
    recording = stack({**OWN, "redirect": False})
    assert [item["name"] for item in recording.one("Gateway", "flagsmith")["spec"]["listeners"]] == ["https"]
    assert [item["metadata"]["name"] for item in recording.all("HTTPRoute")] == ["flagsmith"]


def test_a_shared_gateway_is_named_as_the_settings_do_and_none_is_made() -> None:
    recording = stack(SHARED)
    assert recording.all("Gateway") == []
    route, redirect = recording.one("HTTPRoute", "flagsmith"), recording.one("HTTPRoute", "flagsmith-redirect")
    same = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "shared", "namespace": "gateways"}
    assert route["spec"]["parentRefs"] == [{**same, "sectionName": "https"}]
    assert redirect["spec"]["parentRefs"] == [{**same, "sectionName": "http"}]
    assert route["metadata"]["annotations"][TLS_ANNOTATION] == "controller"
    assert broken(recording, production=True) == []


def test_without_its_statement_a_route_to_somebody_else_s_gateway_breaks_the_policy() -> None:
    recording = stack(SHARED)
    del recording.one("HTTPRoute", "flagsmith")["metadata"]["annotations"][TLS_ANNOTATION]
    assert broken(recording, production=True) == ["gateway-tls"]


def test_both_ways_in_are_there_for_a_while_and_lead_to_the_same() -> None:
    both = stack(OWN, ingress={"className": "traefik", "tls": {"from": "issuer", "clusterIssuer": "le"}})
    alone = record(
        "production", {"ingress": {"className": "traefik", "tls": {"from": "issuer", "clusterIssuer": "le"}}}
    )
    assert both.one("Ingress", "flagsmith") == alone.one("Ingress", "flagsmith")
    assert both.program.outputs["url"] == alone.program.outputs["url"]
    (rule,) = both.one("Ingress", "flagsmith")["spec"]["rules"]
    by_ingress = {path["path"]: path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    by_gateway = {path: to[0][0] for path, to in backends(both.one("HTTPRoute", "flagsmith")).items() if to}
    assert by_gateway.items() <= by_ingress.items()
    assert {path for path in by_ingress if path not in by_gateway} == {"/metrics"}
    for rule in both.all("PrometheusRule"):
        for name in ("FlagsmithCertificateEnds", "FlagsmithCertificateNotReady"):
            (alert,) = (item for group in rule["spec"]["groups"] for item in group["rules"] if item["alert"] == name)
            assert 'name="flagsmith-tls"' in alert["expr"]
            assert 'name="flagsmith-gateway-tls"' in alert["expr"]


def test_the_routes_come_after_the_gateway_and_all_of_it_after_flagsmith() -> None:
    recording = stack(OWN)
    for name in ("flagsmith", "flagsmith-redirect"):
        route = next(
            item for item in recording.program.objects if (item.ref.kind, item.ref.name) == ("HTTPRoute", name)
        )
        needed = recording.needed_by(route)
        assert {"Gateway/flagsmith", "Deployment/flagsmith"} <= needed


def test_what_is_awaited_is_of_our_own_parent_and_of_the_route_as_it_is_now() -> None:
    recording = stack(SHARED)
    awaited = recording.one("HTTPRoute", "flagsmith")["metadata"]["annotations"]["pulumi.com/waitFor"]
    assert awaited == awaited_route([ParentReference(name="shared", namespace="gateways", sectionName="https")])
    for part in ("@.parentRef.name=='shared'", "@.parentRef.namespace=='gateways'", "@.parentRef.sectionName=='https'"):
        assert awaited.count(part) == 2
    assert " " not in awaited.replace('", "', ""), "the provider's parser refuses three parts with blanks between them"
    assert "Accepted" in awaited
    assert "ResolvedRefs" in awaited
    assert awaited.count("@.observedGeneration==$.metadata.generation") == 2
    own = stack(OWN).one("Gateway", "flagsmith")["metadata"]["annotations"]
    assert own["pulumi.com/waitFor"] == awaited_gateway()


def test_a_controller_that_reports_nothing_is_not_waited_for() -> None:
    recording = stack({**OWN, "awaitConditions": False})
    for item in (*recording.all("Gateway"), *recording.all("HTTPRoute")):
        assert item["metadata"]["annotations"]["pulumi.com/skipAwait"] == "true"
        assert "pulumi.com/waitFor" not in item["metadata"]["annotations"]


def test_a_cluster_without_the_gateway_api_is_told_of_and_not_left_without_a_way_in() -> None:
    with pytest.raises(Exception, match=r"the cluster does not serve HTTPRoute and Gateway \(gateway.networking"):
        stack(OWN, apiVersions=["cert-manager.io/v1"])
    with pytest.raises(Exception, match=r"the cluster does not serve HTTPRoute \(gateway.networking"):
        stack(SHARED, apiVersions=["gateway.networking.k8s.io/v1/Gateway"])
    assert stack(SHARED, apiVersions=["gateway.networking.k8s.io/v1/HTTPRoute"]).all("HTTPRoute")
