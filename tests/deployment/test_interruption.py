"""A deployment of the real program that is killed half-way is completed by the next, with the same passwords."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform, cordoned

pytestmark = pytest.mark.cluster

FF = Path(sys.executable).with_name("ff")
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
REFUSED = "no-pods-of-jobs"
LABEL = "batch.kubernetes.io/job-name"


def secrets(platform: Platform) -> dict[str, object]:
    return {item["metadata"]["name"]: item["data"] for item in platform.items(SECRETS)}


@contextmanager
def no_job_runs(platform: Platform) -> Iterator[None]:
    """Jobs are made and do not end: the API server refuses their pods."""
    of_jobs = {
        "objectSelector": {"matchExpressions": [{"key": LABEL, "operator": "Exists"}]},
        "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}],
    }
    specs: dict[str, dict[str, object]] = {
        "validatingadmissionpolicies": {"matchConstraints": of_jobs, "validations": [{"expression": "false"}]},
        "validatingadmissionpolicybindings": {"policyName": REFUSED, "validationActions": ["Deny"]},
    }
    pod = {
        "metadata": {"name": "pod", "labels": {LABEL: "job"}},
        "spec": {"containers": [{"name": "main", "image": "example.com/image"}]},
    }

    def a_pod_of_a_job_is_refused() -> bool:
        answer = platform.http.post("/api/v1/namespaces/default/pods", params={"dryRun": "All"}, json=pod)
        return REFUSED in answer.text

    try:
        for plural, spec in specs.items():
            body = {"metadata": {"name": REFUSED}, "spec": spec}
            platform.http.post(f"{ADMISSION}/{plural}", json=body).raise_for_status()
        eventually(a_pod_of_a_job_is_refused)
        yield
    finally:
        for plural in specs:
            assert platform.http.delete(f"{ADMISSION}/{plural}/{REFUSED}").status_code in (200, 404)


def killed_when(platform: Platform, moment: str) -> None:
    """A deployment that is killed as soon as it has made an object of this collection."""
    before = {item["metadata"]["name"] for item in platform.items(moment)}
    home = platform.cluster.kubeconfig.parent.parent
    process = subprocess.Popen(
        [FF, "up", "--engine", "direct"],
        # What the client library leaves when it is killed goes with the test's directory.
        env={**os.environ, "FF_STATE_DIR": str(home), "TMPDIR": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def it_has_made_one() -> bool:
        return bool({item["metadata"]["name"] for item in platform.items(moment)} - before)

    try:
        eventually(it_has_made_one, seconds=60)
    finally:
        process.kill()
        process.wait()


def test_a_deployment_killed_half_way_twice_is_completed_with_the_same_passwords(platform: Platform) -> None:
    platform.engine().down()

    # No pod runs: however late this run is killed, it does not get to a Job.
    with cordoned(platform, [node["metadata"]["name"] for node in platform.items("/api/v1/nodes")]):
        killed_when(platform, SECRETS)
    known, first = platform.engine().generated(), secrets(platform)
    assert known
    assert first

    # And this one not past the first: the API's Deployment comes after Jobs that have ended.
    with no_job_runs(platform):
        killed_when(platform, JOBS)
    made = secrets(platform)
    assert platform.engine().generated() == known
    assert first.items() <= made.items()
    assert "flagsmith" not in [item["metadata"]["name"] for item in platform.items(DEPLOYMENTS)]

    assert platform.up().changed

    assert platform.engine().generated() == known
    assert made.items() <= secrets(platform).items()
    assert platform.available() > 0
    assert not platform.up().changed
