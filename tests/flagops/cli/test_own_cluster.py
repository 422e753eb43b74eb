"""A deployment goes to the cluster that the stack is on, and what it says it deployed is there: with both engines."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from typer.testing import Result
from urllib3 import Retry

from flagops.engines.own_cluster import StackCluster
from flagops.errors import NoAccessError
from tests.fake_cluster import NAMESPACE, FakeCluster
from tests.flagops.cli.machine import CONTEXT, OBJECTS, Machine, namespace, provider
from tests.servers import free_port

Run = Callable[..., Result]


def deploy(run: Run, *options: str) -> Result:
    return run("up", "--stack", "staging", "--yes", *options)


def refused(shown: Result) -> str:
    """The one error that a command ended with."""
    assert shown.exit_code == 1, shown.stdout + shown.stderr
    assert "Deployed:" not in shown.stderr
    assert shown.stderr.count("Error") == 1, shown.stderr
    return " ".join(shown.stderr.split())


@pytest.mark.parametrize("engine", ["cli", "direct"])
def test_a_context_that_is_not_there_is_an_error(machine: Machine, cluster: FakeCluster, run: Run, engine: str) -> None:
    machine.kubeconfig(cluster, context="another")
    assert f"has no context '{CONTEXT}'; it has: another" in refused(deploy(run, "--engine", engine))
    assert not machine.has_deployed


@pytest.mark.parametrize("engine", ["cli", "direct"])
@pytest.mark.parametrize("command", ["up", "preview", "down"])
def test_an_api_server_that_does_not_answer_is_an_error(
    machine: Machine, run: Run, monkeypatch: pytest.MonkeyPatch, command: str, engine: str
) -> None:
    monkeypatch.setattr(Retry, "get_backoff_time", lambda _: 0.0)
    machine.kubeconfig(FakeCluster(free_port()))
    yes = () if command == "preview" else ("--yes",)
    shown = run(command, "--stack", "staging", "--engine", engine, *yes)
    assert "cannot be reached" in refused(shown)
    assert not machine.has_deployed


@pytest.mark.parametrize("engine", ["cli", "direct"])
@pytest.mark.parametrize("command", ["up", "preview", "down"])
def test_another_cluster_than_the_settings_name_is_an_error(
    machine: Machine, cluster: FakeCluster, run: Run, command: str, engine: str
) -> None:
    machine.kubeconfig(cluster)
    machine.recorded()
    machine.settings["clusterUid"] = "the-one-that-is-meant"
    yes = () if command == "preview" else ("--yes",)
    said = refused(run(command, "--stack", "staging", "--engine", engine, *yes))
    assert "its uid is the-cluster, and feature-flags:clusterUid says the-one-that-is-meant" in said
    assert not machine.has_deployed


@pytest.mark.parametrize("command", ["up", "preview", "down"])
def test_a_stack_of_the_same_name_in_another_namespace_is_somebody_else_s(
    machine: Machine, cluster: FakeCluster, run: Run, command: str
) -> None:
    """Two projects share a bucket: without this, each would remove the other's objects, and make its own."""
    machine.kubeconfig(cluster)
    machine.recorded(namespace())
    machine.settings["namespace"] = {"name": "feature-flags-other"}
    cluster.add("v1", "Namespace", "feature-flags-other", metadata={"uid": "other"})
    yes = () if command == "preview" else ("--yes",)
    said = refused(run(command, "--stack", "staging", "--engine", "cli", *yes))
    assert (
        "Nothing was changed: what is on record for a stack 'staging' is in the namespace 'feature-flags', and "
        "Pulumi.staging.yaml says 'feature-flags-other'." in said
    )
    assert "give this stack a name that none of them has" in said
    assert not machine.has_deployed


def test_what_is_on_record_in_the_stack_s_own_namespace_among_others_is_its_own(machine: Machine) -> None:
    own = StackCluster(machine.target().stack, None, CONTEXT)
    for recorded in (set(), {NAMESPACE}, {NAMESPACE, "monitoring"}):
        own.require_same_namespace(recorded)


class Serving:
    """A cluster that serves these paths, or lets nobody ask."""

    def __init__(self, *paths: str, is_open: bool = True) -> None:
        self._paths, self._is_open = paths, is_open

    def fetch(self, path: str) -> dict[str, Any] | None:
        if not self._is_open:
            raise NoAccessError("You may not.")
        return {} if path in self._paths else None


def test_a_cluster_without_cert_manager_is_said_where_somebody_counts_on_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = StackCluster(machine.target().stack, None, CONTEXT)
    (awaited,) = own.stack.settings.issued_certificates

    def said(cluster: Serving, asked: StackCluster = own) -> tuple[str, ...]:
        monkeypatch.setattr(StackCluster, "_client", lambda _: nullcontext(cluster))
        return asked.without_issuer()

    (line,) = said(Serving())
    assert line.startswith(f"cert-manager is not installed in context '{CONTEXT}'")
    assert f"the Secret {awaited}: install it, or say with tls.from" in line
    assert said(Serving("/apis/cert-manager.io/v1")) == ()
    assert said(Serving(is_open=False)) == ()
    machine.settings["ingress"] = {"className": "traefik", "tls": {"from": "secret", "secretName": "theirs"}}
    assert said(Serving(), StackCluster(machine.target().stack, None, CONTEXT)) == ()


@pytest.mark.parametrize("command", ["up", "preview", "down"])
@pytest.mark.parametrize("other", ["", "the-namespace-of-another-cluster"])
def test_another_cluster_than_pulumi_has_on_record_is_an_error(
    machine: Machine, cluster: FakeCluster, run: Run, command: str, other: str
) -> None:
    machine.kubeconfig(cluster)
    if other:
        cluster.add("v1", "Namespace", NAMESPACE, uid=other)
    yes = () if command == "preview" else ("--yes",)
    said = refused(run(command, "--stack", "staging", *yes))
    assert f"the cluster of context '{CONTEXT}' is not what the stack 'staging' was deployed to" in said
    assert (f"has the uid {other}, not the-namespace" if other else "is not there") in said
    assert "pulumi refresh --stack staging" in said
    assert not machine.has_deployed


def test_a_namespace_that_is_being_deleted_is_no_place_to_deploy_to(
    machine: Machine, cluster: FakeCluster, run: Run
) -> None:
    machine.kubeconfig(cluster)
    leaving = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    cluster.add("v1", "Namespace", NAMESPACE, uid="the-namespace", metadata=leaving)
    assert "is being deleted" in refused(deploy(run))
    machine.recorded()
    assert "is being deleted" in refused(deploy(run))
    assert not machine.has_deployed


def test_a_stack_that_moves_to_another_cluster_leaves_no_data_behind(
    machine: Machine, cluster: FakeCluster, run: Run
) -> None:
    machine.kubeconfig(cluster)
    cluster.deployed(*OBJECTS)
    machine.recorded(provider("the-old-one"), namespace("the-old-namespace"))
    said = refused(deploy(run))
    assert "clusterIdentifier was 'the-old-one' and would be" in said
    assert "docs/backups.md#another-volume" in said
    machine.recorded(provider(NAMESPACE), namespace("the-old-namespace"))
    refused(deploy(run))
    assert not machine.has_deployed


def test_a_deployment_to_the_right_cluster_ends_well(machine: Machine, cluster: FakeCluster, run: Run) -> None:
    machine.kubeconfig(cluster)
    cluster.deployed(*OBJECTS)
    shown = deploy(run)
    assert shown.exit_code == 0, shown.stderr
    assert "Deployed:" in shown.stderr
    assert cluster.path("apps/v1", "Deployment", "flagsmith") in cluster.asked


def test_a_deployment_after_which_something_is_missing_did_not_end_well(
    machine: Machine, cluster: FakeCluster, run: Run
) -> None:
    machine.kubeconfig(cluster)
    cluster.deployed(*OBJECTS)
    cluster.remove("apps/v1", "Deployment", "flagsmith")
    assert "Deployment flagsmith is missing" in refused(deploy(run))
    cluster.add("apps/v1", "Deployment", "flagsmith", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    assert "Deployment flagsmith is being deleted" in refused(deploy(run))
    cluster.remove("v1", "ConfigMap", "flagsmith-deployment")
    assert "the record of the deployment, ConfigMap flagsmith-deployment, is missing" in refused(deploy(run))


def test_who_has_no_record_of_the_cluster_is_told_how_to_name_it(machine: Machine, cluster: FakeCluster) -> None:
    machine.kubeconfig(cluster)
    stack = machine.target().stack
    (advice,) = StackCluster(stack, None, CONTEXT).unnamed()
    assert advice.endswith("feature-flags:clusterUid: the-cluster")
    assert StackCluster(stack, machine.home / "kubeconfig", CONTEXT).unnamed() == ()
    cluster.denied.add("/api/v1/namespaces/kube-system")
    assert StackCluster(stack, None, CONTEXT).unnamed() == ()
    machine.settings["clusterUid"] = "the-cluster"
    assert StackCluster(machine.target().stack, None, CONTEXT).unnamed() == ()


@pytest.mark.parametrize("engine", ["cli", "direct"])
@pytest.mark.parametrize("command", ["up", "preview"])
def test_a_namespace_that_another_stack_has_is_refused_with_the_setting_that_separates_them(
    machine: Machine, cluster: FakeCluster, run: Run, command: str, engine: str
) -> None:
    machine.kubeconfig(cluster)
    machine.recorded()
    cluster.deployed(stack="production")
    yes = () if command == "preview" else ("--yes",)
    said = refused(run(command, "--stack", "staging", "--engine", engine, *yes))
    assert f"the namespace '{NAMESPACE}' of context '{CONTEXT}' has the stack 'production' in it" in said
    assert f"Pulumi.staging.yaml: feature-flags:namespace: {{name: {NAMESPACE}-staging}}" in said
    assert not machine.has_deployed


def test_a_stack_that_got_another_name_keeps_its_namespace(machine: Machine, cluster: FakeCluster, run: Run) -> None:
    machine.kubeconfig(cluster)
    machine.recorded(namespace())
    cluster.deployed(stack="as-it-was-called")
    assert "has the stack" not in run("preview", "--stack", "staging", "--engine", "cli").stderr
