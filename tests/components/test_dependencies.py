"""Stating each dependency once changes no order."""

import pytest

from components.dependencies import Dependencies
from tests.components.registering import WHOLE
from tests.recording import Recording, record


def order(recording: Recording) -> dict[str, set[str]]:
    """What each object waits for, directly or not; Jobs by what they are for, as their names have digests."""
    return {str(item.ref): recording.needed_by(item) for item in recording.program.objects}


@pytest.mark.parametrize("name", WHOLE)
def test_every_object_waits_for_the_same_objects_as_with_all_dependencies_stated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack, overrides = WHOLE[name]
    reduced = record(stack, overrides)
    monkeypatch.setattr(Dependencies, "_reduce", lambda *_: None)
    whole = record(stack, overrides, generated=reduced.program.generated)
    assert order(reduced) == order(whole)
    edges = [sum(len(item.needs) for item in run.program.objects) for run in (reduced, whole)]
    assert edges[0] < edges[1]
