"""The section `gateway`: what it lacks, what contradicts it, and which address people have by it."""

from collections.abc import Mapping
from typing import Any

import pytest

from components.settings import parse
from components.settings.checks import warnings
from tests.components.settings.support import VALID, refusal, settings

OWN: Mapping[str, Any] = {"enabled": True, "className": "envoy", "tls": {"from": "issuer", "clusterIssuer": "le"}}
PARENT = {"name": "shared", "namespace": "gateways", "sectionName": "https"}
SHARED: Mapping[str, Any] = {"enabled": True, "parentRefs": [PARENT], "tls": {"from": "controller"}}
HTTP = {**PARENT, "sectionName": "http"}
WIDE = {"name": "shared", "namespace": "gateways"}
OTHER = {**WIDE, "name": "other", "port": 80}
PLAIN = {"name": "shared", "sectionName": "web"}
WITHOUT_INGRESS = {"enabled": False}
IN = {"ingressNamespace": "traefik", "gatewayNamespace": "envoy-gateway-system"}


def alone(gateway: Mapping[str, Any], **values: object) -> dict[str, Any]:
    return {"ingress": WITHOUT_INGRESS, "gateway": gateway, **values}


def test_a_stack_that_says_nothing_of_it_has_none() -> None:
    found = settings()
    assert not found.gateway.enabled
    assert (found.gateway_tls_secret_name, found.issued_certificates) == (None, ("flagsmith-tls",))


@pytest.mark.parametrize(
    ("gateway", "line"),
    [
        ({"enabled": True, "tls": {"from": "upstream"}}, "gateway: must say which Gateway: write `parentRefs: [{name:"),
        ({"enabled": True, "className": "envoy"}, "gateway.tls: must say where TLS ends: write `tls: {from: issuer,"),
        (
            {"enabled": True, "parentRefs": [PARENT]},
            "gateway.tls: must say where TLS ends: write `tls: {from: controll",
        ),
        ({**OWN, "tls": {"from": "issuer"}}, "needs the name of the issuer"),
        (
            {**OWN, "tls": {"from": "secret", "secretName": "a", "issuer": "a"}},
            "goes with gateway.tls.from issuer, and that is secret",
        ),
        ({**SHARED, "className": "envoy"}, "gateway.className"),
        ({**SHARED, "httpPort": 8080}, "gateway.httpPort"),
        ({**SHARED, "httpsPort": 8443}, "gateway.httpsPort"),
        ({**SHARED, "redirect": False}, "gateway.redirect"),
        ({**SHARED, "annotations": {"a": "b"}}, "gateway.annotations"),
        ({**SHARED, "tls": {"from": "secret", "secretName": "mine"}}, "gateway.tls.secretName"),
        ({**OWN, "redirectFrom": [PARENT]}, "goes with gateway.parentRefs"),
        ({**SHARED, "redirectFrom": [{"name": "shared"}]}, "must name the listener for plain HTTP"),
        ({**SHARED, "redirectFrom": [PARENT]}, "a listener either serves or redirects"),
        ({**SHARED, "redirectFrom": [{**WIDE, "port": 80}]}, "either serves or redirects"),
        ({**SHARED, "parentRefs": [WIDE], "redirectFrom": [HTTP]}, "redirectFrom[0]"),
        (
            {**SHARED, "parentRefs": [PLAIN], "redirectFrom": [{**PLAIN, "namespace": "feature-flags"}]},
            "redirectFrom[0]",
        ),
        ({**SHARED, "redirectFrom": [HTTP], "tls": {"from": "none"}}, "none publishes only http://"),
        ({**SHARED, "parentRefs": [PARENT, PARENT]}, "parentRefs[1]"),
        ({**SHARED, "parentRefs": [WIDE, PARENT]}, "names the Gateway of gateway.parentRefs[0] again"),
        (
            {
                **SHARED,
                "redirectFrom": [{**HTTP, "name": "other"}, {"name": "other", "namespace": "gateways", "port": 80}],
            },
            "redirectFrom[1]",
        ),
        ({**OWN, "httpPort": 443}, "must differ from gateway.httpsPort"),
        ({**OWN, "annotations": {"pulumi.com/waitFor": "x"}}, "use gateway.awaitConditions in its place"),
        ({**OWN, "annotations": {"feature-flags/tls": "none"}}, "use gateway.tls.from in its place"),
        ({**SHARED, "parentRefs": [{**PARENT, "kind": "Service"}]}, "kind"),
        ({**SHARED, "parentRefs": [{**PARENT, "sectionName": "it's"}]}, "sectionName"),
        ({**SHARED, "parentRefs": [{**PARENT, "port": 0}]}, "port"),
    ],
    ids=str,
)
def test_what_it_lacks_or_contradicts_is_refused_by_name(gateway: Mapping[str, Any], line: str) -> None:
    (found,) = refusal(**alone(gateway))
    assert line in found


@pytest.mark.parametrize(
    "gateway",
    [
        {**SHARED, "redirectFrom": [HTTP]},
        {**SHARED, "redirectFrom": [HTTP], "tls": {"from": "upstream"}},
        {**SHARED, "redirectFrom": [HTTP, {**HTTP, "sectionName": "alternative"}]},
        {**SHARED, "redirectFrom": [{**HTTP, "name": "other"}]},
        {**SHARED, "parentRefs": [{**WIDE, "port": 443}], "redirectFrom": [{**WIDE, "port": 80}]},
        {**SHARED, "parentRefs": [PARENT, {**PARENT, "sectionName": "inside"}]},
        {**SHARED, "parentRefs": [PARENT, {"name": "shared", "sectionName": "https"}]},
    ],
    ids=str,
)
def test_listeners_that_cannot_be_one_are_taken(gateway: Mapping[str, Any]) -> None:
    assert settings(**alone(gateway)).gateway.parent_refs


def test_each_fault_of_a_shared_gateway_is_told_at_once() -> None:
    assert len(refusal(**alone({**SHARED, "className": "envoy", "redirect": True, "httpPort": 1}))) == 3


@pytest.mark.parametrize(
    ("gateway", "url"),
    [
        (OWN, "https"),
        ({**OWN, "tls": {"from": "secret", "secretName": "mine"}}, "https"),
        ({**OWN, "tls": {"from": "controller"}}, "https"),
        ({**OWN, "tls": {"from": "upstream"}}, "https"),
        ({**OWN, "tls": {"from": "none"}}, "http"),
        (SHARED, "https"),
        ({**SHARED, "tls": {"from": "none"}}, "http"),
    ],
    ids=str,
)
def test_the_address_follows_from_where_tls_ends(gateway: Mapping[str, Any], url: str) -> None:
    assert settings(**alone(gateway)).url == f"{url}://flags.example.com"


@pytest.mark.parametrize(("by_ingress", "by_gateway"), [("none", "upstream"), ("controller", "none")])
def test_two_ways_in_have_one_address(by_ingress: str, by_gateway: str) -> None:
    ingress = {"className": "traefik", "tls": {"from": by_ingress}}
    (found,) = refusal(ingress=ingress, gateway={**OWN, "tls": {"from": by_gateway}})
    assert "people have one address, which is http:// by one and https:// by the other" in found
    both = settings(ingress=ingress, gateway={**OWN, "tls": {"from": by_ingress}})
    assert both.url.startswith("http://") is (by_ingress == "none")


def test_cert_manager_fills_a_secret_for_each_of_two_ways_in() -> None:
    """It keeps one that it made for the Ingress, and refuses to fill it for a Gateway too."""
    assert settings(gateway=OWN).issued_certificates == ("flagsmith-tls", "flagsmith-gateway-tls")
    assert settings(**alone(OWN)).issued_certificates == ("flagsmith-gateway-tls",)
    assert settings(**alone(SHARED)).issued_certificates == ()


def production(gateway: Mapping[str, Any], network: Mapping[str, Any]) -> dict[str, Any]:
    kept = {"production": True, "protect": True, "replicas": 3, "networkPolicy": network}
    return alone(gateway, **kept)


def test_production_has_no_plain_http_by_it() -> None:
    (found,) = refusal(**production({**OWN, "tls": {"from": "none"}}, IN))
    assert found.startswith("feature-flags:gateway.tls.from")
    assert "must not mean plain HTTP when production is true" in found


def test_production_names_the_listener_of_a_shared_gateway_and_others_are_warned() -> None:
    wide = {**SHARED, "parentRefs": [PARENT, {"name": "other"}]}
    (found,) = refusal(**production(wide, IN))
    assert "gateway.parentRefs[1]: must name a listener for HTTPS when production is true" in found
    (warned,) = (text for text in warnings(settings(**alone(wide))) if "parentRefs" in text)
    assert warned.startswith("gateway.parentRefs[1] names no listener of the Gateway other: ")
    by_port = {**SHARED, "parentRefs": [{"name": "shared", "port": 443}]}
    assert settings(**production(by_port, IN)).url == "https://flags.example.com"
    assert not [text for text in warnings(settings(**alone({**wide, "tls": {"from": "upstream"}}))) if "parent" in text]


def test_plain_http_is_warned_of_but_for_this_machine() -> None:
    plain = {**OWN, "tls": {"from": "none"}}
    assert any(text.startswith("gateway.tls.from is none") for text in warnings(settings(**alone(plain))))
    assert not [
        text for text in warnings(settings(**alone(plain, host="flags.localhost"))) if text.startswith("gateway")
    ]


@pytest.mark.parametrize("gateway", [OWN, SHARED], ids=["own", "shared"])
def test_with_network_policies_its_data_plane_must_be_named(gateway: Mapping[str, Any]) -> None:
    (found,) = refusal(**alone(gateway, networkPolicy={"enabled": True}))
    assert found.startswith(
        "feature-flags:networkPolicy.gatewayNamespace: is required with network policies and a Gate"
    )
    assert "docs/worlds.md" in found
    for way in ({"gatewayNamespace": "envoy-gateway-system"}, {"gatewayCidrs": ["10.129.0.0/23"]}):
        assert parse({**VALID, **alone(gateway, networkPolicy={"enabled": True, **way})}).isolated


def test_a_data_plane_in_the_stack_s_own_namespace_is_refused_since_the_policies_cut_it_off() -> None:
    (found,) = refusal(**alone(OWN, networkPolicy={"enabled": True, "gatewayNamespace": "feature-flags"}))
    assert "whose policies cut off every pod that is not Flagsmith's" in found


@pytest.mark.parametrize(
    ("network", "line"),
    [
        ({"gatewayNamespace": "envoy"}, "For a route of your own there is networkPolicy.ingressNamespace"),
        ({"gatewayCidrs": ["10.0.0.0/24"]}, "For a route of your own there is networkPolicy.ingressCidrs"),
    ],
    ids=str,
)
def test_a_data_plane_without_a_gateway_is_refused(network: Mapping[str, Any], line: str) -> None:
    (found,) = refusal(networkPolicy={"ingressNamespace": "traefik", **network})
    assert line in found


def test_pods_of_no_namespace_are_refused() -> None:
    (found,) = refusal(gateway=OWN, networkPolicy={"ingressNamespace": "traefik", "gatewayPodLabels": {"app": "x"}})
    assert "goes with networkPolicy.gatewayNamespace" in found


def test_a_wide_network_of_the_data_plane_is_said() -> None:
    found = settings(**alone(OWN, networkPolicy={"enabled": True, "gatewayCidrs": ["0.0.0.0/0"]}))
    assert any(text.startswith("networkPolicy.gatewayCidrs[0] is wide") for text in warnings(found))
