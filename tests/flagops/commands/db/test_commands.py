"""`ff db backup|backups|restore|drill`: what they start, stop, note and say. The Jobs' logs are files."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.db.backups.drill import drill
from flagops.commands.db.backups.jobs import template
from flagops.commands.doctor.backups import backups as examine
from flagops.commands.doctor.model import Examination
from flagops.commands.status.status import status
from flagops.kubernetes.objects import Ref
from flagops.pods.last_success import last_success
from flagops.stacks import target
from flagops.stacks.deployed import Instance
from flagops.stacks.target import StackTarget
from tests.containers import NAMESPACE, Containers
from tests.fixtures_cluster import eventually
from tests.flagops.commands.conftest import FAIL, cache, instance, place
from tests.platform import Platform

__all__ = ["cache", "instance", "place"]

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
NAME = "flagsmith-20260102T030405Z"
STORED = {
    "name": NAME,
    "file": f"{NAME}.dump",
    "label": "",
    "started": "2026-01-02T03:04:05Z",
    "finished": "2026-01-02T03:04:06Z",
    "server": "17.6 (Debian)",
    "release": "2.265.0",
    "bytes": 3 * 1024 * 1024,
    "sha256": "ab" * 32,
    "stack": "flags.localhost",
}


@pytest.fixture
def logs(containers: Containers) -> Containers:
    """What the containers of the backups' Jobs say."""
    containers.write_log("pg-dump", f"Dumped {NAME}.dump: 3145728 bytes.")
    containers.write_log("store", json.dumps({"stored": STORED, "removed": []}))
    containers.write_log("list", json.dumps({"backups": [STORED]}))
    containers.write_log("download", f"Fetched {NAME}.dump: 3145728 bytes, checksum as when it was made.")
    containers.write_log("restore", json.dumps({"restored": NAME, "rows": {"features": 3, "states": 9}}))
    drilled = {"drilled": NAME, "started": STORED["started"], "seconds": 4, "rows": {"features": 3}, "migrations": 2}
    containers.write_log("drill", json.dumps({**drilled, "pending": ["features.0003"], "unknown": []}))
    containers.write_log("migrate", "No migrations to apply.")
    return containers


@pytest.fixture
def failing(instance: Instance) -> Iterator[Callable[[str], None]]:
    """Let the Jobs of a template fail."""
    changed: list[Ref] = []

    def annotate(ref: Ref, value: str | None) -> None:
        pod = {"template": {"metadata": {"annotations": {FAIL: value}}}}
        instance.client.merge(ref, {"spec": {"jobTemplate": {"spec": pod}}})

    def fail(name: str) -> None:
        changed.append(Ref("batch/v1", "CronJob", NAMESPACE, name))
        annotate(changed[-1], "true")

    yield fail
    for ref in changed:
        annotate(ref, None)


def jobs(instance: Instance, start: str) -> list[dict[str, Any]]:
    return [job for job in instance.items("batch/v1", "Job") if job["metadata"]["name"].startswith(start)]


@pytest.mark.usefixtures("logs")
def test_a_backup_by_hand_is_noted_where_status_finds_it(instance: Instance, run: Run) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    shown = run("db", "backup")
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout.strip() == f"{NAME}: 3145728 bytes, SHA-256 {STORED['sha256']}"
    assert f"Dumped {NAME}.dump" in shown.stderr
    cron_job = template(instance)
    assert cron_job is not None
    moment = last_success(cron_job)
    assert moment is not None
    assert moment >= before.replace(microsecond=0)
    (row,) = [row for row in status(instance).rows if (row.kind, row.name) == ("CronJob", "flagsmith-backup")]
    assert row.state == f"by hand, last success {moment:%Y-%m-%d %H:%M} UTC"
    assert jobs(instance, "flagsmith-backup-") == [], "its Job is removed"


def test_a_backup_that_fails_says_why_and_keeps_its_job(
    instance: Instance, logs: Containers, failing: Callable[[str], None], deployed: Platform, run: Run
) -> None:
    logs.write_log("store", "The backups' store cannot be used: No space left on device")
    failing("flagsmith-backup")
    shown = run("db", "backup")
    assert shown.exit_code == 1
    assert "The backups' store cannot be used: No space left on device" in shown.stderr
    (job,) = jobs(instance, "flagsmith-backup-")
    assert job["metadata"]["name"] in shown.stderr
    assert status(instance).is_fine, "the stack is none the worse for it"
    (owner,) = job["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("CronJob", "flagsmith-backup")
    instance.client.delete(Ref("batch/v1", "CronJob", NAMESPACE, "flagsmith-backup"))

    def the_job_goes_with_it() -> bool:
        return jobs(instance, "flagsmith-backup-") == []

    eventually(the_job_goes_with_it)
    deployed.up()


@pytest.mark.usefixtures("logs", "instance")
def test_the_backups_are_listed(run: Run) -> None:
    lines = run("db", "backups").stdout.splitlines()
    assert lines[1].split() == [NAME, "3.0", "MiB", "no", "2.265.0", "2026-01-02", "03:04", "17.6", "flags.localhost"]
    (found,) = json.loads(run("db", "backups", "--json").stdout)
    assert (found["name"], found["bytes"], found["is_encrypted"]) == (NAME, 3145728, False)


@pytest.mark.usefixtures("logs", "cache")
def test_a_restore_stops_the_writers_migrates_and_starts_them_again(
    instance: Instance, deployed: Platform, run: Run
) -> None:
    since = deployed.revision()
    shown = run("db", "restore", "latest", "--yes")
    assert shown.exit_code == 0, shown.stderr
    assert f"{NAME} is live: 12 rows restored. What was live before is the backup {NAME}." in shown.stdout
    wanted = [replicas for replicas, _ in deployed.scales(since)]
    assert 0 in wanted
    assert wanted[-1] == 3
    created = [
        item for kind, item in deployed.history(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", since) if kind == "ADDED"
    ]
    names = [item["metadata"]["name"].rpartition("-")[0] for item in created]
    assert names == [
        "flagsmith-backups",
        "flagsmith-backup",
        "flagsmith-roles-again",
        "flagsmith-restore",
        "flagsmith-migrate-again",
        "flagsmith-grants-again",
        "flagsmith-bootstrap-again",
    ]
    values = {
        item["name"]: item.get("value")
        for job in created
        for part in ("initContainers", "containers")
        for container in job["spec"]["template"]["spec"].get(part, [])
        for item in container["env"]
        if job["metadata"]["name"].startswith("flagsmith-restore-") or item["name"] == "BACKUP_LABEL"
    }
    assert (values["BACKUP_LABEL"], values["BACKUP"]) == ("before-restore", NAME)
    pods_while_restoring = [
        pod["metadata"]["labels"]["app.kubernetes.io/component"]
        for kind, pod in deployed.history(f"/api/v1/namespaces/{NAMESPACE}/pods", since)
        if kind == "DELETED"
    ]
    assert pods_while_restoring.count("api") == 3
    api = instance.get("apps/v1", "Deployment", "flagsmith") or {}
    assert "feature-flags/stopped-replicas" not in api["metadata"]["annotations"]
    assert deployed.available() == 3


def test_a_restore_that_fails_starts_flagsmith_again_and_names_the_way_back(
    instance: Instance, logs: Containers, failing: Callable[[str], None], deployed: Platform, run: Run
) -> None:
    logs.write_log("restore", "The backup cannot be decrypted: was it made with another passphrase?")
    failing("flagsmith-restore")
    shown = run("db", "restore", NAME, "--yes")
    assert shown.exit_code == 1
    assert "was it made with another passphrase?" in shown.stderr
    assert f"`ff db restore {NAME}` brings it back" in shown.stderr
    assert deployed.available() == 3
    for job in jobs(instance, "flagsmith-restore-"):
        instance.client.delete(Ref("batch/v1", "Job", NAMESPACE, job["metadata"]["name"]))


@pytest.mark.usefixtures("logs", "instance")
def test_nothing_is_stopped_without_a_confirmation_or_for_a_backup_that_is_not_there(
    deployed: Platform, run: Run, tmp_path: Path
) -> None:
    generations = deployed.generations()
    assert "there is no terminal" in run("db", "restore", "latest").stderr
    # It is looked for before anybody is asked.
    assert "There is no backup 'flagsmith-1999'" in run("db", "restore", "flagsmith-1999").stderr
    unknown = run("db", "restore", "flagsmith-1999", "--yes")
    assert f"There is no backup 'flagsmith-1999'; there are: {NAME}." in unknown.stderr
    text = tmp_path / "dump.sql"
    text.write_text("CREATE TABLE features", encoding="utf-8")
    assert "is not a dump in pg_dump's custom format" in run("db", "restore", str(text), "--yes").stderr
    assert "There is no file" in run("db", "restore", str(tmp_path / "missing.dump"), "--yes").stderr
    assert deployed.generations() == generations


@pytest.mark.usefixtures("logs")
def test_a_drill_tells_age_duration_and_migrations(instance: Instance, run: Run) -> None:
    found = drill(instance, now=datetime(2026, 1, 3, 3, 4, 5, tzinfo=UTC))
    assert (found.name, found.age_hours, found.seconds, found.pending) == (NAME, 24.0, 4, ["features.0003"])
    shown = run("db", "drill")
    assert f"{NAME} can be restored, in 4 s." in shown.stdout
    assert "2 migrations, 1 that a restore would apply." in shown.stdout


def test_a_stack_without_backups_says_how_to_have_them(
    deployed: Platform, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = deployed.cluster
    found = StackTarget(deployed.stack({"backup": {"enabled": False}}), cluster.context, cluster.kubeconfig)
    monkeypatch.setattr(target, "find", lambda _: found)
    shown = run("db", "backup")
    assert shown.exit_code == 1
    assert "Backups are switched off" in shown.stderr
    assert "Set backup.enabled to true" in shown.stderr


def test_the_doctor_finds_that_backups_are_not_made(deployed: Platform, instance: Instance) -> None:
    nightly = replace(instance, settings=deployed.stack({"backup": {"suspend": False}}).settings)
    cron_job = template(instance)
    assert cron_job is not None
    last = last_success(cron_job) or datetime.fromisoformat(cron_job["metadata"]["creationTimestamp"])
    assert list(examine(Examination(nightly), last + timedelta(hours=29))) == []
    (finding,) = examine(Examination(nightly), last + timedelta(hours=31))
    assert finding.name == "backup-too-old"
    assert finding.fix == "ff db backup --stack local"
    assert list(examine(Examination(instance), last + timedelta(hours=31))) == [], "by hand alone, as its settings say"
