"""What is deployed to ask the proxies of the edge how old their documents are."""

from typing import Any

import pytest

from tests.recording import Recording, container, environment, record
from tests.scanners.rendered import API_VERSIONS, EDGE_ALONE

EDGE = {"enabled": True, "existingSecret": "edge"}
OF_ITS_OWN = {
    "Deployment/flagsmith-edge-metrics",
    "NetworkPolicy/flagsmith-edge-metrics",
    "Service/flagsmith-edge-pods",
    "ServiceAccount/flagsmith-edge-metrics",
}


@pytest.fixture(scope="module", params=["beside Flagsmith", "an edge alone"])
def stack(request: pytest.FixtureRequest) -> Recording:
    settings = {"edge": EDGE} if request.param == "beside Flagsmith" else EDGE_ALONE
    return record("production", {**settings, "apiVersions": list(API_VERSIONS)})


def found(recording: Recording) -> set[str]:
    return {
        f"{item.ref.kind}/{item.ref.name}"
        for item in recording.program.objects
        if "edge-metrics" in item.ref.name or "edge-pods" in item.ref.name
    }


def test_it_is_there_with_the_edge_where_the_stack_is_monitored(stack: Recording) -> None:
    (script,) = {ref for ref in found(stack) if ref.startswith("ConfigMap/")}
    assert found(stack) - {script} == OF_ITS_OWN


@pytest.mark.parametrize("settings", [{}, {"edge": EDGE, "monitoring": {"enabled": False}}])
def test_it_is_not_there_without_an_edge_or_without_monitoring(settings: dict[str, Any]) -> None:
    assert found(record("production", settings)) == set()


def test_it_finds_each_proxy_that_is_ready_by_its_own_address(stack: Recording) -> None:
    proxies = stack.one("Service", "flagsmith-edge-pods")["spec"]
    assert proxies["clusterIP"] == "None"
    labels = stack.one("Deployment", "flagsmith-edge")["spec"]["template"]["metadata"]["labels"]
    assert proxies["selector"].items() <= labels.items()
    assert "publishNotReadyAddresses" not in proxies, "one that starts has nothing to say, and would be taken for mute"
    variables = environment(stack.one("Deployment", "flagsmith-edge-metrics")["spec"]["template"])
    assert (variables["HOST"], variables["TARGET_PORT"]) == ("flagsmith-edge-pods", "8000")


def test_its_pod_holds_no_key_and_is_found_by_its_port(stack: Recording) -> None:
    template = stack.one("Deployment", "flagsmith-edge-metrics")["spec"]["template"]
    main = container(template)
    assert all(isinstance(value, str) for value in environment(template).values()), "no reference to a Secret"
    assert [volume for volume in template["spec"]["volumes"] if "configMap" not in volume] == []
    assert main["ports"] == [{"name": "metrics", "containerPort": 9104}]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert main[probe]["httpGet"]["path"] == "/healthz", "a proxy that is away is no fault of this pod's"


def test_its_alert_waits_for_some_polls_at_least() -> None:
    def limit(**edge: object) -> str:
        recording = record("production", {"edge": {**EDGE, **edge}, "apiVersions": list(API_VERSIONS)})
        groups = recording.one("PrometheusRule", "flagsmith")["spec"]["groups"]
        (rule,) = (item for group in groups for item in group["rules"] if item["alert"] == "FlagsmithEdgeStale")
        return str(rule["expr"]).rpartition("> ")[2]

    assert limit() == "300"
    assert limit(pollSeconds=120) == "720"


def test_without_the_operator_its_pod_says_where_its_metrics_are() -> None:
    template = record("production", {"edge": EDGE}).one("Deployment", "flagsmith-edge-metrics")["spec"]["template"]
    assert template["metadata"]["annotations"]["prometheus.io/port"] == "9104"
