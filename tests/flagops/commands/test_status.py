"""`ff status`, on a stack that is well and on one that is not."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import Result

from flagops.commands.status.status import certificate_row, status
from flagops.kubernetes.objects import Ref
from flagops.stacks import target
from flagops.stacks.deployed import Instance
from flagops.stacks.target import StackTarget
from tests.certificates import tls_secret
from tests.fixtures_cluster import eventually
from tests.platform import Platform
from tests.recording import recorded

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]


def rows(instance: Instance) -> dict[tuple[str, str], Any]:
    return {(row.kind, row.name): row for row in status(instance).rows}


def test_a_healthy_stack_is_shown_whole_and_ends_with_0(instance: Instance, run: Run) -> None:
    shown = run("status")
    assert shown.exit_code == 0, shown.stdout + shown.stderr
    assert "!!" not in shown.stdout
    for kind, name in (
        ("Deployment", "flagsmith"),
        ("Deployment", "flagsmith-redis"),
        ("StatefulSet", "flagsmith-postgres"),
        ("PodDisruptionBudget", "flagsmith"),
        ("PersistentVolumeClaim", "flagsmith-postgres-data"),
    ):
        assert (kind, name) in rows(instance)
    assert sum(kind == "Pod (api)" for kind, _ in rows(instance)) == 3
    jobs = recorded("local").all("Job")
    assert sum(kind == "Job" for kind, _ in rows(instance)) == len(jobs) >= 6


@pytest.mark.usefixtures("instance")
def test_json_is_one_document_with_the_same_rows(run: Run) -> None:
    document = json.loads(run("status", "--json").stdout)
    assert document["is_fine"] is True
    assert document["namespace"] == "feature-flags"
    assert {"kind": "Deployment", "name": "flagsmith", "state": "3/3 ready", "is_fine": True} in document["rows"]


@pytest.mark.usefixtures("crashing_redis")
def test_a_pod_that_cannot_start_is_trouble_by_its_reason(instance: Instance, run: Run) -> None:
    def redis_crashes() -> bool:
        return any("CrashLoopBackOff" in row.state for row in status(instance).rows)

    eventually(redis_crashes)
    shown = run("status")
    assert shown.exit_code == 1
    assert "CrashLoopBackOff" in shown.stdout
    assert "ff doctor --stack local" in shown.stderr


@pytest.mark.parametrize(("days", "is_fine"), [(60, True), (5, False), (-1, False)])
def test_the_certificate_s_days_are_counted(days: int, *, is_fine: bool) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    secret = tls_secret("flags.example.com", now + timedelta(days=days, hours=1))
    row = certificate_row("flagsmith-tls", secret, now)
    assert row.state == f"valid for {days} days"
    assert row.is_fine is is_fine
    assert certificate_row("flagsmith-tls", None, now).state == "not issued yet"


def test_a_deleted_deployment_is_trouble_until_it_is_deployed_again(
    instance: Instance, deployed: Platform, run: Run
) -> None:
    instance.client.delete(Ref("apps/v1", "Deployment", instance.namespace, "flagsmith-task-processor"))
    eventually(lambda: instance.get("apps/v1", "Deployment", "flagsmith-task-processor") is None)
    shown = run("status")
    assert shown.exit_code == 1
    assert "missing: the last deployment made it" in shown.stdout
    assert run("up", "--stack", "local", "--engine", "direct").exit_code == 0
    assert not deployed.engine().preview().has_changes
    deployed.left()
    assert run("status").exit_code == 0


def test_another_cluster_than_the_one_that_the_stack_names_is_not_deployed_to(
    place: StackTarget, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {**place.stack.config, "feature-flags:clusterUid": "another"}
    monkeypatch.setattr(target, "find", lambda _: replace(place, stack=replace(place.stack, config=config)))
    shown = run("up", "--stack", "local", "--engine", "direct")
    assert shown.exit_code == 1
    assert "is another one" in shown.stderr
