"""`ff status` on a stack that runs rollouts: whether somebody looks at them, and whom their guards ask."""

import pytest

from flagops.commands.status.status import status
from flagops.kubernetes.objects import Manifest
from tests.flagops.commands.edges import proxy
from tests.flagops.commands.rollout_pods import pod, stack_of

URL = "http://prometheus:9090"
LEAVING = pod()
LEAVING["metadata"]["deletionTimestamp"] = "2026-11-28T09:00:00Z"


@pytest.mark.parametrize(
    ("pods", "prometheus", "text", "is_fine"),
    [
        ((pod(),), {"url": URL}, f"looked at every 60 s, guards ask {URL}", True),
        ((pod(),), {}, "looked at every 60 s, guards ask no Prometheus, so that none with a guard rises", True),
        ((pod(is_ready=False),), {"url": URL}, "no pod looks at them", False),
        ((LEAVING,), {"url": URL}, "no pod looks at them", False),
        ((proxy("api-1", "a", component="api"),), {}, "no pod looks at them", False),
        ((), {}, "no pod looks at them", False),
    ],
)
def test_the_row_says_who_looks_at_rollouts(
    pods: tuple[Manifest, ...], prometheus: dict[str, str], text: str, *, is_fine: bool
) -> None:
    rows = status(stack_of(*pods, enabled=True, prometheus=prometheus)).rows
    (row,) = (row for row in rows if row.kind == "Rollouts")
    assert (row.name, row.state, row.is_fine) == ("flagsmith-rollouts", text, is_fine)


def test_a_stack_without_rollouts_has_no_row_of_them() -> None:
    assert "Rollouts" not in {row.kind for row in status(stack_of(pod())).rows}
