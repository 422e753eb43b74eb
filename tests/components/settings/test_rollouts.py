"""How many pods a rolling update adds, and how long it is waited for: by the most pods that there may be."""

import pytest

from components.settings.rollouts import POD_SECONDS, PROGRESS_SECONDS, max_surge, rollout_seconds, surge
from flagops.errors import OpsError
from tests.recording import record, recorded

TIMEOUT = "pulumi.com/timeoutSeconds"
WORKLOADS = ("flagsmith", "flagsmith-task-processor", "flagsmith-edge")


def by_kubernetes(percentage: int | str, replicas: int) -> int:
    """What the Deployment controller makes of it: rounded up (k8s.io/apimachinery, GetScaledValueFromIntOrPercent)."""
    if isinstance(percentage, int):
        return percentage
    return -(-int(percentage.removesuffix("%")) * replicas // 100)


@pytest.mark.parametrize("most", range(1, 101))
def test_what_is_counted_is_what_kubernetes_adds_at_any_number_of_replicas(most: int) -> None:
    assert by_kubernetes(max_surge(most, surge(most)), most) == surge(most)
    for fewer in range(1, most):
        assert fewer + by_kubernetes(max_surge(most, surge(most)), fewer) <= most + surge(most)
    # However many there are, all are new after four turns.
    assert -(-most // surge(most)) <= 4


@pytest.mark.parametrize("most", [1, 3, 12, 24, 100])
def test_one_pod_after_the_other_is_in_time(most: int) -> None:
    assert rollout_seconds(most) >= PROGRESS_SECONDS
    # Where the nodes have room for one only, and each takes a minute.
    assert rollout_seconds(most) > most * 60
    assert POD_SECONDS > 60


def test_every_rollout_is_waited_for_by_the_pods_that_there_may_be() -> None:
    stack = record("production", {"size": "xlarge", "edge": {"enabled": True, "autoscaling": {"enabled": True}}})
    for name in WORKLOADS:
        deployment = stack.one("Deployment", name)
        scalers = [item for item in stack.all("HorizontalPodAutoscaler") if item["metadata"]["name"] == name]
        most = scalers[0]["spec"]["maxReplicas"] if scalers else deployment["spec"]["replicas"]
        assert int(deployment["metadata"]["annotations"][TIMEOUT]) == rollout_seconds(most), name
        expected = max_surge(most, surge(most))
        assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": expected, "maxUnavailable": 0}
    assert stack.one("Deployment", "flagsmith")["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == "25%"


def test_the_autoscaler_s_maximum_counts_and_not_the_replicas() -> None:
    scaling = {"enabled": True, "minReplicas": 3, "maxReplicas": 24}
    stack = record("production", {"autoscaling": scaling, "postgres": {"maxConnections": 213}})
    deployment = stack.one("Deployment", "flagsmith")
    assert int(deployment["metadata"]["annotations"][TIMEOUT]) == rollout_seconds(24)
    # 24 pods and six more would take more connections than this PostgreSQL has.
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 1


@pytest.mark.parametrize(("limit", "added"), [(189, 1), (213, 1), (219, 2), (237, 5), (243, "25%"), (400, "25%")])
def test_as_many_are_added_as_the_database_has_connections_for(limit: int, added: int | str) -> None:
    scaling = {"enabled": True, "minReplicas": 3, "maxReplicas": 24}
    changes = {"size": "medium", "autoscaling": scaling, "postgres": {"maxConnections": limit}}
    if limit < 213:
        with pytest.raises(OpsError, match=r"24 replicas \+ 1 surge"):
            record("production", changes)
        return
    strategy = record("production", changes).one("Deployment", "flagsmith")["spec"]["strategy"]["rollingUpdate"]
    assert strategy["maxSurge"] == added


def test_a_few_replicas_are_renewed_one_by_one() -> None:
    strategy = recorded("local").one("Deployment", "flagsmith")["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
