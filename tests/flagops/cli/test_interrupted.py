"""What a killed run of the Pulumi CLI left is taken over when it is certainly the stack's, and else told with lines."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from components.deployment.kept_data import HOLDS_DATA
from components.kit import names
from flagops.engines.own_cluster import StackCluster
from flagops.engines.pulumi_cli.interrupted import existing
from flagops.engines.pulumi_cli.state import SIGNATURE_KEY
from tests.fake_cluster import NAMESPACE, FakeCluster
from tests.flagops.cli import fakes
from tests.flagops.cli.machine import OBJECTS, Machine, namespace

Run = Callable[..., Result]
VALUE = {"password": b64encode(b"generated").decode()}
MANAGED = [{"manager": "pulumi-kubernetes", "operation": "Update", "fieldsV1": {"f:data": {}}}]
LABELS = names.labels("application")


def begun(kind: str, name: str, *, secret: bool = False) -> dict[str, Any]:
    """A pending creation in Pulumi's state, as a killed run leaves it."""
    own = {"name": name, "labels": LABELS, **({} if kind == "Namespace" else {"namespace": NAMESPACE})}
    version = "apps/v1" if kind == "Deployment" else "v1"
    token = f"kubernetes:{'core/' if version == 'v1' else ''}{version}:{kind}"
    inputs: dict[str, Any] = {"apiVersion": version, "kind": kind, "metadata": own}
    if secret:
        inputs["data"] = {SIGNATURE_KEY: "1b47061264138c4ac30d75fd1eb44270", "plaintext": json.dumps(VALUE)}
    urn = f"urn:pulumi:staging::feature-flags::{token}::{name}"
    return {"type": "creating", "resource": {"urn": urn, "type": token, "custom": True, "inputs": inputs}}


def made(cluster: FakeCluster, kind: str, name: str, **rest: Any) -> None:
    """The object as the killed run made it."""
    own = {"labels": LABELS, "managedFields": MANAGED, **rest.pop("metadata", {})}
    cluster.add("apps/v1" if kind == "Deployment" else "v1", kind, name, metadata=own, **rest)


@pytest.fixture
def imported(machine: Machine) -> Callable[[], dict[str, Any] | None]:
    """The state that was written back; None when none was."""
    into = machine.home / "imported"
    keep = f'for file; do test -f "$file" && cp "$file" {into}; done'
    machine.pulumi(f'if [ "$3" = import ]; then {keep}; fi; true')
    return lambda: json.loads(into.read_text())["deployment"] if into.exists() else None


def up(run: Run) -> Result:
    return run("up", "--stack", "staging", "--yes")


def updated(machine: Machine) -> str:
    """The line of the CLI that deployed."""
    (line,) = (line for line in machine.calls.splitlines() if " up " in f" {line} ")
    return line


def test_what_the_killed_run_made_is_taken_over_and_read_again(
    machine: Machine, cluster: FakeCluster, run: Run, imported: Callable[[], dict[str, Any] | None]
) -> None:
    machine.kubeconfig(cluster)
    cluster.deployed(*OBJECTS)
    pending = [begun("Secret", "flagsmith-admin", secret=True), begun("Deployment", "flagsmith-redis")]
    machine.recorded(namespace(), pending=pending)
    made(cluster, "Secret", "flagsmith-admin", data=VALUE)
    made(cluster, "Deployment", "flagsmith-redis")
    shown = up(run)
    assert shown.exit_code == 0, shown.stderr
    state = imported()
    assert state
    assert [item["id"] for item in state["resources"]] == [
        NAMESPACE,
        f"{NAMESPACE}/flagsmith-admin",
        f"{NAMESPACE}/flagsmith-redis",
    ]
    assert state["pending_operations"] == []
    assert "--refresh" in updated(machine)
    assert "Secret flagsmith-admin was made by a run that was killed" in shown.stderr
    assert "generated" not in shown.stderr


def test_what_the_killed_run_did_not_get_to_make_is_made_now(
    machine: Machine, cluster: FakeCluster, run: Run, imported: Callable[[], dict[str, Any] | None]
) -> None:
    machine.kubeconfig(cluster)
    cluster.deployed(*OBJECTS)
    machine.recorded(namespace(), pending=[begun("Deployment", "flagsmith-redis")])
    shown = up(run)
    assert shown.exit_code == 0, shown.stderr
    state = imported()
    assert state
    assert [item["id"] for item in state["resources"]] == [NAMESPACE]
    assert "--refresh" not in updated(machine)


@pytest.mark.parametrize(
    "strange",
    [
        {"data": {"password": b64encode(b"another").decode()}},
        {"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}},
        {"metadata": {"managedFields": [{"manager": "kubectl", "operation": "Update"}]}},
    ],
    ids=["another value", "labels of others", "made by another tool"],
)
def test_what_is_not_certainly_the_stack_s_is_not_taken_over(
    machine: Machine,
    cluster: FakeCluster,
    run: Run,
    imported: Callable[[], dict[str, Any] | None],
    strange: dict[str, Any],
) -> None:
    machine.kubeconfig(cluster)
    cluster.deployed(*OBJECTS)
    machine.recorded(namespace(), pending=[begun("Secret", "flagsmith-admin", secret=True)])
    made(cluster, "Secret", "flagsmith-admin", **{"data": VALUE, **strange})
    up(run)
    state = imported()
    assert state
    assert [item["id"] for item in state["resources"]] == [NAMESPACE]


def test_a_namespace_is_taken_over_only_while_nothing_is_in_it(
    machine: Machine, cluster: FakeCluster, run: Run, imported: Callable[[], dict[str, Any] | None]
) -> None:
    machine.kubeconfig(cluster)
    machine.recorded(pending=[begun("Namespace", NAMESPACE)])
    made(cluster, "Namespace", NAMESPACE)
    up(run)
    state = imported()
    assert state
    assert [item["id"] for item in state["resources"]] == [NAMESPACE]
    made(cluster, "Secret", "of-somebody", data=VALUE)
    up(run)
    state = imported()
    assert state
    assert state["resources"] == []


def test_an_object_in_the_way_is_told_with_the_line_that_removes_it(cluster: FakeCluster, machine: Machine) -> None:
    path = cluster.kubeconfig(machine.home / "my config", "here")
    own = StackCluster(fakes.target().stack, path, "here")
    made(cluster, "Deployment", "flagsmith-redis")
    made(cluster, "PersistentVolumeClaim", "flagsmith-postgres-data")
    made(cluster, "Secret", "flagsmith-admin", data={"password": "eA=="})
    wanted = [
        begun(kind, name)["resource"]["inputs"]
        for kind, name in (
            ("Deployment", "flagsmith-redis"),
            ("PersistentVolumeClaim", "flagsmith-postgres-data"),
            ("Secret", "flagsmith-admin"),
            ("Secret", "that-is-gone-by-now"),
        )
    ]
    lines = existing(wanted, own).splitlines()
    kubectl = f"  kubectl --kubeconfig '{path}' --context here --namespace {NAMESPACE} delete"
    assert (
        lines[0] == "Deployment flagsmith-redis is this stack's own, left by a run that was killed. Make room for it:"
    )
    assert lines[1] == f"{kubectl} deployment flagsmith-redis"
    assert lines[2].startswith("PersistentVolumeClaim flagsmith-postgres-data exists already, with all that is in it")
    assert "managed by pulumi-kubernetes" in lines[3]
    assert len(lines) == 5


@pytest.mark.parametrize("kind", HOLDS_DATA)
@pytest.mark.parametrize("labels", [LABELS, {}], ids=["the stack's own", "somebody's"])
def test_what_holds_data_and_is_in_the_way_is_never_told_to_be_deleted(
    cluster: FakeCluster, machine: Machine, kind: str, labels: dict[str, str]
) -> None:
    """A Cluster's volumes would go with it. One is the stack's own when it was kept, and the settings come back."""
    own = StackCluster(fakes.target().stack, cluster.kubeconfig(machine.home / "config", "here"), "here")
    version = "postgresql.cnpg.io/v1" if kind == "Cluster" else "v1"
    place = {} if kind == "Namespace" else {"namespace": NAMESPACE}
    cluster.add(version, kind, "held", metadata={"labels": labels, "managedFields": MANAGED})
    said = existing(
        [{"apiVersion": version, "kind": kind, "metadata": {"name": "held", "labels": labels, **place}}], own
    )
    assert said.startswith(f"{kind} held exists already, with all that is in it (managed by pulumi-kubernetes)")
    assert "Do not delete it" in said
    assert " delete " not in said.replace("Do not delete it", "")
    assert "kubectl" not in said
    assert ("postgres.cluster.name" if kind == "Cluster" else "namespace.name") in said
