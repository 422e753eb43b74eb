"""`ff status` holds what is there against what the last deployment wrote down: nothing that is gone is well."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from components.deployment.presence import DeclaredObject
from tests.fake_cluster import NAMESPACE, FakeCluster
from tests.flagops.cli.machine import Machine

Run = Callable[..., Result]
DECLARED = (
    DeclaredObject("apps/v1", "Deployment", "flagsmith", 3),
    DeclaredObject("apps/v1", "StatefulSet", "flagsmith-postgres", 1),
    DeclaredObject("batch/v1", "CronJob", "flagsmith-backup"),
    DeclaredObject("v1", "Namespace", NAMESPACE),
    DeclaredObject("v1", "PersistentVolumeClaim", "flagsmith-postgres-data"),
    DeclaredObject("v1", "Secret", "flagsmith-django"),
)
SINCE = {"deletionTimestamp": "2026-01-01T00:00:00Z"}


@pytest.fixture
def here(machine: Machine, cluster: FakeCluster) -> FakeCluster:
    """The cluster with a stack that is well."""
    machine.kubeconfig(cluster)
    cluster.deployed(*DECLARED)
    cluster.add("v1", "Namespace", NAMESPACE)
    cluster.add("batch/v1", "CronJob", "flagsmith-backup", spec={"schedule": "0 3 * * *"})
    bound = {"phase": "Bound", "capacity": {"storage": "10Gi"}}
    cluster.add("v1", "PersistentVolumeClaim", "flagsmith-postgres-data", status=bound)
    return cluster


def status(run: Run) -> tuple[int, dict[tuple[str, str], Any]]:
    """How it ended, and the rows."""
    shown = run("status", "--stack", "staging", "--json")
    assert shown.stdout, shown.stderr
    return shown.exit_code, {(row["kind"], row["name"]): row for row in json.loads(shown.stdout)["rows"]}


def test_a_stack_that_is_all_there_is_well(here: FakeCluster, run: Run) -> None:
    code, rows = status(run)
    assert code == 0, rows
    assert rows["Deployed", "flagsmith-deployment"]["state"] == "6 of 6 objects, Flagsmith 2.265.0"
    assert here.path("v1", "Secret", "flagsmith-django") in here.asked


@pytest.mark.parametrize("gone", DECLARED, ids=str)
def test_any_declared_object_that_is_gone_is_trouble_by_its_name(
    here: FakeCluster, run: Run, gone: DeclaredObject
) -> None:
    here.remove(gone.api_version, gone.kind, gone.name)
    if gone.kind == "Namespace":
        shown = run("status", "--stack", "staging")
        assert shown.exit_code == 1
        assert "is not deployed" in shown.stderr
        return
    code, rows = status(run)
    assert code == 1
    assert rows[gone.kind, gone.name] == {
        "kind": gone.kind,
        "name": gone.name,
        "state": "missing: the last deployment made it",
        "is_fine": False,
    }
    assert rows["Deployed", "flagsmith-deployment"]["state"] == "5 of 6 objects, Flagsmith 2.265.0"


@pytest.mark.parametrize("leaving", DECLARED, ids=str)
def test_anything_that_is_being_deleted_is_trouble(here: FakeCluster, run: Run, leaving: DeclaredObject) -> None:
    here.objects[here.path(leaving.api_version, leaving.kind, leaving.name)]["metadata"] |= SINCE
    code, rows = status(run)
    assert code == 1
    row = rows[leaving.kind, leaving.name]
    assert row["state"] == "being deleted since 2026-01-01T00:00:00Z"
    assert not row["is_fine"]


def test_a_volume_claim_that_nobody_declared_and_that_goes_is_trouble_too(here: FakeCluster, run: Run) -> None:
    here.add("v1", "PersistentVolumeClaim", "old", metadata=SINCE, status={"phase": "Bound"})
    code, rows = status(run)
    assert code == 1
    assert not rows["PersistentVolumeClaim", "old"]["is_fine"]


def test_an_empty_namespace_is_trouble(machine: Machine, cluster: FakeCluster, run: Run) -> None:
    machine.kubeconfig(cluster)
    cluster.add("v1", "Namespace", NAMESPACE)
    code, rows = status(run)
    assert code == 1
    assert "no record" in rows["Deployed", "flagsmith-deployment"]["state"]


def test_a_workload_that_somebody_set_to_no_pods_is_trouble(here: FakeCluster, run: Run) -> None:
    none = {"replicas": 0, "readyReplicas": 0, "updatedReplicas": 0}
    here.add("apps/v1", "Deployment", "flagsmith", spec={"replicas": 0}, status=none)
    code, rows = status(run)
    assert code == 1
    assert rows["Deployment", "flagsmith"]["state"] == "set to 0 pods, which the deployment did not"


def test_what_the_settings_say_and_nobody_deployed_yet_is_no_trouble(
    here: FakeCluster, machine: Machine, run: Run
) -> None:
    machine.settings |= {"version": "2.264.0", "redis": {"mode": "none"}, "backup": {"enabled": False}}
    code, _ = status(run)
    assert code == 0
    assert here.asked
    assert json.loads(run("status", "--stack", "staging", "--json").stdout)["version"] == "2.265.0"


def test_what_may_not_be_looked_at_is_not_called_well(here: FakeCluster, run: Run) -> None:
    here.denied.add(here.path("v1", "Secret", ""))
    code, rows = status(run)
    assert code == 1
    assert rows["Secret", "flagsmith-django"]["state"] == "not looked at: you may not read it"
