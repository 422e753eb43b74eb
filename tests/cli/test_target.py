"""From a stack's name to its cluster."""

from pathlib import Path

import pytest

from ops import target
from ops.cluster.api import ClusterStatus
from ops.errors import OpsError


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
    monkeypatch.setattr("ops.cluster.api.status", lambda: broken)
    with pytest.raises(OpsError, match=r"is not up: no longer running: etcd\."):
        target.find("local")


def test_local_goes_to_the_local_cluster_and_keeps_its_state_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubeconfig = home / "cluster" / "kubeconfig"
    monkeypatch.setattr("ops.cluster.api.status", lambda: ClusterStatus(kind="simulated", up=True))
    monkeypatch.setattr("ops.cluster.api.kubeconfig_path", lambda: kubeconfig)
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
    monkeypatch.setattr(target, "ROOT", tmp_path)
    with pytest.raises(OpsError, match=r"(?s)'odd' has settings that are refused.*feature-flags:host"):
        target.find("odd")


def test_the_policy_pack_of_the_cli_needs_the_environment_it_runs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "ROOT", tmp_path)
    with pytest.raises(OpsError, match="The policy pack cannot run") as error:
        target.policy_pack()
    assert error.value.hint == "Run `make setup`."
    (tmp_path / "policies" / ".venv").mkdir(parents=True)
    assert target.policy_pack() == tmp_path / "policies"
