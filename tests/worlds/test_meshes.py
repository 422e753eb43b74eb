"""A Job ends only if no mesh puts a container beside it: every Job's pod says so, those that `ff` makes too."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flagops.pods.jobs import from_template
from tests.recording import ROOT
from tests.worlds.stacks import NAMES, Template, jobs, servers, stack

LABELS = {"sidecar.istio.io/inject": "false"}
ANNOTATIONS = {
    "sidecar.istio.io/inject": "false",
    "linkerd.io/inject": "disabled",
    "consul.hashicorp.com/connect-inject": "false",
}


def injects(labels: Mapping[str, str], annotations: Mapping[str, str]) -> list[str]:
    """The meshes that put a container into the pod, in a namespace where all three do so by default.

    As their webhooks decide: Istio by the label, before 1.10 by the annotation; Linkerd and Consul by the annotation.
    """
    found = []
    if labels.get("sidecar.istio.io/inject", annotations.get("sidecar.istio.io/inject", "true")) != "false":
        found.append("istio")
    if annotations.get("linkerd.io/inject", "enabled") not in ("disabled", "false"):
        found.append("linkerd")
    if annotations.get("consul.hashicorp.com/connect-inject", "true") != "false":
        found.append("consul")
    return found


def meshes(template: Template) -> list[str]:
    metadata = template["metadata"]
    return injects(metadata.get("labels") or {}, metadata.get("annotations") or {})


@pytest.mark.parametrize("name", NAMES)
def test_no_mesh_puts_a_container_beside_a_job(name: str) -> None:
    found = stack(name)
    seen = dict(jobs(found))
    assert seen or name == "edge-alone"
    assert {job: beside for job, template in seen.items() if (beside := meshes(template))} == {}
    # What goes on running is the mesh's to decide, by the labels of its namespace.
    assert all(len(meshes(template)) == 3 for _, template in servers(found))


def test_a_job_that_is_started_from_a_template_keeps_out_too() -> None:
    for cron in stack("in-cluster").all("CronJob"):
        job = from_template({**cron, "metadata": {**cron["metadata"], "uid": "u"}}, "abc", {})
        assert meshes(job["spec"]["template"]) == [], cron["metadata"]["name"]


def test_ff_makes_jobs_and_pods_of_deployed_templates_alone() -> None:
    """A pod that is written out in the command would know nothing of meshes, labels and users."""
    written = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "flagops").rglob("*.py"))
        if "local_cluster" not in path.parts and _writes_a_pod(path)
    ]
    assert written == []


def _writes_a_pod(path: Path) -> bool:
    """Whether a file has a dictionary with `containers` and no pod that it is taken from (`**…`)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Dict):
            keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
            if "containers" in keys and None not in keys and "restartPolicy" in keys:
                return True
    return False


def test_who_has_a_mesh_that_ends_with_its_job_says_so() -> None:
    """Istio and Linkerd can run theirs as an init container that goes on, which ends with the Job."""
    stated: dict[str, Any] = {
        "jobs": {"labels": {"sidecar.istio.io/inject": "true"}, "annotations": {"linkerd.io/inject": "enabled"}}
    }
    for _, template in jobs(stack("local", metadata=stated)):
        assert meshes(template) == ["istio", "linkerd"]
