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
DEPLOYMENTS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"


def secrets(platform: Platform) -> dict[str, object]:
    return {item["metadata"]["name"]: item["data"] for item in platform.items(SECRETS)}


@pytest.mark.parametrize("moment", [SECRETS, DEPLOYMENTS], ids=["first-secret", "first-deployment"])
def test_a_deployment_killed_half_way_is_completed_with_the_same_passwords(platform: Platform, moment: str) -> None:
    platform.engine().down()
    home = platform.cluster.kubeconfig.parent.parent
    process = subprocess.Popen(
        [FF, "up", "--engine", "direct"],
        # What the client library leaves when it is killed goes with the test's directory.
        env={**os.environ, "FF_STATE_DIR": str(home), "TMPDIR": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: platform.items(moment), seconds=60)
    finally:
        process.kill()
        process.wait()
    known, made = platform.engine().generated(), secrets(platform)
    assert known
    assert made
    assert "flagsmith" not in [item["metadata"]["name"] for item in platform.items(DEPLOYMENTS)]

    assert platform.up().changed

    assert platform.engine().generated() == known
    assert made.items() <= secrets(platform).items()
    assert platform.available() > 0
    assert not platform.up().changed
