"""How dense the graph of dependencies is: Pulumi walks each path of it when a deletion fails."""

from functools import cache

import pytest

from tests.components.registering import WHOLE
from tests.recording import Recording, record

MOST_PATHS = 10_000_000
"""A path takes Pulumi's CLI 3.259.0 about a microsecond; with 500 million of them a removal did not end."""


def paths(recording: Recording) -> int:
    """The number of paths that begin at a resource, over all resources."""
    found = recording.registrations

    @cache
    def below(urn: str) -> int:
        item = found[urn]
        needs = {*item.needs, item.provider.rpartition("::")[0]}
        return 1 + sum(below(need) for need in needs if need in found)

    return sum(below(urn) for urn in found)


@pytest.mark.parametrize("stack", WHOLE)
def test_a_removal_that_is_refused_ends(stack: str) -> None:
    name, overrides = WHOLE[stack]
    assert paths(record(name, overrides)) < MOST_PATHS


@pytest.mark.parametrize("stack", WHOLE)
def test_what_comes_after_a_component_comes_after_all_of_it(stack: str) -> None:
    name, overrides = WHOLE[stack]
    recording = record(name, overrides)
    by_component = {item.ref: item.component for item in recording.program.objects}
    for item in recording.program.objects:
        needed = recording.needed_by(item)
        components = {by_component[ref] for ref in by_component if f"{ref.kind}/{ref.name}" in needed}
        for component in components - {item.component}:
            if component in {by_component[need] for need in item.needs}:
                of = {f"{ref.kind}/{ref.name}" for ref, place in by_component.items() if place == component}
                assert of <= needed, (item.ref, component)
