"""A change that is rolled out: policies change first, and what goes is deleted last, policies too.

So pods of before still reach whom they ask.
"""

from collections.abc import Iterator
from typing import Final

import pytest

from tests.components.network.actors import NAMESPACES, OWN
from tests.components.network.clusters import CLUSTERS
from tests.components.network.edges import EDGES_ALONE
from tests.components.network.evaluator import World
from tests.components.network.reachable import reachable
from tests.components.network.rendered import Rendered, rendered
from tests.components.network.variants import VARIANTS

PLAIN: Final = "as its file says"
SERVING: Final = frozenset({"api", "task-processor"})


def _changes() -> Iterator[tuple[str, str]]:
    """Every switch there is a variant for, on and off; another database is moved to, or refused."""
    clustered = [*CLUSTERS]
    others = [name for name in VARIANTS if name not in (PLAIN, *CLUSTERS, *EDGES_ALONE)]
    yield from ((PLAIN, name) for name in others)
    yield from ((name, PLAIN) for name in others)
    yield from ((before, after) for before in clustered for after in clustered if before != after)


@pytest.mark.parametrize(("before", "after"), [*_changes()])
def test_who_serves_still_reaches_every_pod_of_the_stack_that_it_reached_before(
    before: str, after: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.getbasetemp() / "network"

    def stack(name: str) -> Rendered:
        return rendered(name, directory / str([*VARIANTS].index(name)))

    was, becomes = stack(before), stack(after)
    moved = {"database"} if was.settings.postgres.mode != becomes.settings.postgres.mode else set()
    actors = {actor.name: actor for actor in was.actors}
    kept = {policy["metadata"]["name"] for policy in becomes.policies}
    leaving = [policy for policy in was.policies if policy["metadata"]["name"] not in kept]
    world = World(policies=(*becomes.policies, *leaving), namespaces=NAMESPACES, blocks_match_pods=False)
    tried = [
        (source, to, port, protocol)
        for source, to, port, protocol in reachable(was, blocks_match_pods=False)
        if source in SERVING and actors[to].namespace == OWN and to not in moved
    ]

    all_is_outside = not was.settings.postgres.is_own and not was.settings.redis.embedded
    assert bool(tried) is not all_is_outside
    assert [way for way in tried if not world.reaches(actors[way[0]], actors[way[1]], *way[2:])] == []
