"""The exporter of flag metrics on a real control plane."""

import pytest

from tests.platform import NAMESPACE, Platform

pytestmark = pytest.mark.cluster

ON = {"monitoring": {"flagMetrics": {"enabled": True}}}


def test_it_rolls_out_beside_what_is_there_and_goes_when_it_is_switched_off(deployed: Platform) -> None:
    before = deployed.generations()
    deployed.up(ON)
    status = deployed.get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/flagsmith-flag-metrics")["status"]
    assert (status["replicas"], status["availableReplicas"]) == (1, 1)
    after = deployed.generations()
    assert {name for name in after if after[name] != before.get(name)} == {"flagsmith-flag-metrics"}
    assert not deployed.up(ON).changed
    deployed.up()
    assert "flagsmith-flag-metrics" not in deployed.generations()
