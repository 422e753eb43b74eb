"""The platform's own Cluster and poolers, as CloudNativePG's real operator takes them."""

from typing import Any

import pytest

from tests.cloudnative_pg import Operator
from tests.components.postgres.test_cluster import WHOLE, clustered
from tests.deployment.data_tier import HEALTHY, pooler_status
from tests.fixtures_cluster import eventually

pytestmark = pytest.mark.cluster


def test_it_is_admitted_and_comes_up_with_its_poolers(cnpg: Operator) -> None:
    """Values that the operator refuses stand in its phase alone: the API server takes them."""
    found = clustered({key: value for key, value in WHOLE.items() if key != "backup"})
    namespace = {"namespace": cnpg.namespace}
    secret = found.one("Secret", "flagsmith-pg-owner")
    cnpg.apply({**secret, "metadata": {**secret["metadata"], **namespace}, "data": {**secret["data"], **PLAIN}})
    for kind in ("Cluster", "Pooler"):
        (item,) = found.all(kind)
        cnpg.apply({**item, "metadata": {**item["metadata"], **namespace}})

    def is_healthy() -> bool:
        if (cnpg.namespace, "flagsmith-pg") not in cnpg.managers.clusters.items:
            return False
        status: dict[str, Any] = cnpg.cluster("flagsmith-pg")["status"]
        assert status.get("phase") != "Invalid cluster definition", status
        return status.get("phase") == HEALTHY and status.get("readyInstances") == 3

    eventually(is_healthy)
    status = pooler_status(cnpg, "flagsmith-pg-pooler")
    assert status.get("error") in (None, "")
    assert status["phase"] == "active"
    services = {item["metadata"]["name"] for item in cnpg.items("services")}
    assert {"flagsmith-pg-rw", "flagsmith-pg-ro", "flagsmith-pg-pooler"} <= services
    assert "flagsmith-pg-r" not in services


# The recording's generated values are placeholders.
PLAIN = {"username": "ZmxhZ3NtaXRoX2FkbWluaXN0cmF0b3I=", "password": "b25seS1mb3ItdGVzdHM="}
