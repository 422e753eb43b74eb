"""A stack that is an edge alone, in the settings: what it needs, what makes no sense there, and what it takes."""

from typing import Any

import pytest

from components.settings import Settings, budget, warnings
from components.settings.checks.role import OF_AN_EDGE
from components.settings.ways import ways
from tests.components.settings.support import refusal, settings

PRIMARY = {"url": "https://primary.example.com"}
EDGE = {"enabled": True, "existingSecret": "edge", "primary": PRIMARY}
PRODUCTION = {"production": True, "protect": True}


def alone(**values: Any) -> Settings:
    return settings(**{"role": "edge", "edge": EDGE, **values})


def refused(**values: Any) -> list[str]:
    return refusal(**{"role": "edge", "edge": EDGE, **values})


def with_url(url: str, **further: Any) -> dict[str, Any]:
    return {"edge": {**EDGE, "primary": {"url": url, **further}}}


def test_a_stack_is_a_whole_platform_unless_it_says_otherwise() -> None:
    assert not settings().is_edge
    assert alone().is_edge


def test_an_edge_alone_takes_the_proxies_image_and_their_room_and_nothing_else() -> None:
    found = alone(**PRODUCTION, size="large")
    assert set(found.images) == {"edge-proxy", "flagsmith"}, "the exporter of its metrics runs in Flagsmith's"
    assert set(alone(**PRODUCTION, monitoring={"enabled": False}).images) == {"edge-proxy"}
    assert {demand.name for demand in budget.demands(found)} == {
        "edge",
        "edge metrics",
        "ACME solver",
        "copy for kubectl debug",
        "container of kubectl debug",
    }
    assert budget.need(found)["persistentvolumeclaims"] == 0
    assert found.edge_replicas == found.size_defaults.edge_replicas
    parts = ("audit_enabled", "flag_metrics_enabled", "dashboards_enabled", "postgres_exporter", "redis_exporter")
    assert not any(getattr(found, part) for part in parts)


@pytest.mark.parametrize(
    ("edge", "key", "reason"),
    [
        ({}, "edge.enabled", "must be true with role edge"),
        ({"enabled": True, "existingSecret": "edge"}, "edge.primary", "write `primary: {url: https://HOST}`"),
        ({"enabled": True, "primary": PRIMARY}, "edge.existingSecret", "the key ENVIRONMENT_KEY_PAIRS"),
        ({"enabled": True, "primary": PRIMARY, "configFile": True}, "edge.existingSecret", "the key config.json"),
        ({**EDGE, "primary": {"url": "primary.example.com"}}, "edge.primary.url", "must be http:// or https://"),
        ({**EDGE, "primary": {"url": "https://primary.example.com/api/v1"}}, "edge.primary.url", "no path"),
        ({**EDGE, "primary": {"url": "https://flags.example.com"}}, "edge.primary.url", "would ask each other"),
        ({**EDGE, "primary": {}}, "edge.primary.url", "is required"),
        (
            {"enabled": True, "primary": PRIMARY},
            "edge.existingSecret",
            "name the primary's stack in edge.primary.stack",
        ),
        ({**EDGE, "primary": {**PRIMARY, "stack": "a/b/c"}}, "edge.primary.stack", "remove one of the two"),
        ({"enabled": True, "primary": {**PRIMARY, "stack": "production"}}, "edge.primary.stack", "organization/"),
        (
            {**EDGE, "primary": {"url": "http://primary.example.com", "caSecret": {"name": "ca"}}},
            "edge.primary.caSecret",
            "goes with https:// only",
        ),
    ],
)
def test_what_an_edge_alone_lacks_is_refused(edge: dict[str, Any], key: str, reason: str) -> None:
    (line,) = refused(edge=edge)
    assert line.startswith(f"feature-flags:{key}")
    assert reason in line


def test_the_stack_of_the_primary_takes_the_place_of_a_secret() -> None:
    found = alone(edge={"enabled": True, "primary": {**PRIMARY, "stack": "organization/feature-flags/production"}})
    assert not found.generates_edge_keys


def test_a_whole_platform_has_no_primary() -> None:
    (line,) = refusal(edge=EDGE)
    assert line.startswith("feature-flags:edge.primary: goes with role edge")


# What a key at the top can be, where `{}` is not enough or is none.
VALUES: dict[str, object] = {
    "version": "2.264.0",
    "image": "registry.example.com/flagsmith",
    "replicas": 4,
    "resources": {"requests": {"cpu": "1", "memory": "2Gi"}, "limits": {"cpu": "1", "memory": "2Gi"}},
    "telemetry": True,
    "restrictOrgCreateToSuperusers": False,
    "smtp": {"host": "mail.example.com"},
    "env": {"A": "b"},
    "envFromSecrets": {"A": {"name": "a", "key": "b"}},
}
OTHERS = sorted(str(field.alias) for name, field in Settings.model_fields.items() if name not in OF_AN_EDGE)


@pytest.mark.parametrize("key", OTHERS)
def test_a_section_of_what_is_not_there_is_refused_in_one_line(key: str) -> None:
    (line,) = refused(**{"monitoring": {"enabled": False}, key: VALUES.get(key, {})})
    assert line.startswith(f"feature-flags:{key}: is not for a stack with role edge")


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"monitoring": {"enabled": True, "flagMetrics": {"enabled": True}}}, "monitoring.flagMetrics"),
        ({"monitoring": {"postgres": {}}}, "monitoring.postgres"),
        ({"monitoring": {"redis": {}}}, "monitoring.redis"),
        ({"monitoring": {"dashboards": {"enabled": True}}}, "monitoring.dashboards"),
        ({"networkPolicy": {"ingressNamespace": "traefik", "clients": []}}, "networkPolicy.clients"),
        ({"networkPolicy": {"ingressNamespace": "traefik", "webhooks": []}}, "networkPolicy.webhooks"),
        ({"secretStore": {"name": "vault", "secrets": {"django": {"key": "a"}}}}, "secretStore.secrets"),
    ],
)
def test_a_part_of_a_section_that_is_for_flagsmith_alone_is_refused(values: dict[str, Any], key: str) -> None:
    (line,) = refused(**values)
    assert line.startswith(f"feature-flags:{key}: is not for a stack with role edge")


def test_the_exporter_s_image_can_be_set_where_it_runs() -> None:
    image = {"image": "registry.example.com/flagsmith", "version": "2.264.0"}
    found = alone(monitoring={"enabled": True}, **image)
    assert found.image_reference == "registry.example.com/flagsmith:2.264.0"
    assert len(refused(monitoring={"enabled": False}, **image)) == 2


def test_single_values_that_are_the_default_are_as_good_as_left_out() -> None:
    """Pulumi hands the defaults of Pulumi.yaml to every stack."""
    assert alone(version=settings().version, image="flagsmith/flagsmith", telemetry=False).is_edge


def test_keys_and_documents_do_not_cross_a_network_in_clear_in_production() -> None:
    (line,) = refused(**PRODUCTION, **with_url("http://primary.example.com"))
    assert line.startswith("feature-flags:edge.primary.url")
    assert "must be https:// when production is true" in line
    for url in ("http://flagsmith.flags.svc:8000", "http://flagsmith.flags.svc.cluster.local:8000"):
        assert not any("unencrypted" in text for text in warnings(alone(**PRODUCTION, **with_url(url))))
    (said,) = (text for text in warnings(alone(**with_url("http://primary.example.com"))) if "unencrypted" in text)
    assert said.startswith("edge.primary.url is http://")


def test_the_only_way_out_is_to_the_primary() -> None:
    (way,) = ways(alone(**with_url("https://primary.example.com:8443", cidr="203.0.113.7/32")))
    assert (way.service, way.port, way.beside) == ("primary", 8443, "edge.primary.cidr")
    assert [peer.cidr for peer in way.to] == ["203.0.113.7/32"]
    both = {"ingressNamespace": "traefik", "egress": {"primary": {"to": [{"cidr": "203.0.113.7/32"}]}}}
    (line,) = refused(networkPolicy=both, **with_url("https://primary.example.com", cidr="203.0.113.7/32"))
    assert line.startswith("feature-flags:edge.primary.cidr")
    (line,) = refusal(networkPolicy=both)
    assert line.startswith("feature-flags:networkPolicy.egress.primary: goes with role edge")


def test_an_edge_alone_is_warned_of_nothing_that_it_has_not() -> None:
    said = " ".join(warnings(alone(**PRODUCTION)))
    for word in ("redis", "postgres", "flagMetrics", "audit", "replicas", "caches"):
        assert word not in said


def test_keys_that_end_before_an_edge_elsewhere_is_deployed_are_warned_of() -> None:
    exported = {"exported": True, "overlapHours": 0}
    assert [text for text in warnings(settings(sdkKeys=exported)) if text.startswith("sdkKeys.overlapHours is 0")]
    for keys in ({"exported": True}, {"overlapHours": 0}):
        assert not [text for text in warnings(settings(sdkKeys=keys)) if text.startswith("sdkKeys.")]
