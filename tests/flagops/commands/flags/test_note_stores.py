"""Where notes of an apply are kept, none are written over that another run wrote meanwhile."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flagops.commands.flags.history.left import Left, NotedRun
from flagops.commands.flags.history.notes import ClusterStore, FileStore
from flagops.errors import ConflictError
from flagops.kubernetes.refusals import ApiError
from flagops.stacks.deployed import Instance


def test_a_file_that_another_run_wrote_meanwhile_is_not_written_over(tmp_path: Path) -> None:
    notes = tmp_path / "left.json"
    FileStore(notes).save(Left(1, {"production": "w"}))
    one, other = FileStore(notes), FileStore(notes)
    mine, theirs = one.load(), other.load()
    assert mine
    assert theirs
    other.save(Left(1, {"production": "x"}))
    with pytest.raises(ConflictError, match="Another run wrote"):
        one.save(mine)


class ConfigMap:
    """One of a cluster, as the API server keeps it."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] | None = None

    def get(self, *_: object) -> dict[str, Any] | None:
        return self.kept

    def create(self, manifest: dict[str, Any]) -> dict[str, Any]:
        if self.kept is not None:
            raise ApiError(409, "AlreadyExists", "it exists", "Cannot create it")
        self.kept = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": "1"}}
        return self.kept

    def replace(self, manifest: dict[str, Any]) -> dict[str, Any]:
        assert self.kept
        version = self.kept["metadata"]["resourceVersion"]
        if manifest["metadata"]["resourceVersion"] != version:
            raise ApiError(409, "Conflict", "the object has been modified", "Cannot write it")
        self.kept = {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": f"{int(version) + 1}"}}
        return self.kept


def test_a_config_map_that_another_run_wrote_meanwhile_is_not_written_over() -> None:
    there = ConfigMap()
    instance = cast("Instance", SimpleNamespace(get=there.get, client=there, namespace="flagsmith"))
    one, other = ClusterStore(instance), ClusterStore(instance)
    assert one.load() is None
    assert other.load() is None
    left = Left(1, {"production": "x"}, run=NotedRun("a", None, datetime(2027, 1, 1, tzinfo=UTC), ("user", "a@b.c")))
    one.save(left)
    with pytest.raises(ConflictError, match="Another run wrote the notes flagsmith-flags-left"):
        other.save(Left(1, {"production": "y"}))
    assert ClusterStore(instance).load() == left
    other.load()
    other.save(left)
    with pytest.raises(ConflictError):
        one.save(Left(1, {"production": "z"}))
    one.load()
    there.kept = {**cast("dict[str, Any]", there.kept), "metadata": {**one._there["metadata"], "resourceVersion": "9"}}  # type: ignore[index]  # noqa: SLF001
    one.save(left)  # sent twice, the second time refused: it is what was to be kept
