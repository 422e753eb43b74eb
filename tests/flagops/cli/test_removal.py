"""One way to remove a protected stack, production included: no setting changes, and nothing goes before it is meant."""

import re
from collections.abc import Callable

import pytest
from typer.testing import Result

from components.kit import names
from tests.components.registering import WHOLE
from tests.fake_cluster import NAMESPACE, FakeCluster
from tests.flagops.cli.machine import Machine, namespace
from tests.recording import Recording, record

Run = Callable[..., Result]


@pytest.fixture
def production(machine: Machine, cluster: FakeCluster) -> Machine:
    """A stack of production on record, protected."""
    machine.kubeconfig(cluster)
    policies = {"ingressNamespace": "traefik"}
    machine.settings |= {"production": True, "protect": True, "networkPolicy": policies}
    cluster.add("v1", "Namespace", NAMESPACE, uid="the-namespace")
    machine.recorded(namespace(protect=True))
    return machine


def commands_of(machine: Machine) -> list[str]:
    """What the CLI was told to change."""
    return re.findall(r"\b(state unprotect --all --yes|destroy|up)\b(?: --|$)", machine.calls, re.MULTILINE)


def test_protected_resources_are_listed_with_the_way_to_remove_them(production: Machine, run: Run) -> None:
    shown = run("down", "--stack", "staging", "--yes")
    assert shown.exit_code == 1
    assert f"Namespace {NAMESPACE}" in shown.stderr
    assert "ff down --stack staging --unprotect" in shown.stderr
    assert commands_of(production) == []


def test_that_way_works_with_production_true_and_deploys_nothing_before(production: Machine, run: Run) -> None:
    run("down", "--stack", "staging", "--yes", "--unprotect")
    assert commands_of(production) == ["state unprotect --all --yes", "destroy"]


@pytest.mark.parametrize(("typed", "commands_then"), [("staging", 2), ("production", 0), ("y", 0)])
def test_who_removes_what_is_protected_types_its_name(
    production: Machine, run: Run, monkeypatch: pytest.MonkeyPatch, typed: str, commands_then: int
) -> None:
    monkeypatch.setattr("flagops.terminal.confirm.is_terminal", lambda: True)
    shown = run("down", "--stack", "staging", "--unprotect", given=f"{typed}\n")
    assert len(commands_of(production)) == commands_then, shown.stderr
    assert ("that is not the stack's name" in shown.stderr) is (commands_then == 0)


def whole(name: str) -> Recording:
    stack, overrides = WHOLE[name]
    return record(stack, overrides)


@pytest.mark.parametrize("name", [name for name in WHOLE if name.startswith("production")])
def test_a_removal_by_pulumi_meets_a_protected_resource_before_it_could_delete_any(name: str) -> None:
    recording = whole(name)
    resources = {
        urn: item
        for urn, item in recording.registrations.items()
        if item.custom and not item.type.startswith("pulumi:providers")
    }
    needed = {urn for item in resources.values() for urn in item.needs}
    (first,) = [item for urn, item in resources.items() if urn not in needed]
    assert first.inputs["metadata"]["name"] == names.DEPLOYMENT
    assert first.protect


@pytest.mark.parametrize("name", [name for name in WHOLE if name.startswith("production")])
def test_the_network_policies_go_after_all_that_runs(name: str) -> None:
    recording = whole(name)
    policies = {f"NetworkPolicy/{item['metadata']['name']}" for item in recording.all("NetworkPolicy")}
    assert policies
    for item in recording.program.objects:
        if item.ref.kind in ("Deployment", "StatefulSet", "Job", "CronJob"):
            assert policies <= recording.needed_by(item), item.ref
