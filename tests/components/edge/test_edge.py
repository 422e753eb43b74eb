"""The edge: what a proxy is told, and that one with documents is always there."""

import json
from base64 import b64decode
from typing import Any

import pytest

from flagops.errors import BadInputError
from tests.recording import Recording, container, environment, record, recorded

EDGE = {"enabled": True, "existingSecret": "edge"}


@pytest.fixture(scope="module")
def edge() -> Recording:
    return record("production", {"edge": EDGE})


def template(recording: Recording) -> dict[str, Any]:
    found: dict[str, Any] = recording.one("Deployment", "flagsmith-edge")["spec"]["template"]
    return found


def test_a_stack_that_asks_for_none_has_none() -> None:
    assert [item.ref for item in recorded("production").program.objects if "edge" in item.ref.name] == []


def test_the_proxy_asks_the_stack_s_own_api_with_the_keys_of_the_secret(edge: Recording) -> None:
    variables = environment(template(edge))
    assert variables["ENVIRONMENT_KEY_PAIRS"] == {"secretKeyRef": {"name": "edge", "key": "ENVIRONMENT_KEY_PAIRS"}}
    assert variables["API_URL"] == "http://flagsmith:8000/api/v1"
    assert (variables["API_POLL_FREQUENCY_SECONDS"], variables["API_POLL_TIMEOUT_SECONDS"]) == ("10", "5")
    other = record("production", {"edge": {**EDGE, "pollSeconds": 60, "pollTimeoutSeconds": 15}})
    variables = environment(template(other))
    assert (variables["API_POLL_FREQUENCY_SECONDS"], variables["API_POLL_TIMEOUT_SECONDS"]) == ("60", "15")


def test_a_proxy_with_documents_stays_ready_while_flagsmith_is_away(edge: Recording) -> None:
    told = json.loads(environment(template(edge))["HEALTH_CHECK"])
    assert told == {"environment_update_grace_period_seconds": None}
    main = container(template(edge))
    assert main["readinessProbe"]["httpGet"]["path"] == "/proxy/health/readiness"
    # Neither a start nor a restart may depend on Flagsmith: it would lose the documents.
    for probe in ("startupProbe", "livenessProbe"):
        assert main[probe]["httpGet"]["path"] == "/proxy/health/liveness"
    assert main["livenessProbe"]["failureThreshold"] * main["livenessProbe"]["periodSeconds"] >= 60


def test_no_proxy_that_is_ready_is_stopped_for_one_that_is_not(edge: Recording) -> None:
    spec = edge.one("Deployment", "flagsmith-edge")["spec"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    budget = edge.one("PodDisruptionBudget", "flagsmith-edge")["spec"]
    assert budget["selector"]["matchLabels"].items() <= template(edge)["metadata"]["labels"].items()
    # A cold proxy does not count, and may always go: what is left of the budget is for the warm ones.
    assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")
    pod = template(edge)["spec"]
    assert pod["terminationGracePeriodSeconds"] > container(template(edge))["lifecycle"]["preStop"]["sleep"]["seconds"]


@pytest.mark.parametrize("replicas", [2, 3, 7])
def test_not_all_proxies_are_on_one_node_where_there_are_several(replicas: int) -> None:
    pod = template(record("production", {"edge": {**EDGE, "replicas": replicas}}))["spec"]
    (hard,) = (item for item in pod["topologySpreadConstraints"] if item["whenUnsatisfiable"] == "DoNotSchedule")
    # All of them on one node, and none on another, would be one too many. With a single node there is no other.
    assert hard["topologyKey"] == "kubernetes.io/hostname"
    assert hard["maxSkew"] == replicas - 1
    assert hard["nodeTaintsPolicy"] == "Honor", "a node that is being drained takes none, and must not be waited for"
    assert hard["matchLabelKeys"] == ["pod-template-hash"]


def hard(**edge: object) -> list[dict[str, Any]]:
    pod = template(record("production", {"edge": {**EDGE, **edge}}))["spec"]
    return [item for item in pod["topologySpreadConstraints"] if item["whenUnsatisfiable"] == "DoNotSchedule"]


def placed(wanted: int, room: dict[str, int], constraints: list[dict[str, Any]]) -> int:
    """How many pods of one revision find a node, each in its turn, by the scheduler's rule for such constraints.

    A node may take one if it then has at most `maxSkew` more than the node with the fewest, full or not
    (PodTopologySpread of kube-scheduler).
    """
    pods = dict.fromkeys(room, 0)
    for _ in range(wanted):
        free = [
            node
            for node in room
            if pods[node] < room[node]
            and all(pods[node] + 1 - min(pods.values()) <= item["maxSkew"] for item in constraints)
        ]
        if not free:
            break
        pods[min(free, key=lambda node: pods[node])] += 1
    return sum(pods.values())


def test_what_an_autoscaler_adds_is_not_capped_by_a_node_without_room() -> None:
    full = {"a": 20, "b": 20, "full": 0}
    scaled = {"autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 10}}
    assert placed(10, full, hard(**scaled)) == 10
    # What the fewest would cap it at, for whoever asks for it.
    assert placed(10, full, hard(**scaled, spread="required")) == 4


@pytest.mark.parametrize("replicas", [2, 3, 7])
def test_a_fixed_number_finds_room_on_two_nodes_and_none_on_one_of_two(replicas: int) -> None:
    constraints = hard(replicas=replicas)
    assert placed(replicas, {"a": 20, "b": 20, "full": 0}, constraints) == replicas
    assert placed(replicas, {"only": 20}, constraints) == replicas
    assert placed(replicas, {"a": 20, "full": 0}, constraints) == replicas - 1
    assert placed(replicas, {"a": 20, "full": 0}, hard(replicas=replicas, spread="preferred")) == replicas


def test_a_stack_that_nobody_s_work_depends_on_is_not_held_up_by_a_full_node() -> None:
    pod = template(record("staging", {"edge": EDGE}))["spec"]
    assert {item["whenUnsatisfiable"] for item in pod["topologySpreadConstraints"]} == {"ScheduleAnyway"}


@pytest.mark.parametrize("key", ["pollSeconds", "pollTimeoutSeconds"])
def test_what_only_the_file_of_a_proxy_can_say_is_refused_beside_it(key: str) -> None:
    file = {**EDGE, "image": "flagsmith/edge-proxy-rs", "version": "0.1.0", "configFile": True}
    with pytest.raises(BadInputError, match=rf"edge\.{key}.*has no effect.*api_poll_"):
        record("production", {"edge": {**file, key: 7}})
    made = {name: value for name, value in file.items() if name != "existingSecret"}
    record("production", {"edge": {**made, key: 7}})
    record("production", {"edge": {**EDGE, key: 7}})


def test_keys_of_the_proxies_are_not_deleted_while_they_ask_with_them() -> None:
    with pytest.raises(BadInputError, match=r"sdkKeys\.overlapHours.*at least 1 with edge\.enabled"):
        record("production", {"edge": {"enabled": True}, "sdkKeys": {"overlapHours": 0}})
    record("production", {"edge": {"enabled": True}, "sdkKeys": {"overlapHours": 1}})
    # Those of a Secret of somebody else's are not renewed with them.
    record("production", {"edge": EDGE, "sdkKeys": {"overlapHours": 0}})


@pytest.mark.parametrize(("clients", "warned"), [([], True), ([{"namespace": "shop"}], False)])
def test_a_preview_says_that_applications_in_the_cluster_do_not_ask_the_edge(
    clients: list[dict[str, str]], warned: bool
) -> None:
    warnings = record("production", {"edge": {**EDGE, "clients": clients}}).program.warnings
    assert any("FLAGSMITH_API_URL" in line for line in warnings) is warned


def test_the_first_proxies_come_after_the_api_and_the_way_in_after_them(edge: Recording) -> None:
    assert {"Deployment/flagsmith"} <= edge.needed_by(edge.object("Deployment", "flagsmith-edge"))
    needed = edge.needed_by(edge.object("Ingress", "flagsmith"))
    assert {"Deployment/flagsmith-edge", "Service/flagsmith-edge"} <= needed


def test_an_autoscaler_is_there_first_and_points_at_the_proxies() -> None:
    recording = record("production", {"edge": {**EDGE, "autoscaling": {"enabled": True, "targetCpu": 50}}})
    deployment = recording.object("Deployment", "flagsmith-edge")
    assert "replicas" not in deployment.manifest["spec"]
    assert deployment.ignored == ("spec.replicas",)
    assert "HorizontalPodAutoscaler/flagsmith-edge" in recording.needed_by(deployment)
    spec = recording.one("HorizontalPodAutoscaler", "flagsmith-edge")["spec"]
    assert spec["scaleTargetRef"]["name"] == "flagsmith-edge"
    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 10)
    assert spec["metrics"][0]["resource"]["target"] == {"type": "AverageValue", "averageValue": "500m"}


def test_a_proxy_that_reads_no_variables_gets_its_file_and_no_key_in_a_variable() -> None:
    rust = {**EDGE, "image": "flagsmith/edge-proxy-rs", "version": "0.1.0", "configFile": True}
    pod = template(record("production", {"edge": rust}))
    main = container(pod)
    assert main["image"].startswith("flagsmith/edge-proxy-rs:0.1.0")
    assert environment(pod) == {"CONFIG_PATH": "/etc/edge-proxy/config.json"}
    assert main["volumeMounts"] == [{"name": "config", "mountPath": "/etc/edge-proxy", "readOnly": True}]
    (volume,) = pod["spec"]["volumes"]
    assert volume["secret"]["secretName"] == "edge"
    assert volume["secret"]["items"] == [{"key": "config.json", "path": "config.json"}]


def pairs(recording: Recording, key: str = "ENVIRONMENT_KEY_PAIRS") -> Any:
    return json.loads(b64decode(recording.one("Secret", "flagsmith-edge-keys")["data"][key]))


def test_by_default_the_proxies_have_a_key_of_their_own_of_every_environment() -> None:
    recording = record("production", {"edge": {"enabled": True}})
    found = pairs(recording)
    assert len(found) == 3, "one for each environment"
    applications = {}
    for name in ("development", "staging", "production"):
        data = recording.one("Secret", f"flagsmith-sdk-keys-{name}")["data"]
        applications[b64decode(data["FLAGSMITH_ENVIRONMENT_KEY"]).decode()] = b64decode(data["FLAGSMITH_SERVER_KEY"])
    assert {pair["client_side_key"] for pair in found} == set(applications), "the key that applications send"
    for pair in found:
        assert pair["server_side_key"].startswith("ser.")
        assert pair["server_side_key"].encode() not in applications.values(), "renewing one must not stop the other"
    # The bootstrap writes them into Flagsmith before a proxy asks with them.
    secret = recording.object("Secret", "flagsmith-edge-keys")
    assert any(name.startswith("Job/flagsmith-bootstrap-") for name in recording.needed_by(secret))
    given = recording.one("Secret", "flagsmith-bootstrap-keys")["data"].values()
    assert {pair["server_side_key"] for pair in found} <= {b64decode(value).decode() for value in given}


def test_new_keys_restart_the_proxies_and_only_them() -> None:
    known = record("production", {"edge": {"enabled": True}}).program.generated
    before = record("production", {"edge": {"enabled": True}}, generated=known)
    after = record("production", {"edge": {"enabled": True}, "rotations": {"sdk": 1}}, generated=known)
    digest = "checksum/flagsmith-edge-keys"
    assert template(before)["metadata"]["annotations"][digest] != template(after)["metadata"]["annotations"][digest]
    assert pairs(before) != pairs(after)
    for name in ("flagsmith", "flagsmith-task-processor"):
        assert before.one("Deployment", name)["spec"]["template"] == after.one("Deployment", name)["spec"]["template"]


def test_the_file_of_a_proxy_that_reads_no_variables_is_made_too() -> None:
    rust = {"enabled": True, "image": "flagsmith/edge-proxy-rs", "version": "0.1.0", "configFile": True}
    recording = record("production", {"edge": {**rust, "pollSeconds": 7}})
    assert set(recording.one("Secret", "flagsmith-edge-keys")["data"]) == {"config.json"}
    file = pairs(recording, "config.json")
    assert len(file["environment_key_pairs"]) == 3
    assert (file["api_url"], file["api_poll_frequency_seconds"]) == ("http://flagsmith:8000/api/v1", 7)
    assert file["health_check"] == {"environment_update_grace_period_seconds": None}


@pytest.mark.parametrize(
    "keys",
    [{"existingSecrets": {"staging": "keys"}}, {"environments": ["development", "production"]}],
    ids=["in a Secret of somebody else's", "left out"],
)
def test_an_environment_whose_keys_are_unknown_is_refused_for_its_clients_would_get_401(keys: dict[str, Any]) -> None:
    with pytest.raises(BadInputError, match="the keys of staging") as caught:
        record("production", {"edge": {"enabled": True}, "sdkKeys": keys})
    assert "edge.existingSecret" in str(caught.value)
    record("production", {"edge": EDGE, "sdkKeys": keys})
