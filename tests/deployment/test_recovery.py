"""A mistake in the settings is mended by the next deployment, and a smaller platform is reached from a larger one."""

import pytest

from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

POSTGRES = f"/apis/apps/v1/namespaces/{NAMESPACE}/statefulsets/flagsmith-postgres"


def test_a_smaller_platform_follows_a_larger_one_although_the_database_restarts_first(deployed: Platform) -> None:
    resources = {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"cpu": "1", "memory": "1Gi"}}
    larger = {"storage": {"size": "1Gi"}, "maxConnections": 120, "resources": resources}
    deployed.up({"replicas": 12, "postgres": larger})
    deployed.up({"replicas": 3})
    assert deployed.get(POSTGRES)["status"]["readyReplicas"] == 1
    assert len(deployed.pods("api")) == 3


def test_a_database_pod_that_fits_no_node_is_replaced_when_the_setting_is_mended(deployed: Platform) -> None:
    too_much = {"requests": {"cpu": "1000"}, "limits": {"cpu": "1000"}}
    template = {"spec": {"containers": [{"name": "postgres", "resources": too_much}]}}
    merge = {"Content-Type": "application/strategic-merge-patch+json"}
    body = {"spec": {"template": template}}
    deployed.http.patch(POSTGRES, json=body, headers=merge).raise_for_status()

    def the_database_pod_is_pending() -> bool:
        return [pod["status"]["phase"] for pod in deployed.pods("database")] == ["Pending"]

    eventually(the_database_pod_is_pending)

    deployed.up()

    (pod,) = deployed.pods("database")
    assert pod["status"]["phase"] == "Running"
    assert deployed.get(POSTGRES)["status"]["readyReplicas"] == 1
