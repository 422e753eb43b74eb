"""A container never changes between the lists of a pod: an upgrade's preview would show the pod with both."""

from tests.components.test_secrets_by_container import every_stack
from tests.recording import pod_templates

# The provider's preview keeps what it created itself, and the API server refuses a pod that has a name twice.
INITIAL = {"dump", "fetch", "unpack"}
"""What were init containers in 0.1.0, and for a day after it."""
MAIN = {
    *("audit", "bootstrap", "drill", "flag-metrics", "flagsmith", "grants", "list", "migrate", "postgres"),
    *("postgres-exporter", "redis", "redis-exporter", "restore", "retire", "roles", "store", "task-processor"),
}
"""Those of 0.1.0 that were not."""


def test_no_container_has_gone_into_the_other_list() -> None:
    seen: set[str] = set()
    for recording in every_stack():
        for owner, template in pod_templates(recording):
            first, main = (
                {item["name"] for item in template["spec"].get(kind) or []} for kind in ("initContainers", "containers")
            )
            assert not main & INITIAL, owner
            assert not first & MAIN, owner
            seen |= main
    assert seen >= MAIN
