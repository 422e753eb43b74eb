"""A file is sent into a Job that takes it, or nothing is stopped for it."""

from pathlib import Path
from typing import Any

import pytest

from flagops.commands.db.backups import jobs
from flagops.commands.db.backups.restore import FETCH_CONTAINER, Chosen, chosen
from flagops.errors import RefusedError
from tests.components.backup.test_backup import pod
from tests.components.settings.support import settings
from tests.flagops.commands.db.clusters import NAMESPACE, Operated
from tests.recording import recorded


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.dump"
    path.write_bytes(b"PGDMP and more")
    return path


def deployed(**lists: list[str]) -> Any:
    """A stack whose restore has these containers."""
    spec = {kind: [{"name": name} for name in names] for kind, names in lists.items()}
    cron = {
        "kind": "CronJob",
        "metadata": {"name": jobs.RESTORE, "namespace": NAMESPACE},
        "spec": {"jobTemplate": {"spec": {"template": {"spec": spec}}}},
    }
    return Operated.of(cron, settings=settings())


@pytest.mark.parametrize(
    "lists",
    [
        {"initContainers": ["fetch"], "containers": ["restore"]},  # 0.1.0
        {"initContainers": [FETCH_CONTAINER], "containers": ["restore"]},
    ],
)
def test_a_job_of_another_release_is_not_waited_for(lists: dict[str, list[str]], file: Path) -> None:
    world = deployed(**lists)
    with pytest.raises(RefusedError, match=r"takes no file from this one\. Nothing was stopped\.") as refused:
        chosen(world, str(file))
    assert f"ff up --stack {world.stack.name}" in (refused.value.hint or "")


def test_the_job_of_this_release_takes_it(file: Path) -> None:
    names = [item["name"] for item in pod(recorded("production"), jobs.RESTORE)["containers"]]
    assert chosen(deployed(containers=names), str(file)) == Chosen(str(file), file)
