"""How many volume claims the namespace may have, by what the stack's Clusters need."""

from typing import Any

import pytest

from components.settings import budget
from tests.components.settings.support import settings
from tests.components.settings.test_cloudnative_pg import clustered


@pytest.mark.parametrize(
    ("stated", "claims"),
    [
        ({}, 10),
        ({"kept": ["flagsmith-pg-0"]}, 18),
        ({"kept": ["flagsmith-pg-0"], "backup": {"enabled": True}}, 19),
    ],
    ids=["servers, their logs, dumps", "two Clusters", "a drill in place of the volume of dumps"],
)
def test_the_bound_on_claims_follows_what_clusters_need(stated: dict[str, Any], claims: int) -> None:
    bucket = {"s3": {"bucket": "backups", "existingSecret": "s3"}} if "backup" in stated else {}
    found = settings(size="medium", backup=bucket, **clustered(stated))
    assert budget.quota(found)["persistentvolumeclaims"] == str(claims)
    assert budget.need(found)["persistentvolumeclaims"] <= claims
    stated_by_hand = settings(
        size="medium", backup=bucket, namespace={"quota": {"persistentVolumeClaims": 40}}, **clustered(stated)
    )
    assert budget.quota(stated_by_hand)["persistentvolumeclaims"] == "40"
