"""The budget by which a drain asks before it moves the one pod of PostgreSQL."""

import subprocess
from collections.abc import Callable

import pytest

from tests.components.settings.support import refusal
from tests.containers import NAMESPACE
from tests.fixtures_cluster import eventually
from tests.platform import Platform
from tests.recording import ROOT, pod_templates, record, recorded
from tests.worlds.stacks import NAMES, stack

BLOCKED = {"postgres": {"blockEvictions": True, "storage": {"size": "1Gi"}}}
SAYS = "Cannot evict pod as it would violate the pod's disruption budget."


def test_there_is_none_unless_it_is_asked_for() -> None:
    assert "flagsmith-postgres" not in {
        item["metadata"]["name"] for item in recorded("production").all("PodDisruptionBudget")
    }
    spec = record("production", BLOCKED).one("PodDisruptionBudget", "flagsmith-postgres")["spec"]
    assert (spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"]) == (0, "AlwaysAllow")


@pytest.mark.parametrize("name", NAMES)
def test_it_selects_the_embedded_server_alone(name: str) -> None:
    spec = record("production", BLOCKED).one("PodDisruptionBudget", "flagsmith-postgres")["spec"]
    selected = spec["selector"]["matchLabels"].items()
    found = [pod for pod, template in pod_templates(stack(name)) if selected <= template["metadata"]["labels"].items()]
    assert found in ([], ["StatefulSet/flagsmith-postgres"])
    assert found or name not in ("local", "production")


def test_a_cluster_and_an_external_server_have_no_use_for_it() -> None:
    for postgres in ({"mode": "cloudnativepg"}, {"mode": "external", "existingSecret": "database"}):
        assert any("postgres.blockEvictions" in line for line in refusal(postgres={**postgres, "blockEvictions": True}))


@pytest.mark.cluster
def test_a_drain_says_so_until_somebody_deletes_the_pod(deployed: Platform, program: Callable[[str, str], str]) -> None:
    deployed.ensure(BLOCKED)
    (before,) = deployed.pods("database")
    node = before["spec"]["nodeName"]
    kubectl = [program("kubectl", "kubernetes-client")]
    kubectl += [f"--kubeconfig={deployed.cluster.kubeconfig}", f"--context={deployed.cluster.context}"]
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/flagsmith-postgres-0"

    def is_guarded() -> bool:
        budgets = deployed.items(f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets")
        return any(item["metadata"]["name"] == "flagsmith-postgres" and item.get("status") for item in budgets)

    def is_elsewhere() -> bool:
        found = deployed.pods("database")
        return bool(found) and found[0]["spec"].get("nodeName") not in (None, node)

    eventually(is_guarded)
    try:
        command = [
            *kubectl,
            "drain",
            node,
            "--delete-emptydir-data",
            "--pod-selector=app.kubernetes.io/component=database",
            "--timeout=8s",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode != 0
        said = f'error when evicting pods/"flagsmith-postgres-0" -n "{NAMESPACE}" (will retry after 5s): {SAYS}'
        assert said in done.stderr
        assert said in (ROOT / "docs" / "data-tier.md").read_text("utf-8")
        deployed.http.delete(path).raise_for_status()
        eventually(is_elsewhere)
    finally:
        subprocess.run([*kubectl, "uncordon", node], check=True, capture_output=True, timeout=60)
