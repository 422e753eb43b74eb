"""The program itself refuses a cluster that is away or another one, and a stack that is not all there."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from components.deployment.own_cluster import OwnCluster
from components.deployment.recorded import read, written
from components.kit import names
from components.settings import parse
from flagops.errors import OpsError
from flagops.evaluation import monitor
from tests.fake_cluster import NAMESPACE, FakeCluster, fake_cluster
from tests.recording import STACKS, Recording, recorded, run
from tests.servers import free_port

UID = "the-namespace"
Use = Callable[[FakeCluster], None]
AN_EDGE_ALONE: dict[str, object] = {
    "role": "edge",
    "host": "flags.example.com",
    "context": "flagsmith-local",
    "edge": {"enabled": True, "existingSecret": "keys", "primary": {"url": "https://primary.example.com"}},
    "ingress": {"enabled": False},
}


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with fake_cluster() as made:
        yield made


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """Let the program find a cluster under the context of the stack `local`."""

    def kubeconfig(cluster: FakeCluster) -> None:
        path = cluster.kubeconfig(tmp_path / "kubeconfig", "flagsmith-local")
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))

    return kubeconfig


@pytest.fixture
def deployed_by_pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Pulumi does, tell the program the uid of the namespace that is on record."""
    recorded("local")  # is kept, and asks nobody only as long as there is no uid
    register = monitor.RecordingMonitor.RegisterResource

    def with_uid(self: monitor.RecordingMonitor, request: Any) -> Any:
        answer = register(self, request)
        if request.type == "kubernetes:core/v1:Namespace":
            answer.object["metadata"].update({"uid": UID})
        return answer

    monkeypatch.setattr(monitor.RecordingMonitor, "RegisterResource", with_uid)


@pytest.fixture
def full(cluster: FakeCluster, use: Use) -> FakeCluster:
    """A cluster with all that the stack `local` declares."""
    use(cluster)
    for item in recorded("local").program.objects:
        cluster.add(*item.ref[:2], item.ref.name, uid=UID if item.ref.kind == "Namespace" else "")
    return cluster


def run_program(**overrides: object) -> Recording:
    """The program of the stack `local`, whose generated values are on record."""
    return run("local", overrides, generated=recorded("local").program.generated)


@pytest.mark.parametrize("stack", STACKS)
def test_the_record_is_the_last_object_and_lists_all_others(stack: str) -> None:
    recording = recorded(stack)
    record = recording.object("ConfigMap", names.DEPLOYMENT)
    others = [item for item in recording.program.objects if item is not record]
    assert {item.ref for item in others} == record.needs
    assert not any(record.ref in item.needs for item in others)
    deployment = read(record.manifest["data"])
    assert deployment
    assert deployment.stack == stack
    assert sorted((item.api_version, item.kind, item.name) for item in deployment.objects) == sorted(
        (item.ref.api_version, item.ref.kind, item.ref.name) for item in others
    )
    replicas = {item.name: item.replicas for item in deployment.objects if item.kind == "Deployment"}
    assert replicas["flagsmith"] == recording.one("Deployment", "flagsmith")["spec"]["replicas"]


def test_the_record_is_protected_where_the_data_is_so_that_a_removal_meets_it_first() -> None:
    assert recorded("production").object("ConfigMap", names.DEPLOYMENT).protect
    assert not recorded("staging").object("ConfigMap", names.DEPLOYMENT).protect


def test_a_record_of_another_form_is_none() -> None:
    assert read({}) is None
    assert read({"deployment.json": "not JSON"}) is None
    assert read({"deployment.json": '{"format": 2, "stack": "s", "release": "r", "objects": []}'}) is None
    assert read({"deployment.json": '{"format": 1, "stack": "s", "release": "r", "objects": [{"name": "x"}]}'}) is None


@pytest.mark.usefixtures("deployed_by_pulumi")
def test_a_cluster_where_all_is_there_is_deployed_to(full: FakeCluster) -> None:
    assert run_program().object("ConfigMap", names.DEPLOYMENT)
    assert full.path("batch/v1", "CronJob", "flagsmith-backup") in full.asked


@pytest.mark.usefixtures("deployed_by_pulumi")
@pytest.mark.parametrize("other", ["", "another-namespace"])
def test_another_cluster_ends_the_program_before_anything_in_the_namespace(
    cluster: FakeCluster, use: Use, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    use(cluster)
    if other:
        cluster.add("v1", "Namespace", NAMESPACE, uid=other)
    registered = noted(monkeypatch)
    with pytest.raises(OpsError, match="is not the one that the stack 'local' was deployed to") as error:
        run_program()
    assert "pulumi refresh --stack local" in error.value.message
    objects = [kind for kind in registered if kind.startswith("kubernetes:")]
    assert objects == ["kubernetes:core/v1:Namespace"]


@pytest.mark.usefixtures("deployed_by_pulumi")
def test_a_cluster_that_does_not_answer_ends_the_program(use: Use) -> None:
    use(FakeCluster(free_port()))
    with pytest.raises(OpsError, match="cannot be asked whether the stack is there: it does not answer"):
        run_program()


@pytest.mark.usefixtures("deployed_by_pulumi")
def test_an_object_that_is_gone_keeps_the_record_from_being_written(
    full: FakeCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    full.remove("apps/v1", "StatefulSet", "flagsmith-postgres")
    registered = noted(monkeypatch)
    with pytest.raises(OpsError, match="StatefulSet flagsmith-postgres is missing"):
        run_program()
    assert registered.count("kubernetes:core/v1:ConfigMap") == recorded_config_maps() - 1


@pytest.mark.usefixtures("deployed_by_pulumi")
def test_a_preview_asks_too(full: FakeCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    run_program()
    full.remove("apps/v1", "Deployment", "flagsmith")
    with pytest.raises(OpsError, match="Deployment flagsmith is missing"):
        run_program()
    full.remove("v1", "Namespace", NAMESPACE)
    with pytest.raises(OpsError, match="is not the one"):
        run_program()


@pytest.mark.usefixtures("deployed_by_pulumi")
def test_what_who_deploys_may_not_read_is_a_warning_and_no_refusal(full: FakeCluster) -> None:
    full.denied.add(full.path("v1", "Secret", ""))
    (warning,) = (text for text in run_program().program.warnings if "Nobody looked" in text)
    assert "Secret flagsmith-django" in warning
    assert "Deployment" not in warning
    full.denied.add("/api/v1/namespaces")
    run_program()


def test_a_record_that_may_not_be_read_makes_no_new_stack_of_a_deployed_one(full: FakeCluster) -> None:
    """A new stack claims the keys of its environments, and a deployed one claims none that it did not make."""
    asked = OwnCluster(settings(context="flagsmith-local"))
    full.add("v1", "ConfigMap", names.DEPLOYMENT)
    assert asked.recorded_secrets() is None
    full.denied.add(full.path("v1", "ConfigMap", names.DEPLOYMENT))
    with pytest.raises(pulumi.RunError, match="you may not get the ConfigMap flagsmith-deployment"):
        OwnCluster(settings(context="flagsmith-local")).recorded_secrets()
    with pytest.raises(pulumi.RunError, match="a whole Flagsmith, which would be deleted, would look like nothing"):
        OwnCluster(parse(AN_EDGE_ALONE)).require_namespace(UID)


@pytest.mark.usefixtures("deployed_by_pulumi")
def test_an_older_release_than_the_deployed_one_is_told(full: FakeCluster) -> None:
    newer = read(recorded("local").object("ConfigMap", names.DEPLOYMENT).manifest["data"])
    assert newer
    assert not [line for line in run_program().program.warnings if "is older than" in line]
    data = written(replace(newer, release="2.300.0"))
    full.add("v1", "ConfigMap", names.DEPLOYMENT, data=data)
    (said,) = [line for line in run_program().program.warnings if "is older than" in line]
    assert "version 2.265.0 is older than 2.300.0, which is deployed" in said
    assert "ff upgrade --back" in said


def test_a_program_that_knows_of_no_uid_asks_nobody(cluster: FakeCluster, use: Use) -> None:
    use(cluster)
    run_program()
    assert cluster.asked == []


def test_the_settings_can_name_the_cluster_which_only_pulumi_s_program_asks(cluster: FakeCluster, use: Use) -> None:
    use(cluster)
    context = {"context": "flagsmith-local"}
    OwnCluster(settings(clusterUid="the-cluster", **context)).require()
    with pytest.raises(pulumi.RunError, match="its uid is the-cluster, and feature-flags:clusterUid says another"):
        OwnCluster(settings(clusterUid="another", **context)).require()
    cluster.denied.add("/api/v1/namespaces/kube-system")
    with pytest.raises(pulumi.RunError, match="you may not read its namespace kube-system"):
        OwnCluster(settings(clusterUid="the-cluster", **context)).require()
    asked = len(cluster.asked)
    OwnCluster(settings(**context)).require()
    run_program(clusterUid="another")
    assert len(cluster.asked) == asked


def noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The types of what the program registers from now on."""
    found: list[str] = []
    recorded("local")  # is kept, and asks nobody only as long as there is no uid
    register = monitor.RecordingMonitor.RegisterResource

    def note(self: monitor.RecordingMonitor, request: Any) -> Any:
        found.append(request.type)
        return register(self, request)

    monkeypatch.setattr(monitor.RecordingMonitor, "RegisterResource", note)
    return found


def recorded_config_maps() -> int:
    return len(recorded("local").all("ConfigMap"))


def settings(**values: object) -> Any:
    minimal = {"host": "flags.example.com", "ingress": {"enabled": False}}
    return parse({**minimal, **values})


@pytest.mark.usefixtures("deployed_by_pulumi")
def test_a_whole_flagsmith_is_not_made_into_an_edge(full: FakeCluster) -> None:
    """Pulumi would delete all that the edge does not have, the database too."""
    data = recorded("local").object("ConfigMap", names.DEPLOYMENT).manifest["data"]
    full.add("v1", "ConfigMap", names.DEPLOYMENT, data=data)
    edge_alone = OwnCluster(parse(AN_EDGE_ALONE))
    with pytest.raises(pulumi.RunError, match="has a whole Flagsmith, which would be deleted with its data"):
        edge_alone.require_namespace(UID)
    whole = read(data)
    assert whole
    alone = written(replace(whole, objects=(), release="2.23.0-rc.1"))
    full.add("v1", "ConfigMap", names.DEPLOYMENT, data=alone)
    OwnCluster(parse(AN_EDGE_ALONE)).require_namespace(UID)
    run_program()
