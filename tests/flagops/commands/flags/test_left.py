"""Notes of what an apply left that are damaged, or something else, end no apply in a traceback."""

import base64
import gzip
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flagops.commands.flags.history import left
from flagops.commands.flags.history import notes as kept_notes
from flagops.errors import BadInputError
from flagops.stacks.deployed import Instance

NOTES: dict[str, Any] = left.Left(1, {"dev": "a"}, {("flag", "one", None): {("owner",): "b"}}, {}).as_json()
OTHERS = [
    [],
    "text",
    {**NOTES, "environments": []},
    {**NOTES, "objects": {"a": 1}},
    {**NOTES, "objects": [[1]]},
    {**NOTES, "project": None},
    {key: value for key, value in NOTES.items() if key != "pending"},
]


def in_cluster(packed: bytes) -> left.Left | None:
    kept = {"binaryData": {kept_notes.KEY: base64.b64encode(packed).decode()}}
    return kept_notes.ClusterStore(cast("Instance", SimpleNamespace(get=lambda *_: kept))).load()


def test_notes_are_read_as_they_were_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text(json.dumps(NOTES), encoding="utf-8")
    found = kept_notes.FileStore(path).load()
    assert found is not None
    assert found.as_json() == NOTES
    assert in_cluster(gzip.compress(json.dumps(NOTES).encode())) == found


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: json.dumps(other)[:60])
def test_something_else_is_no_notes(other: Any, tmp_path: Path) -> None:
    text = json.dumps(other)
    assert in_cluster(gzip.compress(text.encode())) is None
    path = tmp_path / "notes.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInputError, match="is not a file of `ff flags apply --notes`"):
        kept_notes.FileStore(path).load()


def test_what_is_damaged_is_no_notes() -> None:
    whole = gzip.compress(json.dumps(NOTES).encode())
    middle = len(whole) // 2
    for packed in (b"", b"text", whole[:middle], whole[:12] + b"\xff" * 20 + whole[32:]):
        assert in_cluster(packed) is None


def test_a_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="cannot be read: Is a directory"):
        kept_notes.FileStore(tmp_path).load()
