"""What the backups' Jobs take of a node's disk, which is next to nothing, and the volume of a drill."""

from typing import Any

import pytest

from tests.components.backup.test_backup import NAMES, S3, containers, pod
from tests.recording import record, recorded


@pytest.mark.parametrize("backup", [{}, {"s3": S3}], ids=["volume", "bucket"])
def test_no_dump_and_no_database_is_on_a_node_s_own_disk(backup: dict[str, Any]) -> None:
    recording = record("production", {"backup": backup})
    for name in NAMES:
        spec = pod(recording, name)
        directories = {item["name"]: item["emptyDir"]["sizeLimit"] for item in spec["volumes"] if "emptyDir" in item}
        assert directories == {"work": "64Mi", "tmp": "256Mi"}
        resources = [item["resources"] for item in containers(recording, name).values()]
        assert {item["requests"]["ephemeral-storage"] for item in resources} == {"128Mi"}
        assert {item["limits"]["ephemeral-storage"] for item in resources} == {"832Mi"}


def test_what_hands_a_backup_on_runs_beside_what_takes_it() -> None:
    beside = {name: {item["name"] for item in pod(recorded("production"), name)["containers"]} for name in NAMES}
    assert beside == {
        "flagsmith-backup": {"pg-dump", "store"},
        "flagsmith-backups": {"list"},
        "flagsmith-restore": {"download", "extract", "restore"},
        "flagsmith-drill": {"download", "extract", "drill"},
    }
    (live,) = pod(recorded("production"), "flagsmith-drill")["initContainers"]
    assert live["name"] == "live"


@pytest.mark.parametrize(
    ("settings", "size", "storage_class"),
    [
        ({}, "100Gi", None),
        ({"postgres": {"storage": {"size": "50Gi", "className": "fast"}}}, "50Gi", "fast"),
        ({"backup": {"storage": {"size": "300Gi", "className": "cheap"}}}, "100Gi", "cheap"),
        ({"backup": {"scratch": {"size": "10Gi", "className": "local"}}}, "10Gi", "local"),
        ({"backup": {"s3": S3}, "postgres": {"mode": "external", "existingSecret": "rds"}}, "20Gi", None),
        (
            {"backup": {"storage": {"size": "90Gi"}}, "postgres": {"mode": "external", "existingSecret": "rds"}},
            "90Gi",
            None,
        ),
    ],
)
def test_a_drill_has_a_volume_for_the_database_that_goes_with_its_pod(
    settings: dict[str, Any], size: str, storage_class: str | None
) -> None:
    recording = record("production", settings)
    (volume,) = [item for item in pod(recording, "flagsmith-drill")["volumes"] if "ephemeral" in item]
    claim = volume["ephemeral"]["volumeClaimTemplate"]
    assert claim["spec"]["resources"]["requests"]["storage"] == size
    assert claim["spec"].get("storageClassName") == storage_class
    assert claim["metadata"]["labels"]["app.kubernetes.io/component"] == "backup"
    with_it = [
        (name, key)
        for name in NAMES
        for key, item in containers(recording, name).items()
        if any(mount["mountPath"] == "/scratch" for mount in item["volumeMounts"])
    ]
    assert with_it == [("flagsmith-drill", "drill")]
