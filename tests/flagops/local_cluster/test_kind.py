"""The commands that kind and Docker are given; both are stand-ins that note how they are called."""

import io
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from rich.console import Console
from typer.testing import Result

from flagops.errors import OpsError
from flagops.local_cluster import api, kind, pins, ready, rest, state
from flagops.local_cluster.contents import contents
from flagops.local_cluster.model import NodeStatus, Published
from tests.flagops.local_cluster.programs import make_program
from tests.servers import free_port

Run = Callable[..., Result]
NODE = "flagsmith-local"
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
    make_docker(tmp_path)
    make_kind(tmp_path)
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setattr(ready, "POLL_SECONDS", 0)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return tmp_path


def make_docker(directory: Path, **states: str) -> None:
    """Make a Docker that answers, knows these containers of the cluster's nodes, and notes what it starts."""
    lines = "".join(f"{NODE}-{name.replace('_', '-')}\t{state}\n" for name, state in states.items())
    (directory / "containers").write_text(lines)
    make_program(
        directory / "bin",
        "docker",
        f"""case "$1" in
info) echo 28.0;;
context) echo unix:///var/run/docker.sock;;
ps) cat {directory}/containers;;
*) echo "docker $@" >> {directory}/calls; sed -i "s/^$2\t.*/$2\trunning/" {directory}/containers;;
esac""",
    )


class Api:
    """A cluster's API server that is ready, whose nodes become ready one look after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.late, self.nodes, self.looks = 0, 4, 0
        monkeypatch.setattr(rest, "client", lambda _: io.StringIO())
        monkeypatch.setattr(rest, "is_ready", lambda _: True)
        monkeypatch.setattr(rest, "server_version", lambda _: "v1.37.0")
        monkeypatch.setattr(rest, "nodes", lambda _: self.look())

    def be_late(self, looks: int = 10**6) -> None:
        """So many looks from now on find a node less than the one after."""
        self.looks, self.late = 0, looks

    def look(self) -> tuple[NodeStatus, ...]:
        self.looks += 1
        ready = self.nodes - max(0, self.late - self.looks + 1)
        return tuple(NodeStatus(name=f"node-{n}", zone="", ready=n < ready) for n in range(self.nodes))


@pytest.fixture(autouse=True)
def cluster_api(monkeypatch: pytest.MonkeyPatch) -> Api:
    return Api(monkeypatch)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not ready at once never will be."""
    monkeypatch.setattr(ready, "READY_SECONDS", 0.0)


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


def told(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def calls(directory: Path) -> list[str]:
    return (directory / "calls").read_text().splitlines()


def test_a_kind_cluster_is_made_with_a_kubeconfig_of_our_own(directory: Path, console: Console) -> None:
    home = directory / "home"
    cluster = api.up(console, home=home)
    path = home / "cluster" / "kubeconfig"
    assert (cluster.kind, cluster.kubeconfig, cluster.context) == ("kind", path, "flagsmith-local")
    assert calls(directory) == [
        "get clusters",
        f"create cluster --name=flagsmith-local --config={path.parent / 'kind.yaml'} --kubeconfig={path} --wait=180s",
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


def test_a_running_kind_cluster_is_handed_back(directory: Path, console: Console) -> None:
    home = directory / "home"
    first = api.up(console, home=home)
    assert api.up(console, home=home) == first
    assert len(calls(directory)) == 2
    with pytest.raises(OpsError, match="cluster of the kind `kind`, and `simulated` was asked for"):
        api.up(console, home=home, kind="simulated")


def test_a_new_cluster_is_there_when_all_of_its_nodes_are_ready(
    directory: Path, console: Console, cluster_api: Api
) -> None:
    cluster_api.be_late(3)
    api.up(console, home=directory / "home")
    assert cluster_api.looks == 4
    assert "1 of 4 nodes are ready, not node-1, node-2, node-3" in told(console)


@pytest.mark.usefixtures("impatient")
def test_a_new_cluster_one_of_whose_nodes_never_comes_is_cleared_away(
    directory: Path, console: Console, cluster_api: Api
) -> None:
    cluster_api.nodes = 3
    with pytest.raises(OpsError, match="3 of 4 nodes are there"):
        api.up(console, home=directory / "home")
    assert calls(directory)[-1].startswith("delete cluster")


@pytest.mark.parametrize(("halted", "call"), [("exited", "start"), ("created", "start"), ("paused", "unpause")])
def test_after_a_restart_of_docker_the_nodes_are_started_and_nothing_is_deleted(
    directory: Path, console: Console, cluster_api: Api, monkeypatch: pytest.MonkeyPatch, halted: str, call: str
) -> None:
    home = directory / "home"
    first = api.up(console, home=home)
    made = calls(directory)
    make_docker(directory, control_plane="running", worker=halted)
    monkeypatch.setattr(rest, "is_ready", lambda _: halted not in (directory / "containers").read_text())
    assert api.status(home=home).problem == f"not all containers of its nodes run: {NODE}-worker is {halted}."
    cluster_api.be_late(2)
    assert api.up(console, home=home) == first
    assert calls(directory)[len(made) :] == [f"docker {call} {NODE}-worker"]
    assert api.status(home=home).up


def test_nodes_that_are_coming_up_are_waited_for(directory: Path, console: Console, cluster_api: Api) -> None:
    home = directory / "home"
    first = api.up(console, home=home)
    made = calls(directory)
    make_docker(directory, control_plane="running", worker="running")
    cluster_api.be_late(3)
    assert api.up(console, home=home) == first
    assert calls(directory) == made


@pytest.mark.usefixtures("impatient")
def test_what_cannot_be_repaired_is_not_deleted(directory: Path, console: Console, cluster_api: Api) -> None:
    home = directory / "home"
    api.up(console, home=home)
    made = calls(directory)
    make_docker(directory, worker="running")
    cluster_api.be_late()
    with pytest.raises(OpsError, match="still not ready") as error:
        api.up(console, home=home)
    assert "What it holds is left as it is" in (error.value.hint or "")
    assert "--recreate" in (error.value.hint or "")
    assert calls(directory) == made
    assert api.status(home=home).kind == "kind"


def test_a_cluster_that_another_docker_may_have_is_not_forgotten(
    directory: Path, console: Console, cluster_api: Api
) -> None:
    home = directory / "home"
    api.up(console, home=home)
    made = calls(directory)
    make_docker(directory)
    cluster_api.be_late()
    with pytest.raises(OpsError, match="this Docker has no container of its nodes") as error:
        api.up(console, home=home)
    assert "DOCKER_HOST" in (error.value.hint or "")
    assert calls(directory) == made


def test_a_cluster_whose_docker_is_stopped_stays(
    directory: Path, console: Console, cluster_api: Api, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FF_STATE_DIR", str(directory / "home"))
    api.up(console)
    made = calls(directory)
    make_program(directory / "bin", "docker", "echo 'Cannot connect to the Docker daemon.' >&2; exit 1")
    cluster_api.be_late()
    result = run("cluster", "up")
    assert result.exit_code == 1
    assert "stays there" in result.stderr
    assert "--simulated" not in result.stderr, "what it holds is in kind's"
    assert calls(directory) == made
    shown = run("cluster", "status")
    assert shown.exit_code == 1
    assert "Docker is installed and does not answer: it is stopped" in shown.stdout
    assert "what the cluster holds stays" in shown.stdout


def test_recreate_deletes_after_the_question_only(
    directory: Path, console: Console, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FF_STATE_DIR", str(directory / "home"))
    api.up(console)
    made = calls(directory)
    refused = run("cluster", "up", "--recreate")
    assert refused.exit_code == 1
    assert "the stack `local` with its database" in refused.stderr
    assert "Add --yes" in refused.stderr
    assert calls(directory) == made
    done = run("cluster", "up", "--recreate", "--yes")
    assert done.exit_code == 0, done.stderr
    assert [call.split()[0] for call in calls(directory)[len(made) :]] == ["delete", "get", "create"]


def test_what_a_deletion_takes_is_named(directory: Path, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    home = directory / "home"
    assert contents(home) == ""
    api.up(console, home=home)
    claim = {
        "metadata": {"name": "data-flagsmith-postgres-0", "namespace": "feature-flags"},
        "spec": {"resources": {"requests": {"storage": "1Gi"}}},
    }
    answers = {
        "/api/v1/namespaces": [{"metadata": {"name": name}} for name in ("default", "kube-system", "feature-flags")],
        "/api/v1/persistentvolumeclaims": [claim],
    }
    monkeypatch.setattr(rest, "get", lambda _, path: {"items": answers[path]})
    assert contents(home) == "the namespace feature-flags with the volumes data-flagsmith-postgres-0 (1Gi)."
    answers["/api/v1/namespaces"] = []
    assert contents(home) == "flagsmith-local (kind), to which nothing is deployed."


def test_a_making_that_was_interrupted_holds_nothing_and_is_made_anew(directory: Path, console: Console) -> None:
    home = directory / "home"
    state.save(home, state.ClusterRecord(kind="kind", complete=False))
    assert contents(home) == ""
    api.up(console, home=home)
    assert [call.split()[0] for call in calls(directory)] == ["delete", "get", "create"]


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


def test_the_steps_of_kind_are_shown_as_they_come_and_nothing_for_kubectl(directory: Path, console: Console) -> None:
    steps = "printf ' • Ensuring node image\\n ✓ Ensuring node image\\nkubectl cluster-info --context kind-x\\n' >&2;"
    make_kind(directory, create=steps)
    api.up(console, home=directory / "home")
    shown = told(console)
    assert "  • Ensuring node image\n" in shown.replace("   ", "  ")
    assert "✓ Ensuring node image\n" in shown
    assert "cluster-info" not in shown


@pytest.mark.parametrize(
    ("mib", "said"), [(32000, "Docker has 31.2 GiB.\n"), (3900, "Pods can be ended for want of it")]
)
def test_what_it_needs_of_memory_is_said_and_compared_with_what_docker_has(
    directory: Path, run: Run, monkeypatch: pytest.MonkeyPatch, mib: int, said: str
) -> None:
    monkeypatch.setenv("FF_STATE_DIR", str(directory / "home"))
    monkeypatch.setenv("COLUMNS", "400")
    docker_program = directory / "bin" / "docker"
    answers = docker_program.read_text().replace("info) echo 28.0", f"info) echo {mib * 1024 * 1024}")
    docker_program.write_text(answers)
    shown = run("cluster", "up")
    assert shown.exit_code == 0, shown.stderr
    assert "asks for 7.1 GiB of memory at most" in shown.stderr
    assert said in shown.stderr


def test_the_configuration_has_three_workers_in_three_zones() -> None:
    nodes = yaml.safe_load(kind.CONFIGURATION.read_text())["nodes"]
    zones = {node["labels"][rest.ZONE_LABEL] for node in nodes if node["role"] == "worker"}
    assert zones == {"local-a", "local-b", "local-c"}
    assert not any("image" in node for node in nodes)


def test_a_port_of_loopback_leads_to_the_nodes_port(directory: Path, console: Console) -> None:
    home, wanted = directory / "home", published(free_port())
    api.up(console, home=home, published=wanted)
    written = yaml.safe_load((home / "cluster" / "kind.yaml").read_text())
    (mapping,) = written["nodes"][0]["extraPortMappings"]
    expected = {"hostPort": wanted.port, "containerPort": 30080, "listenAddress": "127.0.0.1", "protocol": "TCP"}
    assert mapping == expected
    assert api.status(home=home).published == wanted


def test_a_port_that_is_taken_is_refused_before_a_cluster_is_made(directory: Path, console: Console) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = published(taken.getsockname()[1])
        with pytest.raises(OpsError, match=f"The port {wanted.port} of 127.0.0.1 is taken") as error:
            api.up(console, home=directory / "home", published=wanted)
    assert "publicUrl of Pulumi.local.yaml" in (error.value.hint or "")
    assert calls(directory) == ["get clusters"]
    assert not api.status(home=directory / "home").kind


def published(port: int) -> Published:
    url = f"http://flags.localhost:{port}"
    return Published(url=url, port=port, node_port=30080, setting="feature-flags:publicUrl of Pulumi.local.yaml")


def test_of_a_failed_creation_the_cause_is_told_and_not_a_node_s_whole_log(directory: Path, console: Console) -> None:
    log = "Command Output: I1127 loading configuration\\nI1127 more\\nerror: connection refused\\ngoroutine 1"
    make_kind(directory, create=f"printf 'ERROR: failed to init node\\n\\n{log}\\n' >&2; exit 1;")
    with pytest.raises(OpsError) as error:
        api.up(console, home=directory / "home")
    lines = [line for line in error.value.message.splitlines() if line]
    assert lines[1:] == ["ERROR: failed to init node", "error: connection refused"]
