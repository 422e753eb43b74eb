"""A deployment of the real program that is killed half-way is completed by the next, with the same passwords."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures_cluster import eventually
from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

FF = Path(sys.executable).with_name("ff")
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"


def secrets(platform: Platform) -> dict[str, object]:
    return {item["metadata"]["name"]: item["data"] for item in platform.items(SECRETS)}


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

    killed_when(platform, SECRETS)
    known, first = platform.engine().generated(), secrets(platform)
    assert known
    assert first

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
