"""A database that a newer minor version has marked is not given to a release that does not know the marks."""

from typing import Any

import pytest

from flagops.commands.db import major, marks
from flagops.errors import RefusedError
from flagops.pods.exec import Completed
from tests.flagops.commands.upgrade.test_cluster import operated, well


@pytest.mark.parametrize("version", ["18.6-system-trixie", "18.4-system-trixie", "18.0"])
def test_a_release_that_does_not_know_the_marks_is_refused(version: str) -> None:
    with pytest.raises(RefusedError) as refused:
        marks.require_known(version, "1341")
    assert "marked 1341 columns" in refused.value.message
    assert version in refused.value.message
    assert "newer than 18.6" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("version", "marked"),
    [("18.6-system-trixie", "0"), ("18.6-system-trixie", ""), ("18.7-system-trixie", "9"), ("18-system-trixie", "9")],
)
def test_all_others_are_let_through(version: str, marked: str) -> None:
    marks.require_known(version, marked)


def test_it_is_asked_before_anything_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def asked(_: Any, statement: str, __: float) -> str:
        assert marks.MARKED in statement
        return "plpgsql\n1341"

    monkeypatch.setattr(major, "run", lambda *_, **__: Completed(0, "Avail\n9000000000\n", ""))
    monkeypatch.setattr(major, "asked", asked)
    monkeypatch.setattr(major, "backup", lambda *_, **__: done.append("backup"))
    with pytest.raises(RefusedError, match="marked 1341 columns"):
        major.upgrade(operated(well()), "18.4-system-trixie", lambda: done.append("deployed"), done.append)
    assert done == []
