"""The stack `local` from a file of the test's own, with a database and a Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flagops.commands.secrets import record
from flagops.stacks import target
from flagops.stacks.target import StackTarget
from tests.containers import NAMESPACE, Containers
from tests.flagops.commands.own_file import copied
from tests.platform import Platform


@pytest.fixture
def home(deployed: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The stack's file, in a directory of its own; nothing is noted of rotations."""
    copied(deployed, tmp_path, monkeypatch)
    yield tmp_path
    deployed.http.delete(f"/api/v1/namespaces/{NAMESPACE}/configmaps/{record.NAME}")


@pytest.fixture
def place(home: Path) -> StackTarget:
    assert home
    return target.find("local")


@pytest.fixture
def serving(containers: Containers) -> Iterator[Containers]:
    """What the API's pods ask."""
    containers.alter()
    containers.postgres.start()
    containers.redis.start()
    yield containers
    containers.redis.stop()
