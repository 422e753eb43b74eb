"""The edge in the settings: sizes, what is refused, and what is worth a warning."""

from typing import Any

import pytest

from components.settings import budget, warnings
from tests.components.settings.support import refusal, settings

EDGE = {"enabled": True, "existingSecret": "edge"}


def test_there_is_none_unless_it_is_asked_for() -> None:
    assert not settings().edge.enabled
    assert "edge-proxy" not in settings().images
    assert not any(demand.name == "edge" for demand in budget.demands(settings()))


@pytest.mark.parametrize("size", ["local", "small", "medium", "large", "xlarge"])
def test_each_size_has_two_proxies_or_more(size: str) -> None:
    fixed, scaled = settings(size=size, edge=EDGE), settings(size=size, edge={**EDGE, "autoscaling": {"enabled": True}})
    assert fixed.edge_replicas == fixed.most_edge_replicas >= 2
    assert 2 <= scaled.edge_replicas < scaled.most_edge_replicas


def test_the_proxies_and_their_surge_count_in_the_quota() -> None:
    with_edge = settings(edge={**EDGE, "replicas": 4})
    assert budget.need(with_edge)["pods"] == budget.need(settings())["pods"] + 5
    (line,) = refusal(edge=EDGE, namespace={"quota": {"pods": 12}})
    assert "3 edge" in line


@pytest.mark.parametrize(
    ("edge", "key", "reason"),
    [
        ({"pollSeconds": 10}, "edge.pollSeconds", "set edge.enabled to true"),
        ({**EDGE, "replicas": 1}, "edge.replicas", "at least 2"),
        ({**EDGE, "replicas": 3, "autoscaling": {"enabled": True}}, "edge.replicas", "minReplicas is the fewest"),
        ({**EDGE, "autoscaling": {"maxReplicas": 3}}, "edge.autoscaling.maxReplicas", "autoscaling.enabled to true"),
        ({**EDGE, "autoscaling": {"enabled": True, "minReplicas": 9}}, "edge.autoscaling.minReplicas", "the most 5"),
        ({**EDGE, "autoscaling": {"enabled": True, "minReplicas": 1}}, "edge.autoscaling.minReplicas", "at least 2"),
        ({**EDGE, "pollSeconds": 0}, "edge.pollSeconds", "at least 1"),
        ({**EDGE, "version": "latest"}, "edge.version", "2.23.0"),
        ({**EDGE, "image": "flagsmith/edge-proxy:2.20.0"}, "edge.image", "Set edge.version to 2.20.0"),
        ({**EDGE, "clients": [{}]}, "edge.clients[0]", "must name cidr"),
    ],
    ids=str,
)
def test_what_contradicts_the_edge_is_refused(edge: dict[str, Any], key: str, reason: str) -> None:
    (line,) = refusal(edge=edge)
    assert line.startswith(f"feature-flags:{key}")
    assert reason in line


def said(*, about: str, **values: Any) -> list[str]:
    return [text for text in warnings(settings(**values)) if text.startswith("edge.") and about in text]


def test_what_the_rust_proxy_does_otherwise_is_warned_about() -> None:
    rust = {**EDGE, "image": "flagsmith/edge-proxy-rs", "version": "0.1.0", "configFile": True}
    (warning,) = said(about="does not hide", edge=rust)
    assert warning.startswith("edge.image flagsmith/edge-proxy-rs: ")
    assert "hide_disabled_flags" in warning
    mirrored = {**rust, "image": "registry.example.com/mirror/edge-proxy-rs"}
    assert said(about="does not hide", edge=mirrored)
    assert said(about="does not hide", edge=EDGE) == []


def test_open_documents_are_warned_about() -> None:
    (warning,) = said(about="can read whole environments", edge=EDGE)
    assert "Set networkPolicy.enabled to true" in warning
    isolated = {"enabled": True, "ingressNamespace": "traefik"}
    assert said(about="can read whole environments", edge=EDGE, networkPolicy=isolated) == []


def test_applications_that_would_ask_the_api_itself_are_warned_about() -> None:
    (warning,) = said(about="FLAGSMITH_API_URL", edge=EDGE)
    assert "if edge.clients names them" in warning
    named = {**EDGE, "clients": [{"namespace": "shop"}]}
    assert said(about="FLAGSMITH_API_URL", edge=named) == []
    assert said(about="FLAGSMITH_API_URL") == []
