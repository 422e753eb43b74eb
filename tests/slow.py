"""Which tests `make test-fast` leaves out, and the order of all.

The marker `slow` is set here for whole files and by what a test starts. Tests of a cluster wait for a third to a half
of their time, so they run beside tests that compute: two of three workers, and two of four, take files from the
beginning, where those of the cluster are, the others from the end. They meet at the fast files, so that none is left
with a long one at the end.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import pytest
from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController

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
    "components/package/test_guards.py",
    "components/package/test_host.py",
    "components/package/test_instances.py",
    "components/test_kept_data.py",
    "components/test_kept_data_asked.py",
    "components/test_own_cluster.py",
    "components/test_rotations.py",
    "components/test_urns.py",
    "policies/test_stacks.py",
    "policies/test_unknown.py",
    "policies/test_pack.py",
    "components/network",
    # Thousands of inputs, or each command in each world.
    "bad_input",
    "components/rollouts/test_decide.py",
    "components/settings/test_secrets_in_settings.py",
    "components/text/test_scalars.py",
    "flagops/cli/test_edge_alone.py",
    "flagops/cli/test_env_command.py",
    "flagops/cli/test_own_cluster.py",
    "flagops/commands/flags/test_any_catalogue.py",
    "flagops/commands/flags/test_broken_answers.py",
    "flagops/commands/flags/test_who.py",
    "flagops/commands/init/test_new.py",
    "flagops/cli/test_every_command.py",
    "flagops/cli/test_worlds.py",
    # Real servers, and processes that are killed.
    "components/postgres",
    "components/redis",
    "components/rollouts/test_runner.py",
    "components/backup/test_scripts.py",
    "components/backup/test_stacks.py",
    "components/audit",
    "components/flag_metrics",
    "components/flagsmith/test_gunicorn.py",
    "contracts",
    "deployment",
    "smoke",
    "flagops/cli/test_completion.py",
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

BEFORE_FAST: Final = Fraction(2, 5)
"""Of the slow files without a cluster, how many come before the fast ones.

Three workers meet there: by the times of a whole run two of them need as long for the cluster's files, and these, as
the third for the rest.
"""


class FromBothEnds(LoadFileScheduling):  # type: ignore[misc] # its class tells no types
    """As `--dist loadfile`, but that the later workers, half of them rounded down, take files from the end."""

    def _assign_work_unit(self, node: WorkerController) -> None:
        if 2 * int(node.gateway.id.removeprefix("gw")) >= self.numnodes:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> FromBothEnds | None:
    """Where files come in the order of `in_order`; without its option xdist begins with those that have most tests."""
    is_ordered = config.getoption("dist") == "loadfile" and not config.getoption("loadscopereorder")
    return FromBothEnds(config, log) if is_ordered else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them; a test of the cluster is slow too."""
    here = Path(__file__).parent
    places = {here / name for name in FILES}
    named = {path: not places.isdisjoint((path, *path.parents)) for path in {item.path for item in items}}
    for item in items:
        starts = STARTS.intersection(getattr(item, "fixturenames", ()))
        if starts or item.get_closest_marker("cluster") or named[item.path]:
            item.add_marker(pytest.mark.slow)
    items[:] = in_order(items)


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Files with tests of the cluster, then slow ones with the fast ones among them, each as it was."""
    kinds: dict[Path, int] = {}
    for item in items:
        own = 0 if item.get_closest_marker("cluster") else 1 if item.get_closest_marker("slow") else 2
        kinds[item.path] = min(own, kinds.get(item.path, own))
    cluster, slow, fast = ([path for path, kind in kinds.items() if kind == number] for number in range(3))
    before = int(len(slow) * BEFORE_FAST)
    place = {path: number for number, path in enumerate((*cluster, *slow[:before], *fast, *slow[before:]))}
    return sorted(items, key=lambda item: place[item.path])
