"""Which tests `make test-fast` leaves out: the marker `slow`, set here for whole files and by what a test starts.

Slow files also come first, so that no worker is left with a long one when the others have ended.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

STARTS: Final = frozenset(
    {"server", "postgres", "roles", "browser", "registry", "scan", "passed", "monitored_redis", "newer", "program"}
)
"""Fixtures that start a server, a browser or a scanner, or need a program of the system."""

FILES: Final = (
    # Scanners, builds, browsers, the programs of others.
    "scanners",
    "examples",
    "demo",
    "ci/test_workflows.py",
    "gitops",
    "components/monitoring",
    # Whole programs again and again: of two commits, on two machines, with each field unknown.
    "manifests",
    "installed",
    "flagops/commands/deploy",
    "versioning",
    "components/test_machines.py",
    "components/test_kept_data.py",
    "components/test_rotations.py",
    "components/test_urns.py",
    "policies/test_stacks.py",
    "policies/test_unknown.py",
    "policies/test_pack.py",
    "components/network",
    # Thousands of inputs, or each command in each world.
    "bad_input",
    "components/settings/test_secrets_in_settings.py",
    "components/text/test_scalars.py",
    "flagops/cli/test_env_command.py",
    "flagops/commands/flags/test_any_catalogue.py",
    "flagops/commands/flags/test_broken_answers.py",
    "flagops/cli/test_every_command.py",
    "flagops/cli/test_worlds.py",
    # Real servers, and processes that are killed.
    "components/postgres",
    "components/redis",
    "components/backup/test_scripts.py",
    "components/backup/test_stacks.py",
    "components/audit",
    "components/flag_metrics",
    "contracts",
    "deployment",
    "smoke",
    "flagops/cli/test_endings.py",
    "flagops/cli/test_interrupted.py",
    "flagops/flagsmith_api/test_smoke.py",
    "flagops/flagsmith_api/test_smoke_edge.py",
    "flagops/flagsmith_api/test_smoke_faults.py",
    "flagops/local_cluster/test_simulated_failures.py",
    "flagops/commands/images",
    "flagops/serving",
    "test_end_of_run.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them; a test of the cluster is slow too."""
    here = Path(__file__).parent
    places = {here / name for name in FILES}
    named = {path: not places.isdisjoint((path, *path.parents)) for path in {item.path for item in items}}
    for item in items:
        starts = STARTS.intersection(getattr(item, "fixturenames", ()))
        if starts or item.get_closest_marker("cluster") or named[item.path]:
            item.add_marker(pytest.mark.slow)
    items[:] = longest_first(items)


def longest_first(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Files with tests of the cluster, which wait much, then those with slow tests, then the rest, each as it was."""
    rank: dict[Path, int] = {}
    for item in items:
        own = 0 if item.get_closest_marker("cluster") else 1 if item.get_closest_marker("slow") else 2
        rank[item.path] = min(own, rank.get(item.path, own))
    place = {path: number for number, path in enumerate(rank)}
    return sorted(items, key=lambda item: (rank[item.path], place[item.path]))
