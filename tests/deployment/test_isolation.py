"""Network policies and accounts on the cluster: deployed, deployed again, and taken away."""

import pytest

from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies"
ISOLATED = {"networkPolicy": {"enabled": True, "ingressNamespace": "traefik"}}


def names(platform: Platform) -> set[str]:
    return {item["metadata"]["name"] for item in platform.items(POLICIES)}


def test_policies_come_stay_as_they_are_and_go(deployed: Platform) -> None:
    assert names(deployed) == set()

    deployed.up(ISOLATED)
    before = deployed.versions()
    assert {"flagsmith-default-deny", "flagsmith-api", "flagsmith-database"} <= names(deployed)
    again = deployed.up(ISOLATED)

    assert deployed.versions() == before
    assert not again.changed

    deployed.up()
    assert names(deployed) == set()


def test_every_pod_runs_as_its_own_account_and_holds_no_token(deployed: Platform) -> None:
    pods = deployed.items(f"/api/v1/namespaces/{NAMESPACE}/pods")

    assert {pod["spec"]["serviceAccountName"] for pod in pods} >= {"flagsmith-api", "flagsmith-database"}
    for pod in pods:
        component = pod["metadata"]["labels"]["app.kubernetes.io/component"]
        assert pod["spec"]["serviceAccountName"] == f"flagsmith-{component}"
        mounts = [mount["mountPath"] for item in pod["spec"]["containers"] for mount in item["volumeMounts"]]
        assert "/var/run/secrets/kubernetes.io/serviceaccount" not in mounts
