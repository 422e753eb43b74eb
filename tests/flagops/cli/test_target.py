"""From a stack's name to its cluster."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import Result

from flagops.engines import for_stack
from flagops.engines.deployer import EngineName
from flagops.errors import OpsError
from flagops.local_cluster.api import ClusterStatus, Kind, Published
from flagops.project import VARIABLE
from flagops.stacks import local_context, target


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FF_STATE_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("home")
def test_local_without_a_cluster_says_how_to_make_one() -> None:
    with pytest.raises(OpsError, match="The local cluster has not been made") as error:
        target.find("local")
    assert "ff cluster up" in (error.value.hint or "")


def test_local_with_a_broken_cluster_says_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ClusterStatus(kind="simulated", up=False, problem="no longer running: etcd.")
    monkeypatch.setattr("flagops.local_cluster.api.status", lambda: broken)
    with pytest.raises(OpsError, match=r"is not up: no longer running: etcd\."):
        target.find("local")


def test_local_goes_to_the_local_cluster_and_keeps_its_state_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubeconfig = home / "cluster" / "kubeconfig"
    monkeypatch.setattr("flagops.local_cluster.api.status", lambda: ClusterStatus(kind="simulated", up=True))
    monkeypatch.setattr("flagops.local_cluster.api.kubeconfig_path", lambda: kubeconfig)
    found = target.find("local")
    assert (found.context, found.kubeconfig) == ("flagsmith-local", kubeconfig)
    assert found.backend == home / "cluster" / "pulumi"


def test_other_stacks_go_to_their_context_of_the_user_s_kubeconfig() -> None:
    found = target.find("production")
    assert found.context == "production"
    assert found.kubeconfig is None
    assert found.backend is None


def test_settings_that_are_refused_are_an_error_of_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: feature-flags\nruntime: python\n")
    (tmp_path / "Pulumi.odd.yaml").write_text(
        "config:\n  feature-flags:host: not a host\n  feature-flags:context: odd\n"
    )
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    with pytest.raises(OpsError, match=r"(?s)'odd' has settings that are refused.*feature-flags:host"):
        target.find("odd")


def test_the_policy_pack_of_the_cli_needs_the_environment_it_runs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: feature-flags\nruntime: python\n")
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert for_stack.policy_pack() is None, "a project without one, whose program ff judges by itself"
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / for_stack.PACK_FILE).touch()
    with pytest.raises(OpsError, match="The policy pack cannot run") as error:
        for_stack.policy_pack()
    assert error.value.hint == "Run `make setup`."
    (tmp_path / "policies" / ".venv").mkdir()
    assert for_stack.policy_pack() == tmp_path / "policies"


def published(port: int = 30080, node_port: int = 30080) -> Published:
    return Published(url=f"http://flags.localhost:{port}", port=port, node_port=node_port, setting="publicUrl")


def test_the_address_of_local_answers_where_kind_has_its_port(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cluster(kind: Kind, where: Published | None) -> None:
        monkeypatch.setattr(
            "flagops.local_cluster.api.status", lambda: ClusterStatus(kind=kind, up=True, published=where)
        )

    monkeypatch.setattr("flagops.local_cluster.api.kubeconfig_path", lambda: home / "cluster" / "kubeconfig")
    cluster("kind", published())
    assert target.find("local").is_mapped
    cluster("simulated", None)
    assert not target.find("local").is_mapped
    for made in (published(port=8080), published(node_port=30081), None):
        cluster("kind", made)
        with pytest.raises(OpsError, match=r"Pulumi\.local\.yaml wants port 30080, to the nodes' port 30080") as error:
            target.find("local")
        assert "--recreate" in (error.value.hint or "")


@pytest.mark.usefixtures("home")
def test_local_goes_to_a_cluster_that_is_there_until_it_is_removed_from_it() -> None:
    found = target.find("local", "docker-desktop")
    assert (found.context, found.kubeconfig, found.is_borrowed, found.is_mapped) == (
        "docker-desktop",
        None,
        True,
        False,
    )
    settings = found.stack.settings
    assert (settings.context, settings.service.node_port) == ("docker-desktop", None)
    assert settings.url == "http://flags.localhost:8000", "where `ff port-forward` serves it"
    assert settings.postgres.storage.class_name is None, "the cluster's own default"
    with pytest.raises(OpsError, match="has not been made"):
        target.find("local")
    local_context.remember("docker-desktop")
    assert target.find("local") == found
    local_context.forget()
    with pytest.raises(OpsError, match="has not been made"):
        target.find("local")


@pytest.mark.usefixtures("home")
def test_local_is_on_one_cluster_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flagops.local_cluster.api.status", lambda: ClusterStatus(kind="kind", up=False))
    with pytest.raises(OpsError, match="has a cluster of its own"):
        target.find("local", "k3d-flags")


def test_only_local_takes_a_context() -> None:
    with pytest.raises(OpsError, match="--context is for the stack 'local'") as error:
        target.find("production", "k3d-flags")
    assert "feature-flags:context: production" in (error.value.hint or "")


@pytest.mark.usefixtures("home")
def test_another_cluster_keeps_its_own_record() -> None:
    found = target.find("local", "k3d-flags")
    assert for_stack.choose_engine(found, None, install=False).engine is EngineName.DIRECT
    with pytest.raises(OpsError, match="deployed by the direct engine") as error:
        for_stack.choose_engine(found, EngineName.CLI, install=False)
    assert "copy Pulumi.local.yaml" in (error.value.hint or "")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        ([{"metadata": {"name": "standard", "annotations": {local_context.DEFAULT_CLASS: "true"}}}], None),
        (
            [{"metadata": {"name": "slow"}}, {"metadata": {"name": "fast", "annotations": {}}}],
            "its classes are: slow, fast",
        ),
        ([], "its classes are: none"),
    ],
)
def test_a_cluster_without_a_default_storage_class_is_refused_before_anything_waits_for_a_volume(
    monkeypatch: pytest.MonkeyPatch, classes: list[object], problem: str | None
) -> None:
    monkeypatch.setattr("flagops.stacks.local_context.connect", lambda *_: None)
    monkeypatch.setattr(
        "flagops.stacks.local_context.Client", lambda _: SimpleNamespace(list=lambda *_: classes, close=lambda: None)
    )
    found = target.find("local", "k3d-flags")
    if problem is None:
        local_context.require_storage(found.stack, found.kubeconfig, found.context)
        return
    with pytest.raises(OpsError, match=problem) as error:
        local_context.require_storage(found.stack, found.kubeconfig, found.context)
    assert "postgres.storage.className" in (error.value.hint or "")


@pytest.mark.usefixtures("home")
def test_ff_cluster_leaves_a_cluster_alone_that_is_not_its_own(run: Callable[..., Result]) -> None:
    local_context.remember("k3d-flags")
    used = run("cluster", "up")
    assert used.exit_code == 0
    assert "that one is used" in used.stdout
    for arguments in (("up", "--recreate", "--yes"), ("up", "--simulated"), ("down",)):
        refused = run("cluster", *arguments)
        assert refused.exit_code == 1
        assert "ff down --stack local" in refused.stderr
    assert "k3d-flags" in run("cluster", "status").stdout
    assert run("cluster", "forget").exit_code == 0
    assert local_context.remembered() is None
