"""The autoscaler's range, and what else has to be large enough for its maximum."""

from typing import Any

import pytest

from components.settings import budget, connections, warnings
from tests.components.settings.support import refusal, settings


@pytest.mark.parametrize(
    ("size", "expected"),
    [("local", (3, 5)), ("small", (3, 5)), ("medium", (4, 15)), ("large", (6, 25)), ("xlarge", (10, 50))],
)
def test_the_range_follows_the_vendors_guide_and_fits_the_connections(size: str, expected: tuple[int, int]) -> None:
    found = settings(size=size, autoscaling={"enabled": True})

    assert (found.resolved_replicas, found.most_replicas) == expected
    assert found.max_connections is not None
    assert connections.connections(found) <= found.max_connections
    # How much analytics take depends on what is reported.
    assert [text for text in warnings(found) if not text.startswith("retention: ")] == []


def test_no_size_has_an_autoscaler_unless_it_is_asked_for() -> None:
    found = settings(size="large")

    assert not found.autoscaling.enabled
    assert found.most_replicas == found.resolved_replicas == 12


def test_the_target_is_a_share_of_what_a_pod_can_do_not_of_what_it_requests() -> None:
    assert settings(autoscaling={"enabled": True}).target_cpu == "600m"
    assert settings(size="xlarge", autoscaling={"enabled": "true", "targetCpu": "50"}).target_cpu == "1"


def test_the_maximum_and_its_surge_count_in_the_quota() -> None:
    fixed, scaled = settings(), settings(autoscaling={"enabled": True, "maxReplicas": 8})

    assert budget.need(scaled)["pods"] == budget.need(fixed)["pods"] + 5
    (line,) = refusal(autoscaling={"enabled": True}, namespace={"quota": {"pods": 12}})
    assert "7 API" in line


def test_the_maximum_and_its_surge_count_in_the_connections() -> None:
    (line,) = refusal(autoscaling={"enabled": True, "maxReplicas": 50})

    assert "(50 replicas + 1 surge) x (2 workers x 2 threads + 2)" in line
    assert "lower autoscaling.maxReplicas" in line


@pytest.mark.parametrize(
    ("values", "key", "reason"),
    [
        ({"replicas": 3, "autoscaling": {"enabled": True}}, "replicas", "autoscaling.minReplicas is the fewest"),
        ({"autoscaling": {"minReplicas": 3}}, "autoscaling.minReplicas", "set autoscaling.enabled to true"),
        ({"autoscaling": {"targetCpu": 60}}, "autoscaling.targetCpu", "autoscaling.enabled is false"),
        ({"autoscaling": {"enabled": True, "minReplicas": 6}}, "autoscaling.minReplicas", "the most 5"),
        ({"autoscaling": {"enabled": True, "maxReplicas": 2}}, "autoscaling.maxReplicas", "the fewest API pods are 3"),
        ({"autoscaling": {"enabled": True, "minReplicas": 0}}, "autoscaling.minReplicas", "at least 1"),
        ({"autoscaling": {"enabled": True, "targetCpu": 5}}, "autoscaling.targetCpu", "at least 10"),
        ({"autoscaling": {"enabled": True, "targetCpu": 100}}, "autoscaling.targetCpu", "at most 95"),
    ],
    ids=str,
)
def test_what_contradicts_the_autoscaler_is_refused(values: dict[str, Any], key: str, reason: str) -> None:
    (line,) = refusal(**values)

    assert line.startswith(f"feature-flags:{key} = ")
    assert reason in line


def test_a_single_pod_as_minimum_is_warned_about() -> None:
    (warning,) = warnings(settings(autoscaling={"enabled": True, "minReplicas": 1}))

    assert warning.startswith("autoscaling.minReplicas is 1")
