"""`ff` with the Pulumi CLI refuses what Pulumi, by its own state, would delete data for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from pulumi.automation import EngineEvent
from typer.testing import Result

from components.kit import names
from flagops.engines.pulumi_cli.events import EventTranslator
from flagops.engines.pulumi_cli.kept_data import refuse_losses
from flagops.errors import OpsError
from flagops.stacks.files import load_stack
from tests.fake_cluster import FakeCluster
from tests.flagops.cli.machine import OBJECTS, Machine, namespace
from tests.recording import ROOT, record, recorded

CLUSTERED = {"mode": "cloudnativepg"}
EXTERNAL = {"mode": "external", "existingSecret": "database"}


def state(*, identifier: str = "feature-flags", postgres: dict[str, object] | None = None) -> dict[str, Any]:
    """What Pulumi has on record of the stack `staging`, as the program declares it."""
    recording = (
        recorded("staging")
        if postgres is None
        else record("staging", {"postgres": postgres, "apiVersions": ["postgresql.cnpg.io/v1"]})
    )
    resources: list[dict[str, Any]] = [
        {"urn": urn, "type": item.type, "custom": True, "inputs": item.inputs}
        for urn, item in recording.registrations.items()
    ]
    for item in resources:
        if item["type"] == "pulumi:providers:kubernetes":
            item["inputs"] = {**item["inputs"], "clusterIdentifier": identifier}
    return {"resources": resources}


def refuse(
    settings: dict[str, object],
    recorded_state: dict[str, Any] | None = None,
    is_there: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> None:
    stack = load_stack("staging", ROOT)
    config = {**stack.config, **{f"feature-flags:{key}": value for key, value in settings.items()}}
    refuse_losses(state() if recorded_state is None else recorded_state, replace(stack, config=config), is_there)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"postgres": {"storage": {"className": "fast"}}}, "flagsmith-postgres-data would be .* spec.storageClassName"),
        ({"postgres": {"storage": {"size": "1Gi"}}}, "flagsmith-postgres-data cannot shrink from .* to 1Gi"),
        ({"backup": {"storage": {"className": "fast"}}}, "flagsmith-backup-data would be deleted and made anew"),
        ({"namespace": {"name": "other"}}, "the namespace feature-flags would be deleted with everything in it"),
        ({"clusterIdentifier": "other"}, "clusterIdentifier was 'feature-flags' and would be 'other'"),
    ],
)
def test_what_would_be_replaced_is_refused_with_the_way(settings: dict[str, object], reason: str) -> None:
    with pytest.raises(OpsError, match=f"(?s)Nothing was changed, because data would be lost:.*{reason}") as caught:
        refuse(settings)
    assert "docs/backups.md#another-volume" in str(caught.value.hint)
    assert "pulumi refresh --stack staging" in str(caught.value.hint)


def test_what_is_as_it_was_grows_or_is_new_is_not() -> None:
    refuse({})
    refuse({"postgres": {"storage": {"size": "900Gi"}}, "replicas": 3})
    refuse({"namespace": {"name": "other"}}, {})
    gone = [item for item in state()["resources"] if "PersistentVolumeClaim" not in item["type"]]
    refuse({"postgres": {"storage": {"className": "fast"}}}, {"resources": gone})  # deleted by hand, and refreshed


@pytest.mark.parametrize(
    ("had", "wanted", "name"),
    [
        (None, CLUSTERED, "PersistentVolumeClaim flagsmith-postgres-data"),
        (None, EXTERNAL, "PersistentVolumeClaim flagsmith-postgres-data"),
        (CLUSTERED, {"mode": "embedded"}, "Cluster flagsmith-pg"),
        (CLUSTERED, EXTERNAL, "Cluster flagsmith-pg"),
        (CLUSTERED, {**CLUSTERED, "cluster": {"name": "flagsmith-pg-2"}}, "Cluster flagsmith-pg"),
    ],
    ids=["to a Cluster", "outside", "to the embedded one", "a Cluster's, outside", "another name"],
)
def test_a_database_that_another_mode_or_name_gives_up_is_refused(
    had: dict[str, object] | None, wanted: dict[str, object], name: str
) -> None:
    there = state(postgres=had)
    with pytest.raises(OpsError, match=f"{name} holds a database of Flagsmith") as caught:
        refuse({"postgres": wanted}, there)
    assert "docs/backups.md#another-database" in str(caught.value.hint)
    assert "pulumi refresh --stack staging" in str(caught.value.hint)
    refuse({"postgres": had or {}}, there)
    if had is not None:
        beside = {"postgres": {**had, "cluster": {"name": "flagsmith-pg-2", "kept": ["flagsmith-pg"]}}}
        refuse({**beside, "namespace": {"quota": {"persistentVolumeClaims": 30}}}, there)
    kinds = ("PersistentVolumeClaim", "Cluster")
    gone = [item for item in there["resources"] if item["type"].rpartition(":")[2] not in kinds]
    refuse({"postgres": wanted}, {"resources": gone})  # deleted by hand, and refreshed


@pytest.mark.parametrize(
    ("mode", "step", "name", "api_version"),
    [
        ("embedded", "stopped", "Cluster flagsmith-pg", "postgresql.cnpg.io/v1"),
        ("embedded", "released", "Cluster flagsmith-pg", "postgresql.cnpg.io/v1"),
        ("cloudnativepg", "released", "PersistentVolumeClaim flagsmith-postgres-data", "v1"),
    ],
    ids=["a move that was taken back", "the Cluster of before", "the embedded one of before"],
)
def test_a_database_that_a_move_has_deleted_is_let_go_of_and_one_that_is_there_is_not(
    mode: str, step: str, name: str, api_version: str
) -> None:
    """Else neither taking a move back nor forgetting the old database could end: the state still has it."""
    other = "embedded" if mode == "cloudnativepg" else "cloudnativepg"
    there = state(postgres={"mode": mode, "move": {"beside": other, "step": step}})
    asked: list[tuple[str, str]] = []

    def is_there(item: Mapping[str, Any], *, answer: bool) -> bool:
        asked.append((item["apiVersion"], f"{item['kind']} {item['metadata']['name']}"))
        return answer

    settings: dict[str, object] = {"postgres": {"mode": mode}, "namespace": {"quota": {"persistentVolumeClaims": 30}}}
    refuse(settings, there, lambda item: is_there(item, answer=False))
    assert asked == [(api_version, name)]
    with pytest.raises(OpsError, match=f"{name} holds a database of Flagsmith"):
        refuse(settings, there, lambda item: is_there(item, answer=True))
    # Pulumi itself would stop at what is protected, with half of the rest done.
    protected = {"resources": [{**item, "protect": True} for item in there["resources"]]}
    with pytest.raises(OpsError, match=f"{name} holds a database of Flagsmith"):
        refuse(settings, protected, lambda item: is_there(item, answer=False))


def test_clusters_that_a_program_has_beside_the_platform_s_are_its_own_matter() -> None:
    own = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster"}
    extra = [
        {"type": "kubernetes:postgresql.cnpg.io/v1:Cluster", "urn": name, "inputs": {**own, "metadata": metadata}}
        for name, metadata in (
            ("theirs", {"name": "orders", "namespace": "feature-flags"}),
            ("elsewhere", {"name": "flagsmith-pg", "namespace": "second", "labels": names.labels("database")}),
        )
    ]
    refuse({}, {"resources": [*state()["resources"], *extra]})


def test_a_second_namespace_of_the_program_s_own_neither_hides_losses_nor_is_one() -> None:
    second = {"type": "kubernetes:core/v1:Namespace", "urn": "second", "inputs": {"metadata": {"name": "second"}}}
    volume = {
        "type": "kubernetes:core/v1:PersistentVolumeClaim",
        "urn": "theirs",
        "inputs": {
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "flagsmith-postgres-data", "namespace": "second"},
        },
    }
    both = {"resources": [second, volume, *state()["resources"]]}
    refuse({}, both)
    lost: tuple[tuple[dict[str, object], str], ...] = (
        ({"postgres": {"storage": {"className": "fast"}}}, "flagsmith-postgres-data would be .* spec.storageClassName"),
        ({"postgres": {"storage": {"size": "1Gi"}}}, "flagsmith-postgres-data cannot shrink from .* to 1Gi"),
        ({"namespace": {"name": "other"}}, "the namespace feature-flags would be deleted with everything in it"),
    )
    for settings, reason in lost:
        with pytest.raises(OpsError, match=f"(?s)data would be lost:.*{reason}") as caught:
            refuse(settings, both)
        assert "namespace second" not in str(caught.value)
    # Two of the platform's, of which one is given up: what the other one holds is looked at as well.
    ours = {**second, "inputs": {"metadata": {"name": "before", "labels": names.labels("namespace")}}}
    with pytest.raises(OpsError, match=r"(?s)namespace before would be deleted.*flagsmith-postgres-data cannot shrink"):
        refuse({"postgres": {"storage": {"size": "1Gi"}}}, {"resources": [ours, *state()["resources"]]})


def given(name: str = "feature-flags") -> dict[str, Any]:
    """The state of a stack in a namespace that somebody else made, which Pulumi reads: nothing was declared of it."""
    read = {"type": "kubernetes:core/v1:Namespace", "urn": "given", "custom": True, "external": True, "id": name}
    read["outputs"] = {"metadata": {"name": name, "uid": "theirs"}}
    own = [item for item in state()["resources"] if item["type"] != "kubernetes:core/v1:Namespace"]
    return {"resources": [*own, read]}


def test_in_a_namespace_of_somebody_elses_data_is_looked_at_as_in_one_of_the_stacks_own() -> None:
    create = {"create": False}
    refuse({"namespace": create}, given())
    lost: tuple[tuple[dict[str, object], str], ...] = (
        ({"postgres": {"storage": {"size": "1Gi"}}}, "flagsmith-postgres-data cannot shrink from .* to 1Gi"),
        ({"postgres": {"storage": {"className": "fast"}}}, "flagsmith-postgres-data would be .* spec.storageClassName"),
        ({"postgres": EXTERNAL}, "PersistentVolumeClaim flagsmith-postgres-data holds a database of Flagsmith"),
        ({"namespace": {**create, "name": "other"}}, "what is in the namespace feature-flags would be deleted, for"),
        ({"clusterIdentifier": "other"}, "what is in the namespace feature-flags would be deleted, and made anew"),
    )
    for settings, reason in lost:
        with pytest.raises(OpsError, match=f"(?s)data would be lost:.*{reason}"):
            refuse({"namespace": create, **settings}, given())
    # A namespace that a program of one's own reads beside it is no loss.
    refuse({}, {"resources": [*state()["resources"], *given("theirs")["resources"][-1:]]})


def test_a_namespace_of_the_stacks_own_is_not_given_up_before_a_deployment_has_ended() -> None:
    """The record in the cluster is written last; Pulumi's state knows it from the first object on."""
    with pytest.raises(OpsError, match="was made by this stack, and would be deleted with everything in it"):
        refuse({"namespace": {"create": False}})


def test_a_protected_stack_does_not_get_as_far_as_an_empty_database_without_a_preview(
    machine: Machine, cluster: FakeCluster, run: Callable[..., Result]
) -> None:
    """Pulumi would refuse a protected deletion only after Flagsmith was on its new database."""
    machine.kubeconfig(cluster)
    cluster.deployed(*OBJECTS)
    claims = [item for item in state()["resources"] if item["type"].endswith(":PersistentVolumeClaim")]
    machine.recorded(namespace(protect=True), *({**item, "protect": True, "id": "x"} for item in claims))
    machine.settings = {"protect": True, "postgres": CLUSTERED}
    shown = run("up", "--stack", "staging", "--yes")
    assert shown.exit_code != 0
    assert "PersistentVolumeClaim flagsmith-postgres-data holds a database of Flagsmith" in shown.stderr
    assert not machine.has_deployed
    machine.settings = {"protect": True}
    assert run("up", "--stack", "staging", "--yes").exit_code == 0
    assert machine.has_deployed


def test_a_preview_says_that_data_goes_with_a_volume() -> None:
    kind = "kubernetes:core/v1:PersistentVolumeClaim"
    urn, inputs = f"urn:pulumi:s::p::{kind}::c", {"metadata": {"name": "flagsmith-backup-data"}}
    step: dict[str, Any] = {"op": "delete", "urn": urn, "type": kind}
    step |= {"old": {"type": kind, "urn": urn, "custom": True, "inputs": inputs}}
    translator = EventTranslator(lambda _: None)
    translator(EngineEvent.from_json({"resourcePreEvent": {"metadata": step}}))
    assert "ff db backup" in translator.changes[0].note
