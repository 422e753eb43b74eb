"""Each step waits for the one before it, and a failed migration stops there."""

from typing import Any

import pytest

from flagops.errors import OpsError
from tests.containers import Containers
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
# tests/stages/failing-migration.yaml makes the migration of this release fail.
FAILING = "2.263.0"
COMPONENT = "app.kubernetes.io/component"


def is_true(item: dict[str, Any], condition: str) -> bool:
    conditions = item["status"].get("conditions", [])
    return any((found["type"], found["status"]) == (condition, "True") for found in conditions)


def images(platform: Platform) -> set[str]:
    return {pod["spec"]["containers"][0]["image"] for pod in platform.pods("api")}


def revision(item: dict[str, Any]) -> int:
    return int(item["metadata"]["resourceVersion"])


def test_databases_migration_bootstrap_api_and_worker_come_one_after_the_other(platform: Platform) -> None:
    platform.engine().down()
    since = platform.revision()
    platform.up()

    created: dict[str, int] = {}
    ready: dict[str, int] = {}
    for kind, pod in platform.history(PODS, since):
        component = pod["metadata"]["labels"][COMPONENT]
        if kind == "ADDED":
            created.setdefault(component, revision(pod))
        elif is_true(pod, "Ready"):
            ready.setdefault(component, revision(pod))
    complete: dict[str, int] = {}
    for _, job in platform.history(JOBS, since):
        if is_true(job, "Complete"):
            complete.setdefault(job["metadata"]["labels"][COMPONENT], revision(job))

    assert max(ready["database"], ready["cache"]) < created["migration"]
    assert complete["migration"] < created["bootstrap"]
    assert complete["bootstrap"] < created["api"]
    assert ready["api"] < created["task-processor"]
    jobs = {job["metadata"]["labels"][COMPONENT]: job for job in platform.items(JOBS)}
    first = min(pod["metadata"]["creationTimestamp"] for pod in platform.pods("api"))
    assert jobs["migration"]["status"]["completionTime"] <= first


def test_a_failed_migration_is_named_keeps_the_old_pods_and_does_not_block_the_next_run(
    deployed: Platform, containers: Containers
) -> None:
    containers.write_log("migrate", "Applying features.0066…", 'ERROR: column "archived" contains null values')
    before = {pod["metadata"]["uid"] for pod in deployed.pods("api")}
    generations = deployed.generations()
    since = deployed.revision()

    for _ in range(2):  # nor does it block a second attempt at the same
        with pytest.raises(OpsError) as caught:
            deployed.up({"version": FAILING})
        message = caught.value.message
        assert f"Job {NAMESPACE}/flagsmith-migrate-" in message
        assert "BackoffLimitExceeded" in message
        assert "migrate: Error, exit code 1" in message
        assert 'ERROR: column "archived" contains null values' in message, "its last log lines say why"
        assert "Not deployed for that reason" in message
        assert f"Deployment {NAMESPACE}/flagsmith" in message

        assert {pod["metadata"]["uid"] for pod in deployed.pods("api")} == before
        assert {pod["spec"]["containers"][0]["image"] for pod in deployed.pods("api")} == {
            "flagsmith/flagsmith:2.265.0"
        }
        assert deployed.generations() == generations
    assert deployed.available() == 3
    assert all(available == 3 for _, available in deployed.scales(since))

    deployed.up({"version": "2.264.0"})

    assert images(deployed) == {"flagsmith/flagsmith:2.264.0"}
    assert deployed.available() == 3
    names = [job["metadata"]["name"] for job in deployed.items(JOBS)]
    assert len(names) == 6, "the failed Job is gone"
