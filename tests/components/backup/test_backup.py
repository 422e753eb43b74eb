"""The backups' CronJobs: where they keep what they make, what they are told, and when they run; and the toolbox."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.components.settings.support import refusal
from tests.recording import Recording, record, recorded
from tests.servers import let_through

S3 = {"bucket": "backups", "endpoint": "https://minio.example.com:9000", "pathStyle": True, "existingSecret": "keys"}
NAMES = ("flagsmith-backup", "flagsmith-backups", "flagsmith-restore", "flagsmith-drill")


def pod(recording: Recording, name: str) -> dict[str, Any]:
    found: dict[str, Any] = recording.one("CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


def containers(recording: Recording, name: str) -> dict[str, dict[str, Any]]:
    spec = pod(recording, name)
    return {item["name"]: item for item in [*spec.get("initContainers", []), *spec["containers"]]}


def env(container: dict[str, Any]) -> dict[str, Any]:
    return {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}


def test_only_the_backup_runs_by_itself_and_it_tries_again_at_night() -> None:
    recording = recorded("production")
    specs = {name: recording.one("CronJob", name)["spec"] for name in NAMES}
    assert [name for name, spec in specs.items() if not spec["suspend"]] == ["flagsmith-backup"]
    backup = specs["flagsmith-backup"]
    assert (backup["schedule"], backup["timeZone"], backup["concurrencyPolicy"]) == ("15 2 * * *", "Etc/UTC", "Forbid")
    assert backup["jobTemplate"]["spec"]["backoffLimit"] == 2
    assert specs["flagsmith-restore"]["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert recorded("local").one("CronJob", "flagsmith-backup")["spec"]["suspend"] is True
    weekly = record("production", {"backup": {"schedule": "0 3 * * 0"}})
    assert weekly.one("CronJob", "flagsmith-backup")["spec"]["schedule"] == "0 3 * * 0"


def test_a_volume_keeps_them_by_default_as_large_as_the_database_s() -> None:
    recording = record("production", {"postgres": {"storage": {"size": "50Gi"}}})
    claim = recording.one("PersistentVolumeClaim", "flagsmith-backup-data")
    assert claim["spec"]["resources"]["requests"]["storage"] == "50Gi"
    store = containers(recording, "flagsmith-backup")["store"]
    assert env(store)["STORE"] == "/backups"
    assert {"name": "backups", "mountPath": "/backups"} in store["volumeMounts"]
    assert "backups" not in {
        mount["name"] for mount in containers(recording, "flagsmith-backup")["pg-dump"]["volumeMounts"]
    }


def test_the_volume_has_a_first_pod_that_tries_to_write_to_it() -> None:
    recording = recorded("production")
    job = recording.object("Job", "flagsmith-volume-")
    assert "PersistentVolumeClaim/flagsmith-backup-data" in recording.needed_by(job)
    template = job.manifest["spec"]["template"]["spec"]
    assert template["volumes"] == [{"name": "backups", "persistentVolumeClaim": {"claimName": "flagsmith-backup-data"}}]
    (container,) = template["containers"]
    assert container["volumeMounts"] == [{"name": "backups", "mountPath": "/backups"}]
    assert "/backups" in container["command"][-1]
    suspended = record("production", {"backup": {"suspend": True}})
    assert suspended.object("Job", "flagsmith-volume-").ref == job.ref


@pytest.mark.parametrize(("mode", "ends_well"), [(0o700, True), (0o500, False)])
def test_the_trial_fails_where_its_user_cannot_write(tmp_path: Path, mode: int, ends_well: bool) -> None:
    (container,) = (
        recorded("production").object("Job", "flagsmith-volume-").manifest["spec"]["template"]["spec"]["containers"]
    )
    script = container["command"][-1].replace("/backups", str(tmp_path))
    tmp_path.chmod(mode)
    # Root may write everywhere.
    unprivileged = ["setpriv", "--reuid=65534", "--clear-groups", "--"] if os.geteuid() == 0 else []
    if unprivileged:
        os.chown(tmp_path, 65534, 65534)
        let_through(tmp_path)
    done = subprocess.run([*unprivileged, "sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is ends_well
    assert ("cannot write to" in done.stderr) is not ends_well


def test_pods_with_the_volume_go_where_the_one_is_that_has_it_and_others_anywhere() -> None:
    recording = recorded("production")
    job = recording.object("Job", "flagsmith-volume-").manifest["spec"]["template"]
    for spec in (job["spec"], *(pod(recording, name) for name in NAMES)):
        (term,) = spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert term["topologyKey"] == "kubernetes.io/hostname"
        # A pod that did not fit its own affinity could never be the first.
        assert term["labelSelector"]["matchLabels"].items() <= job["metadata"]["labels"].items()
    assert "affinity" not in pod(record("production", {"backup": {"s3": S3}}), "flagsmith-backup")


def test_a_bucket_takes_the_place_of_the_volume() -> None:
    recording = record("production", {"backup": {"s3": S3, "keep": 30}})
    assert [claim["metadata"]["name"] for claim in recording.all("PersistentVolumeClaim")] == [
        "flagsmith-postgres-data"
    ]
    assert not [job for job in recording.all("Job") if job["metadata"]["name"].startswith("flagsmith-volume-")]
    for name, container in (
        ("flagsmith-backup", "store"),
        ("flagsmith-drill", "download"),
        ("flagsmith-backups", "list"),
    ):
        found = env(containers(recording, name)[container])
        assert found["STORE"] == "s3://backups/flagsmith"
        assert found["S3_ENDPOINT"] == "https://minio.example.com:9000"
        assert (found["S3_PATH_STYLE"], found["KEEP"]) == ("true", "30")
        assert found["AWS_SECRET_ACCESS_KEY"] == {"secretKeyRef": {"name": "keys", "key": "AWS_SECRET_ACCESS_KEY"}}
        assert all(volume["name"] != "backups" for volume in pod(recording, name)["volumes"])


def test_the_passphrase_goes_to_what_encrypts_and_decrypts_alone() -> None:
    recording = record("production", {"backup": {"encryption": {"name": "phrase"}}})
    with_it = {
        (name, container)
        for name in NAMES
        for container, spec in containers(recording, name).items()
        if "BACKUP_PASSPHRASE" in env(spec)
    }
    assert with_it == {
        ("flagsmith-backup", "pg-dump"),
        ("flagsmith-restore", "extract"),
        ("flagsmith-drill", "extract"),
    }


def test_what_runs_a_backup_s_own_code_has_no_secret_but_that_of_the_database_it_goes_into() -> None:
    settings = {"backup": {"encryption": {"name": "phrase"}, "s3": S3}}
    recording = record("production", settings)
    drill = containers(recording, "flagsmith-drill")["drill"]
    restore = containers(recording, "flagsmith-restore")["restore"]
    secrets = {
        container["name"]: {entry["name"] for entry in container["env"] if "valueFrom" in entry}
        for container in (drill, restore)
    }
    assert secrets == {"drill": set(), "restore": {"DATABASE_URL"}}
    assert {mount["name"] for mount in drill["volumeMounts"]} == {"work", "tmp", "scratch"}
    with_database = {
        (name, container)
        for name in NAMES
        for container, spec in containers(recording, name).items()
        if "DATABASE_URL" in env(spec)
    }
    assert with_database == {
        ("flagsmith-backup", "pg-dump"),
        ("flagsmith-restore", "restore"),
        ("flagsmith-drill", "live"),
    }


def test_an_external_database_is_dumped_with_its_certificate_checked() -> None:
    external = {"mode": "external", "existingSecret": "rds", "sslmode": "verify-full", "caSecret": {"name": "ca"}}
    recording = record("production", {"postgres": external})
    dump = containers(recording, "flagsmith-backup")["pg-dump"]
    assert env(dump)["DATABASE_URL"] == {"secretKeyRef": {"name": "rds", "key": "DATABASE_URL"}}
    assert env(dump)["PGSSLROOTCERT"] == "/etc/flagsmith/postgres-ca/ca.crt"
    assert {"name": "postgres-ca", "mountPath": "/etc/flagsmith/postgres-ca", "readOnly": True} in dump["volumeMounts"]


def test_every_container_is_restricted() -> None:
    for name in NAMES:
        for container in containers(recorded("production"), name).values():
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False
            assert context["readOnlyRootFilesystem"] is True
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"] == "512Mi"


def test_switched_off_there_is_nothing_of_it() -> None:
    recording = record("production", {"backup": {"enabled": False}})
    assert {item["metadata"]["name"] for item in recording.all("CronJob")}.isdisjoint(NAMES)
    assert len(recording.all("PersistentVolumeClaim")) == 1


@pytest.mark.parametrize(
    ("backup", "message"),
    [
        ({"schedule": "at night"}, "must have 5 fields; it has 2. It is a cron schedule of five fields, in UTC"),
        ({"s3": {**S3, "bucket": "s3://backups"}}, "must be a bucket's name, such as flagsmith-backups"),
        ({"s3": {**S3, "endpoint": "minio:9000"}}, "must be the address of the service"),
        ({"s3": S3, "storage": {"size": "1Gi"}}, "is not used with backup.s3: remove one of the two"),
        ({"keep": 0}, "must be at least 1"),
    ],
)
def test_wrong_settings_are_refused(backup: dict[str, object], message: str) -> None:
    (line,) = refusal(backup=backup)
    assert message in line
    assert line.startswith("feature-flags:backup.")


def test_an_external_database_has_a_toolbox_that_never_runs_by_itself() -> None:
    external = {"mode": "external", "existingSecret": "rds", "maxConnections": 500}
    recording = record("production", {"postgres": external})
    assert recording.one("CronJob", "flagsmith-toolbox")["spec"]["suspend"] is True
    toolbox = containers(recording, "flagsmith-toolbox")["toolbox"]
    assert toolbox["command"][0] == "sleep"
    assert env(toolbox)["PGSSLMODE"] == "require"
    assert all(item["metadata"]["name"] != "flagsmith-toolbox" for item in recorded("production").all("CronJob"))
