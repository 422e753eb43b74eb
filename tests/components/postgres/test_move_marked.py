"""A copy that a move may give up is marked, and nothing else is."""

import pytest

from tests.components.postgres.test_move import IMPORT_STEPS, moving


@pytest.mark.parametrize("mode", ["embedded", "cloudnativepg"])
@pytest.mark.parametrize("step", [*IMPORT_STEPS, "switching", "kept", "released"])
def test_in_production_all_data_is_protected_but_a_copy_that_is_given_up_and_that_is_marked(
    mode: str, step: str
) -> None:
    """The policy pack asks for the protection of everything else, whatever its name."""
    found = moving(mode, step, protect=True)
    gives_up = step in (*IMPORT_STEPS, "released")
    beside = {
        "embedded": {("Cluster", "flagsmith-pg"), ("Secret", "flagsmith-pg-owner")},
        "cloudnativepg": {
            ("StatefulSet", "flagsmith-postgres"),
            ("PersistentVolumeClaim", "flagsmith-postgres-data"),
            ("Secret", "flagsmith-postgres"),
        },
    }[mode]
    marked, unprotected = set(), set()
    for item in found.registrations.values():
        metadata = item.inputs.get("metadata") or {}
        name = (item.inputs.get("kind"), metadata.get("name"))
        if "feature-flags/given-up-with" in (metadata.get("labels") or {}):
            marked.add(name)
        if name in beside and not item.protect:
            unprotected.add(name)
    assert marked == unprotected == (beside if gives_up else set())
