"""What runs rollouts, on a real control plane: it comes and goes without a trace, and a new token touches it alone."""

import pytest

from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

NAME = "flagsmith-rollouts"
ON = {"rollouts": {"enabled": True, "prometheus": {"url": "http://prometheus-operated.monitoring.svc:9090"}}}
ROTATED = {**ON, "rotations": {"rollouts": 1}}


def logins(platform: Platform) -> dict[str, int]:
    """The Jobs that made its account, and how often each succeeded."""
    jobs = platform.items(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs")
    found = {job["metadata"]["name"]: job["status"].get("succeeded", 0) for job in jobs}
    return {name: number for name, number in found.items() if name.startswith(f"{NAME}-login-")}


def uids(platform: Platform) -> list[str]:
    return [pod["metadata"]["uid"] for pod in platform.pods("rollouts")]


def test_the_pod_of_rollouts_comes_gets_another_token_and_goes_and_nothing_else_is_touched(deployed: Platform) -> None:
    before = deployed.generations()

    def others() -> dict[str, int]:
        return {name: number for name, number in deployed.generations().items() if name != NAME}

    result = deployed.up(ON)
    made = {f"{ref.kind}/{ref.name}" for ref in result.created}
    assert {f"Deployment/{NAME}", f"Secret/{NAME}", f"ServiceAccount/{NAME}", f"ServiceAccount/{NAME}-login"} <= made
    assert others() == before
    status = deployed.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{NAME}")["status"]
    assert (status["replicas"], status["availableReplicas"]) == (1, 1)
    jobs, pods = logins(deployed), uids(deployed)
    assert list(jobs.values()) == [1]
    assert not deployed.up(ON).changed

    deployed.up(ROTATED)
    assert others() == before
    (pod,) = uids(deployed)
    assert [pod] != pods
    assert set(logins(deployed)) - set(jobs), "the Job of the new token ran"
    assert not deployed.up(ROTATED).changed

    result = deployed.up()
    left = {name for name in made if not name.startswith("Job/")}
    assert {f"{ref.kind}/{ref.name}" for ref in result.deleted} >= left
    assert deployed.generations() == before
