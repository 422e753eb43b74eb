"""What the program makes of a stack is made once for all tests, and each has a copy that is its own."""

from collections.abc import Mapping

import pytest

from tests import recording
from tests.recording import Recording, record, run

SETTINGS = {"replicas": 3, "size": "medium"}


def test_the_same_is_run_once_and_another_is_run_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def noted(stack: str, overrides: Mapping[str, object] | None, *others: object) -> Recording:
        asked.append((stack, overrides, *others))
        return Recording(ready.program, {})

    ready = record("local")
    monkeypatch.setattr(recording, "run", noted)
    for _ in range(2):
        record("local", {"host": "twice.example.com"})
        record("local", {"host": "twice.example.com"}, ("publicUrl",))
        record("local", {"host": "twice.example.com"}, generated={"a": "b"})
    assert len(asked) == 3


def test_what_one_test_does_to_its_copy_no_other_sees() -> None:
    record("local", SETTINGS).one("Deployment", "flagsmith")["spec"].clear()
    assert record("local", SETTINGS).one("Deployment", "flagsmith")["spec"]["replicas"] == 3


def test_a_copy_is_what_a_run_of_its_own_makes() -> None:
    kept = record("local", SETTINGS, generated={})
    generated = kept.program.generated
    again = run("local", SETTINGS, generated=generated)
    assert (again.program, again.registrations) == (kept.program, kept.registrations)
