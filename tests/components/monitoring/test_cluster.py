"""Monitoring on the simulated cluster: with the Prometheus operator's kinds, without, and from one to the other."""

from typing import Any

import pytest

from tests.platform import NAMESPACE, Platform

MONITORED = {"monitoring": {"enabled": True, "dashboards": {"enabled": False}, "flagMetrics": {"enabled": False}}}
KINDS = ("podmonitors", "prometheusrules")


def annotations(platform: Platform, component: str) -> dict[str, Any]:
    return dict(platform.pods(component)[0]["metadata"]["annotations"])


def names(platform: Platform, plural: str) -> list[str]:
    path = f"/apis/monitoring.coreos.com/v1/namespaces/{NAMESPACE}/{plural}"
    return [item["metadata"]["name"] for item in platform.items(path)]


@pytest.mark.cluster
def test_without_the_operator_pods_are_annotated_and_a_warning_says_so(platform: Platform) -> None:
    result = platform.up(MONITORED)

    assert any("does not serve PodMonitor" in text for text in result.warnings)
    assert any("there are no alerts" in text for text in result.warnings)
    for component, port in (("api", "9100"), ("database", "9187"), ("cache", "9121")):
        assert annotations(platform, component)["prometheus.io/port"] == port
    for component in ("database", "cache"):
        assert len(platform.pods(component)[0]["spec"]["containers"]) == 2
    before = platform.versions()
    again = platform.up(MONITORED)
    assert not again.created
    assert not again.updated
    assert not again.deleted
    assert platform.versions() == before


@pytest.mark.cluster
@pytest.mark.usefixtures("crds")
def test_with_the_operator_there_are_a_monitor_and_alerts_in_place_of_annotations(
    platform: Platform,
) -> None:
    result = platform.up(MONITORED)

    assert not [text for text in result.warnings if "monitoring.coreos.com" in text]
    assert {kind: names(platform, kind) for kind in KINDS} == {kind: ["flagsmith"] for kind in KINDS}
    assert "prometheus.io/scrape" not in annotations(platform, "api")
    again = platform.up(MONITORED)
    assert not again.created
    assert not again.updated
    assert not again.deleted


@pytest.mark.cluster
def test_when_the_operator_is_gone_the_annotations_are_back(platform: Platform) -> None:
    platform.up(MONITORED)

    assert annotations(platform, "api")["prometheus.io/scrape"] == "true"
