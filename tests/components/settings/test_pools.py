"""The connections of a Cluster's servers and pools, added up."""

import pytest

from components.settings import Settings, connections, pools, warnings
from tests.components.settings.support import refusal, settings
from tests.components.settings.test_cloudnative_pg import clustered


@pytest.mark.parametrize("size", ["small", "medium", "large", "xlarge"])
def test_the_pools_of_each_size_fill_the_primary_and_do_not_exceed_it(size: str) -> None:
    found = settings(size=size, **clustered({"pooler": {"enabled": True}}))
    pool, limit = pools.pool_size(found), found.max_connections or 0
    filled = settings(size=size, **clustered({"pooler": {"enabled": True, "poolSize": pool}}))
    (primary,) = pools.servers(filled)
    assert limit - (found.poolers + 1) < primary.needed <= limit
    (line,) = refusal(size=size, **clustered({"pooler": {"enabled": True, "poolSize": pool + 1}}))
    assert line.startswith("feature-flags:postgres.maxConnections")
    assert f"x ({pool + 1} pool + 3)" in line
    assert "lower postgres.cluster.pooler.poolSize" in line
    # Each pooler takes the whole API, while the others are away.
    assert pools.pool_clients(found) >= connections.api_connections(found)


def test_without_poolers_and_on_a_standby_the_api_itself_has_to_fit() -> None:
    direct = clustered({"pooler": {"enabled": False}}, maxConnections=64)
    (line,) = refusal(size="small", **direct)
    assert "what Flagsmith can open: (3 replicas" in line
    reading = clustered({"readReplicas": True, "pooler": {"enabled": True}}, maxConnections=60)
    primary, standby = refusal(size="small", replicas=9, **reading)
    assert "on the primary after a failover: " in primary
    assert "on a standby that is alone: (9 replicas + 1 surge)" in standby


@pytest.mark.parametrize("pooled", [True, False])
def test_a_standby_that_becomes_the_primary_keeps_what_the_api_reads_by(pooled: bool) -> None:
    def stack(reads: bool) -> Settings:
        cluster = {"instances": 3, "readReplicas": reads, "pooler": {"enabled": pooled}}
        return settings(size="medium", **clustered(cluster, maxConnections=300))

    before, after = next(pools.servers(stack(reads=False))), next(pools.servers(stack(reads=True)))
    reading = connections.api_connections(stack(reads=True))
    assert after.needed - before.needed == reading
    assert after.text.endswith(f"= {after.needed}")
    assert "x (2 workers x 2 threads + 2) as a former standby" in after.text
    assert "after a failover" in after.what


@pytest.mark.parametrize("size", ["small", "medium", "large", "xlarge"])
def test_each_size_has_room_for_reads_from_standbys(size: str) -> None:
    settings(size=size, **clustered({"instances": 3, "readReplicas": True}))


def test_what_reads_from_standbys_has_no_pooler_unless_it_is_asked_for() -> None:
    """Through PgBouncer the API would not go on from a standby while the primary is away."""
    assert settings(size="medium", **clustered()).pooled
    assert not settings(size="medium", **clustered({"readReplicas": True})).pooled
    assert settings(size="medium", **clustered({"readReplicas": True, "pooler": {"enabled": True}})).pooled
    (line,) = refusal(size="medium", **clustered({"readReplicas": True, "pooler": {"poolSize": 9}}))
    assert "postgres.cluster.pooler: has no effect, since a stack with readReplicas has no pooler" in line


def test_a_pooler_before_what_reads_from_standbys_is_said() -> None:
    def said(**pooler: object) -> list[str]:
        cluster = {"instances": 2, "readReplicas": True, "pooler": pooler}
        return [text for text in warnings(settings(**clustered(cluster))) if "through a pooler" in text]

    assert len(said(enabled=True)) == 1
    assert said() == said(enabled=False) == []


@pytest.mark.parametrize(("size", "over"), [("small", 0), ("medium", 0), ("large", 14), ("xlarge", 23)])
def test_what_a_pooler_that_is_switched_off_leaves_open_is_what_the_docs_say(size: str, over: int) -> None:
    """The sums of docs/data-tier.md, "Connections": a preview adds up the end, in which there is no pooler."""
    before = settings(size=size, **clustered({"pooler": {"enabled": True}}))
    after = settings(size=size, **clustered({"pooler": {"enabled": False}}))
    old = before.most_replicas * connections.api_connections(before)
    old //= before.most_replicas + connections.api_surge(before)
    left = min(before.poolers * pools.pool_size(before), old) + before.poolers * pools.AUTHENTICATION
    (direct,) = pools.servers(after)
    assert max(0, direct.needed + left - (after.max_connections or 0)) == over
