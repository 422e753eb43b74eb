"""A stack that is an edge alone: what it deploys, where its proxies ask, and what of it is published."""

import json
from typing import Any

import pytest

from flagops.errors import OpsError
from tests.recording import Recording, container, environment, record
from tests.scanners.rendered import API_VERSIONS, EDGE_ALONE

WITHOUT = ("postgres",)
BARE: dict[str, object] = {
    "role": "edge",
    "apiVersions": [],
    "edge": {"enabled": True, "existingSecret": "keys", "primary": {"url": "https://primary.example.com:8443"}},
}


def alone(**overrides: object) -> Recording:
    return record("production", {**BARE, **overrides}, WITHOUT)


def unwatched() -> Recording:
    return alone(monitoring={"enabled": False})


@pytest.fixture(scope="module")
def whole() -> Recording:
    """With a store, an autoscaler, both ways in and monitoring."""
    return record("production", {**EDGE_ALONE, "apiVersions": list(API_VERSIONS)})


def objects(recording: Recording) -> set[str]:
    return {f"{item.ref.kind}/{item.ref.name}" for item in recording.program.objects}


def test_it_deploys_the_edge_and_what_it_needs_and_nothing_else() -> None:
    assert objects(unwatched()) == {
        "ConfigMap/flagsmith-deployment",
        "Deployment/flagsmith-edge",
        "Ingress/flagsmith",
        "LimitRange/feature-flags",
        "Namespace/feature-flags",
        "NetworkPolicy/flagsmith-acme-solver",
        "NetworkPolicy/flagsmith-default-deny",
        "NetworkPolicy/flagsmith-edge",
        "PodDisruptionBudget/flagsmith-edge",
        "ResourceQuota/feature-flags",
        "Service/flagsmith-edge",
        "Service/flagsmith-unpublished",
        "ServiceAccount/flagsmith-edge",
    }


def test_what_is_asked_for_is_added(whole: Recording) -> None:
    script = {ref for ref in objects(whole) if ref.startswith("ConfigMap/flagsmith-edge-metrics-")}
    assert len(script) == 1
    assert objects(whole) - objects(unwatched()) - script == {
        "Deployment/flagsmith-edge-metrics",
        "ExternalSecret/edge-keys",
        "Gateway/flagsmith",
        "HTTPRoute/flagsmith",
        "HTTPRoute/flagsmith-redirect",
        "HorizontalPodAutoscaler/flagsmith-edge",
        "NetworkPolicy/flagsmith-edge-metrics",
        "PodMonitor/flagsmith",
        "PrometheusRule/flagsmith",
        "Service/flagsmith-edge-pods",
        "ServiceAccount/flagsmith-edge-metrics",
    }
    (data,) = whole.one("ExternalSecret", "edge-keys")["spec"]["data"]
    assert data == {"secretKey": "ENVIRONMENT_KEY_PAIRS", "remoteRef": {"key": "edge"}}


def urns(recording: Recording) -> set[str]:
    return {urn.split("::", 2)[2] for urn in recording.registrations}


def test_what_it_has_is_what_a_whole_platform_calls_so(whole: Recording) -> None:
    """So another role is seen, and refused, before the namespace is made anew: it is the one on record."""
    platform = {key: value for key, value in EDGE_ALONE.items() if key not in {"role", "postgres"}}
    platform["edge"] = {"enabled": True, "existingSecret": "edge-keys", "autoscaling": {"enabled": True}}
    beside = urns(record("production", {**platform, "apiVersions": list(API_VERSIONS)}))
    assert {urn for urn in urns(whole) - beside if "ExternalSecrets" not in urn} == set()


def test_the_proxies_ask_the_primary_with_the_keys_of_the_secret() -> None:
    variables = environment(alone().one("Deployment", "flagsmith-edge")["spec"]["template"])
    assert variables["API_URL"] == "https://primary.example.com:8443/api/v1"
    assert variables["ENVIRONMENT_KEY_PAIRS"] == {"secretKeyRef": {"name": "keys", "key": "ENVIRONMENT_KEY_PAIRS"}}


@pytest.mark.parametrize("size", ["small", "xlarge"])
def test_its_size_gives_the_number_and_the_room_of_the_proxies(size: str) -> None:
    deployment = alone(size=size).one("Deployment", "flagsmith-edge")["spec"]
    beside = record("production", {"size": size, "edge": {"enabled": True, "existingSecret": "keys"}}, WITHOUT)
    other = beside.one("Deployment", "flagsmith-edge")["spec"]
    assert deployment["replicas"] == other["replicas"]
    assert container(deployment["template"])["resources"] == container(other["template"])["resources"]


def test_pods_come_after_their_policy_and_their_secret_and_the_ways_in_after_them(whole: Recording) -> None:
    proxies = whole.needed_by(whole.object("Deployment", "flagsmith-edge"))
    assert {"NetworkPolicy/flagsmith-edge", "ExternalSecret/edge-keys"} <= proxies
    for kind in ("Ingress", "HTTPRoute"):
        found = next(item for item in whole.program.objects if (item.ref.kind, item.ref.name) == (kind, "flagsmith"))
        assert "Deployment/flagsmith-edge" in whole.needed_by(found)
    (record_of,) = (item for item in whole.program.objects if item.ref.name == "flagsmith-deployment")
    assert whole.needed_by(record_of) == objects(whole) - {"ConfigMap/flagsmith-deployment"}


def test_only_the_two_paths_lead_anywhere(whole: Recording) -> None:
    """`/` too leads to a port on which nobody listens, and by the Gateway nowhere."""
    (rule,) = whole.one("Ingress", "flagsmith")["spec"]["rules"]
    paths = [(item["path"], item["pathType"], item["backend"]["service"]["name"]) for item in rule["http"]["paths"]]
    assert paths == [
        ("/api/v1/flags/", "Exact", "flagsmith-edge"),
        ("/api/v1/identities/", "Exact", "flagsmith-edge"),
        ("/", "Prefix", "flagsmith-unpublished"),
    ]
    unpublished = whole.one("Service", "flagsmith-unpublished")["spec"]
    labels = whole.one("Deployment", "flagsmith-edge")["spec"]["template"]["metadata"]["labels"]
    assert unpublished["selector"].items() <= labels.items(), "a Service without pods is passed over by some"
    assert [port["targetPort"] for port in unpublished["ports"]] == [1]
    routes = {
        match["path"]["value"]: (match["path"]["type"], [to["name"] for to in rule.get("backendRefs", [])])
        for rule in whole.one("HTTPRoute", "flagsmith")["spec"]["rules"]
        for match in rule["matches"]
    }
    assert routes == {
        "/api/v1/flags/": ("Exact", ["flagsmith-edge"]),
        "/api/v1/identities/": ("Exact", ["flagsmith-edge"]),
        "/": ("PathPrefix", []),
    }


def test_its_alerts_are_those_of_proxies_and_certificates_alone(whole: Recording) -> None:
    groups = whole.one("PrometheusRule", "flagsmith")["spec"]["groups"]
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    assert set(rules) == {
        "FlagsmithAutoscalerAtItsMost",
        "FlagsmithCertificateEnds",
        "FlagsmithCertificateNotReady",
        "FlagsmithContainerWaits",
        "FlagsmithCpuNearLimit",
        "FlagsmithEdgeDown",
        "FlagsmithEdgeMetricsBlind",
        "FlagsmithEdgeNotWarm",
        "FlagsmithEdgeStale",
        "FlagsmithMemoryNearLimit",
        "FlagsmithMetricsMissingCertManager",
        "FlagsmithMetricsMissingEdgeMetrics",
        "FlagsmithMetricsMissingKubeStateMetrics",
        "FlagsmithMetricsMissingKubelet",
        "FlagsmithOutOfMemory",
        "FlagsmithPodPending",
        "FlagsmithReplicasMissing",
        "FlagsmithRestarts",
    }
    assert 'deployment="flagsmith-edge"' in rules["FlagsmithReplicasMissing"]["expr"]
    assert 'deployment="flagsmith"' not in rules["FlagsmithReplicasMissing"]["expr"]
    assert "edge.autoscaling.maxReplicas" in rules["FlagsmithAutoscalerAtItsMost"]["annotations"]["description"]


def test_its_exporter_is_scraped_and_no_proxy_and_what_the_cluster_lacks_for_it_is_a_warning() -> None:
    found = alone()
    annotations = {
        name: found.one("Deployment", name)["spec"]["template"]["metadata"]["annotations"]
        for name in ("flagsmith-edge", "flagsmith-edge-metrics")
    }
    assert not any(name.startswith("prometheus.io/") for name in annotations["flagsmith-edge"])
    assert annotations["flagsmith-edge-metrics"]["prometheus.io/port"] == "9104"
    for kind in ("PodMonitor", "PrometheusRule"):
        assert [line for line in found.program.warnings if kind in line]


@pytest.mark.parametrize(
    ("url", "is_client"),
    [
        ("http://flagsmith.flags.svc:8000", True),
        ("http://flagsmith.flags.svc.cluster.local:8000", True),
        ("https://primary.example.com", False),
    ],
)
def test_the_policies_of_a_primary_of_the_same_cluster_let_its_namespace_in(url: str, *, is_client: bool) -> None:
    found = alone(edge={"enabled": True, "existingSecret": "keys", "primary": {"url": url}})
    labels = found.one("Namespace", "feature-flags")["metadata"]["labels"]
    assert labels.get("feature-flags/client") == ("true" if is_client else None)


def test_the_namespace_of_a_whole_flagsmith_is_nobody_s_client() -> None:
    found = record("local", {"edge": {"enabled": True}})
    assert "feature-flags/client" not in found.one("Namespace", "feature-flags")["metadata"]["labels"]


def test_its_outputs_say_where_it_is_and_where_its_primary_is() -> None:
    outputs = dict(alone().program.outputs)
    outputs.pop("namespaceUid", None)
    assert outputs == {
        "url": "https://flags.footanalytics.com",
        "namespace": "feature-flags",
        "context": "production",
        "primary": "https://primary.example.com:8443",
    }


def test_the_record_names_the_release_of_the_proxies() -> None:
    found = alone(edge={**BARE["edge"], "version": "2.22.0"})  # type: ignore[dict-item]
    data: Any = json.loads(found.one("ConfigMap", "flagsmith-deployment")["data"]["deployment.json"])
    assert data["release"] == "2.22.0"
    assert "flagsmith-edge" in {item["name"] for item in data["objects"]}


def test_a_store_that_the_cluster_does_not_know_ends_the_program() -> None:
    with pytest.raises(OpsError, match="does not serve ExternalSecret"):
        record(
            "production", {**EDGE_ALONE, "gateway": None, "networkPolicy": {"ingressNamespace": "a"}, "apiVersions": []}
        )
