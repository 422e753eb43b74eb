"""The program with Secrets from a store: what it makes, what waits for it, and that nothing takes its place."""

from collections.abc import Mapping
from typing import Any

import pytest

from flagops.errors import OpsError
from tests.recording import Recording, record

STORE: Mapping[str, Any] = {
    "name": "vault",
    "secrets": {
        "postgres": {"key": "flagsmith/postgres"},
        "redis": {"key": "flagsmith/redis", "properties": {"REDIS_URL": "url"}},
        "django": {"values": {"DJANGO_SECRET_KEY": {"key": "flagsmith-django"}}},
        "admin": {"key": "flagsmith/admin"},
    },
}
OWN = {"flagsmith-postgres", "flagsmith-redis", "flagsmith-django", "flagsmith-admin"}


@pytest.fixture(scope="module")
def stored() -> Recording:
    return record("staging", {"secretStore": STORE})


def test_each_secret_of_the_store_is_made_by_the_operator_and_not_generated(stored: Recording) -> None:
    assert {item["metadata"]["name"] for item in stored.all("ExternalSecret")} == OWN
    assert OWN.isdisjoint(item["metadata"]["name"] for item in stored.all("Secret"))
    assert not [name for name in stored.program.generated if name.split("-")[1] in ("postgres", "redis", "django")]


def test_the_operator_is_told_what_goes_where(stored: Recording) -> None:
    made = stored.one("ExternalSecret", "flagsmith-redis")
    assert made["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Ready"
    assert made["spec"] == {
        "refreshInterval": "1h",
        "secretStoreRef": {"kind": "SecretStore", "name": "vault"},
        "target": {"name": "flagsmith-redis", "creationPolicy": "Owner", "deletionPolicy": "Retain"},
        "data": [
            {"secretKey": "password", "remoteRef": {"key": "flagsmith/redis", "property": "password"}},
            {"secretKey": "REDIS_URL", "remoteRef": {"key": "flagsmith/redis", "property": "url"}},
        ],
    }
    django = stored.one("ExternalSecret", "flagsmith-django")
    assert django["spec"]["data"][0]["remoteRef"] == {"key": "flagsmith-django"}


def test_every_workload_waits_for_all_of_them(stored: Recording) -> None:
    needed = {f"ExternalSecret/{name}" for name in OWN}
    for kind in ("Deployment", "StatefulSet", "Job", "CronJob"):
        for item in (found for found in stored.program.objects if found.ref.kind == kind):
            assert needed <= stored.needed_by(item), item.ref


def test_a_cluster_without_the_operator_is_refused() -> None:
    with pytest.raises(OpsError, match="the cluster does not serve ExternalSecret") as caught:
        record("staging", {"secretStore": STORE, "apiVersions": ["monitoring.coreos.com/v1"]})
    assert "Install the External Secrets Operator, 0.16 or newer" in caught.value.message
