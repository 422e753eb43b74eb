"""Fields whose changes the program ignores, by the rule of Pulumi's own provider."""

from typing import Any

import pytest

from flagops.engines.direct.ignored import without_ignored

PATH = ("spec.replicas",)
OURS = {"manager": "ff-direct", "fieldsV1": {"f:spec": {"f:replicas": {}, "f:paused": {}}}}
THEIRS = {"manager": "autoscaler", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
STATUS = {"manager": "controller", "fieldsV1": {"f:status": {"f:replicas": {}}}}


def live(*managers: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "a", "managedFields": list(managers)}, "spec": {"replicas": 4}}


@pytest.mark.parametrize("said", [{}, {"replicas": 9}], ids=["nothing", "a number"])
@pytest.mark.parametrize(
    ("managers", "applied"),
    [
        ((OURS, STATUS), {"replicas": 4}),
        ((OURS, THEIRS), {"replicas": 4}),
        ((THEIRS,), {}),
        ((), {"replicas": 4}),
    ],
    ids=["ours", "shared", "theirs", "nobody's"],
)
def test_a_field_is_left_out_only_when_it_is_somebody_elses(
    managers: tuple[dict[str, Any], ...], said: dict[str, Any], applied: dict[str, Any]
) -> None:
    manifest = {"spec": {**said, "paused": False}}

    assert without_ignored(manifest, PATH, live(*managers)) == {"spec": {**applied, "paused": False}}
    assert manifest == {"spec": {**said, "paused": False}}


def test_a_field_that_the_live_object_lacks_is_what_the_program_says() -> None:
    assert without_ignored({"spec": {"a": 1}}, ("spec.a",), live()) == {"spec": {"a": 1}}


def test_nothing_ignored_changes_nothing() -> None:
    assert without_ignored({"spec": {"replicas": 9}}, (), live(THEIRS)) == {"spec": {"replicas": 9}}
