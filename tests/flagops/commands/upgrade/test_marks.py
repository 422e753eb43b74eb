"""A database that a newer minor version has marked is not given to a release that does not know the marks."""

from typing import Any

import pytest

from flagops.commands.db import major, marks
from flagops.errors import RefusedError
from flagops.pods.exec import Completed
from tests.flagops.commands.upgrade.test_cluster import operated, well


@pytest.mark.parametrize("version", ["18.6-system-trixie", "18.0", "17.11-bookworm", "19.0-system-trixie", "16.20"])
def test_a_release_that_does_not_know_the_marks_is_refused(version: str) -> None:
    with pytest.raises(RefusedError) as refused:
        marks.require_known(version, 1341, setting="postgres.version", fails="that")
    assert "marked 1341 columns" in refused.value.message
    assert version in refused.value.message
    assert "postgres.version" in str(refused.value.hint)
    assert "newer than 17.11 and 18.6 and 19.0" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("version", "marked"),
    [
        *(("18.6-system-trixie", 0), ("17.12-bookworm", 9), ("18.7-system-trixie", 9), ("19.1", 9), ("20.0", 9)),
        # Who names no minor version is told by what fails.
        ("18-system-trixie", 9),
    ],
)
def test_all_others_are_let_through(version: str, marked: int) -> None:
    marks.require_known(version, marked, setting="postgres.version", fails="that")


@pytest.mark.parametrize("extensions", ["plpgsql", "", "plpgsql, postgis"])
def test_it_is_asked_before_anything_is_changed(monkeypatch: pytest.MonkeyPatch, extensions: str) -> None:
    done: list[str] = []

    def asked(_: Any, statement: str, __: float) -> str:
        assert statement.startswith(marks.MARKED)
        return f"1341\n{extensions}".strip()

    monkeypatch.setattr(major, "run", lambda *_, **__: Completed(0, "Avail\n9000000000\n", ""))
    monkeypatch.setattr(major, "asked", asked)
    monkeypatch.setattr(major, "backup", lambda *_, **__: done.append("backup"))
    with pytest.raises(RefusedError, match="marked 1341 columns"):
        major.upgrade(operated(well()), "18.4-system-trixie", lambda: done.append("deployed"), done.append)
    assert done == []
