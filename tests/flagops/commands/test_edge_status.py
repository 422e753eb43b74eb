"""`ff status` on a stack with an edge: how many proxies have documents, and on how many nodes."""

import pytest

from flagops.commands.status.status import status
from flagops.kubernetes.objects import Manifest
from tests.flagops.commands.edges import proxy, stack_with

TWO = (proxy("edge-1", "a"), proxy("edge-2", "b"))
LEAVING = proxy("edge-3", "c")
LEAVING["metadata"]["deletionTimestamp"] = "2026-11-28T09:00:00Z"


@pytest.mark.parametrize(
    ("pods", "text", "is_fine"),
    [
        (TWO, "2 proxies with documents, on 2 nodes", True),
        # All on one node: a local cluster has no other, and the doctor tells where one has.
        ((proxy("edge-1", "a"), proxy("edge-2", "a")), "2 proxies with documents, on 1 node", True),
        ((*TWO, proxy("edge-3", "c", is_ready=False)), "2 proxies with documents, on 2 nodes", True),
        ((TWO[0], LEAVING), "1 proxy with documents, on 1 node", False),
        ((TWO[0], proxy("edge-2", "b", is_ready=False)), "1 proxy with documents, on 1 node", False),
        ((TWO[0], proxy("api-1", "b", component="api")), "1 proxy with documents, on 1 node", False),
        ((), "0 proxies with documents, on 0 nodes", False),
    ],
)
def test_the_row_counts_ready_proxies_and_their_nodes(pods: tuple[Manifest, ...], text: str, *, is_fine: bool) -> None:
    (row,) = (row for row in status(stack_with(*pods)).rows if row.kind == "Edge")
    assert (row.name, row.state, row.is_fine) == ("flagsmith-edge", text, is_fine)


def test_a_stack_without_an_edge_has_no_row_of_it() -> None:
    assert "Edge" not in {row.kind for row in status(stack_with(*TWO, edge={})).rows}
