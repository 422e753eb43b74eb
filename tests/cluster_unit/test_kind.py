"""The commands that kind and Docker are given; both are stand-ins that note how they are called."""

import io
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from ops.cluster import api, kind, pins, rest
from ops.cluster.model import NodeStatus
from ops.errors import OpsError
from tests.cluster_unit.programs import make_program

KUBECONFIG = """
apiVersion: v1
kind: Config
clusters: [{name: kind-flagsmith-local, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: kind-flagsmith-local, user: {}}]
contexts: [{name: kind-flagsmith-local, context: {cluster: kind-flagsmith-local, user: kind-flagsmith-local}}]
current-context: kind-flagsmith-local
"""


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a Docker that answers and a kind that notes its calls, first on PATH."""
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    make_program(tmp_path / "bin", "docker", "exit 0")
    make_kind(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return tmp_path


def make_kind(directory: Path, *, clusters: str = "", create: str = "") -> None:
    """Make a kind whose `create cluster` writes a kubeconfig to where it is told."""
    make_program(
        directory / "bin",
        "kind",
        f"""[ "$1" = --version ] && {{ echo kind version {pins.version(pins.KIND)}; exit; }}
echo "$@" >> {directory}/calls
case "$1" in
get) echo "{clusters}";;
create) {create or ":"}
  for argument; do case "$argument" in --kubeconfig=*) cp {directory}/kubeconfig "${{argument#*=}}";; esac; done;;
esac""",
    )


def calls(directory: Path) -> list[str]:
    return (directory / "calls").read_text().splitlines()


def test_a_kind_cluster_is_made_with_a_kubeconfig_of_our_own(directory: Path, console: Console) -> None:
    home = directory / "home"
    cluster = api.up(console, home=home)
    path = home / "cluster" / "kubeconfig"
    assert (cluster.kind, cluster.kubeconfig, cluster.context) == ("kind", path, "flagsmith-local")
    assert calls(directory) == [
        "get clusters",
        f"create cluster --name=flagsmith-local --config={kind.CONFIGURATION} --kubeconfig={path} --wait=180s",
    ]
    assert api.kubeconfig_path(home=home) == path


def test_the_context_is_renamed_and_the_file_is_private(directory: Path, console: Console) -> None:
    path = api.up(console, home=directory / "home").kubeconfig
    document = yaml.safe_load(path.read_text())
    assert document["current-context"] == "flagsmith-local"
    assert [context["name"] for context in document["contexts"]] == ["flagsmith-local"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_down_deletes_the_cluster_and_all_files(directory: Path, console: Console) -> None:
    home = directory / "home"
    api.up(console, home=home)
    assert api.down(console, home=home)
    assert calls(directory)[-1].startswith("delete cluster --name=flagsmith-local --kubeconfig=")
    assert list(home.iterdir()) == []


def test_a_running_kind_cluster_is_handed_back(
    directory: Path, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = directory / "home"
    first = api.up(console, home=home)
    nodes = (NodeStatus(name="worker", zone="local-a", ready=True),)
    monkeypatch.setattr(rest, "client", lambda _: io.StringIO())
    monkeypatch.setattr(rest, "is_ready", lambda _: True)
    monkeypatch.setattr(rest, "server_version", lambda _: "v1.37.0")
    monkeypatch.setattr(rest, "nodes", lambda _: nodes)
    assert api.up(console, home=home) == first
    assert len(calls(directory)) == 2
    with pytest.raises(OpsError, match="kind `kind` runs, `simulated` was asked for"):
        api.up(console, home=home, kind="simulated")


def test_a_cluster_of_this_name_that_was_not_made_here_is_left_alone(directory: Path, console: Console) -> None:
    make_kind(directory, clusters="flagsmith-local")
    with pytest.raises(OpsError, match="no record of making"):
        api.up(console, home=directory / "home")
    assert calls(directory) == ["get clusters"]


def test_a_failed_creation_shows_what_kind_says_and_is_cleared_away(directory: Path, console: Console) -> None:
    make_kind(directory, create="echo no space left >&2; exit 1;")
    home = directory / "home"
    with pytest.raises(OpsError, match=r"`kind create cluster` failed with exit code 1:\nno space left"):
        api.up(console, home=home)
    assert calls(directory)[-1].startswith("delete cluster")
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("script", ["exit 1", None])
def test_a_docker_without_its_daemon_is_no_docker(directory: Path, script: str | None) -> None:
    assert kind.docker_answers()
    (directory / "bin" / "docker").unlink()
    if script:
        make_program(directory / "bin", "docker", script)
        assert not kind.docker_answers()


def test_a_docker_that_does_not_answer_is_no_docker(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_program(directory / "bin", "docker", "exec sleep 60")
    monkeypatch.setattr(kind, "DOCKER_SECONDS", 0.2)
    assert not kind.docker_answers()


def test_the_configuration_has_three_workers_in_three_zones() -> None:
    nodes = yaml.safe_load(kind.CONFIGURATION.read_text())["nodes"]
    zones = {node["labels"][rest.ZONE_LABEL] for node in nodes if node["role"] == "worker"}
    assert zones == {"local-a", "local-b", "local-c"}
    assert not any("image" in node for node in nodes)
