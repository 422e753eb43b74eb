"""Every command of `ff` in every world that it may find: none ends with 0 and good news where nothing was verified."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import Result
from urllib3 import Retry

from flagops.commands.smoke import http
from tests.commands import EVERY
from tests.fake_cluster import NAMESPACE, FakeCluster, fake_cluster
from tests.flagops.commands.flags.support import EXAMPLE
from tests.flagops.commands.test_simulated import NEEDS_CONTAINERS
from tests.servers import free_port

pytestmark = pytest.mark.usefixtures("evaluated_once")
Run = Callable[..., Result]
STACK = "staging"
# Whether there is a cluster that answers, and what it has.
WORLDS = ("no kubeconfig", "dead API server", "nothing deployed", "empty namespace", "simulated nodes")

# Beside those of NEEDS_CONTAINERS, what asks a cluster: in none of the worlds is there what it is for.
ASKS_THE_CLUSTER = {
    "up": ("up --yes --engine direct",),
    "preview": ("preview --engine direct",),
    "down": ("down --yes --engine direct",),
    "render": ("render --out {home}/rendered --show-secrets",),
    "env": ("env --show-secrets",),
    "status": ("status", "status --json"),
    "doctor": ("doctor",),
    "admin password": ("admin password",),
    "secrets list": ("secrets list", "secrets list --json"),
}
# What reads files alone, and its last line, which is the same whether there is a cluster or none. This machine has none
# of its own.
READS_FILES = {
    "render --out {home}/rendered": r"\d+ files of the stack 'staging' are in .*/rendered\.",
    "env --generate": r"export \w+=.*|Left out, for they name files that only the pod has: .*",
    "completion bash": r"complete -o default -F _ff_completion ff",
    "docs --check": r"components/package/arguments\.py is up to date\.",
    "policy list": r"[a-z-]+ +(advisory|mandatory) .*",
    "policy check --stack staging": r"No rule is broken\.",
    "flags validate": r"flags/catalogue\.yaml is right: \d+ flags and \d+ segments for .*",
    "capacity --browsers 100000": r"PostgreSQL's part of a request, .* were not measured apart\.",
    "capacity --browsers 100000 --json": r"\}",
    "flags schema": r"\}",
    "flags document --environment staging": r"\}",
    "flags codegen --python {home}/flags.py": r".*/flags\.py was written\.",
    "flags references {home}/source": r"  [a-z_]+",
    "flags promote development staging --catalogue {home}/catalogue.yaml": r"Review and commit it; .*",
    "flags rollout new ml_model_v2_enabled --stage 5,6h --catalogue {home}/catalogue.yaml": r"Review and commit it; .*",
    "images list": r"\S+ +(not locked|locked|settings) +\S+.*",
    "cluster down": r"There is no local cluster\.",
    "cluster forget": r"There is none\.",
}
MACHINE_WITHOUT_CLUSTER = {
    "cluster status": r"There is no local cluster\. Make one with: ff cluster up",
    "cluster kubeconfig": r"Make one with `ff cluster up`\.",
}
# What says why, where it is the same for all that asks.
WHY = {"no kubeconfig": "There is no kubeconfig at ", "dead API server": "cannot be reached"}
SIMULATED = f"Nothing runs in the stack '{STACK}': the nodes in context '{STACK}' are simulated"
ELSEWHERE = {
    "cluster up": "makes a world of its own: tests/flagops/local_cluster",
    "flags rollout test": "asks a Prometheus alone: tests/flagops/commands/flags/test_backtest.py",
    "flags serve": "serves until it is ended, and asks no cluster: tests/flagops/serving",
    "init": "makes a project, and asks no cluster: tests/flagops/commands/init, tests/installed",
    "images lock": "asks registries alone: tests/flagops/commands/images",
}
GOOD_NEWS = re.compile(
    r"^ *(Deployed:|Removed:|Applied |Nothing to do|.* (is|was|are|were) (renewed|written|removed)\.)", re.MULTILINE
)


@dataclass(frozen=True)
class World:
    """What a command finds.

    Attributes:
        name: One of WORLDS.
        home: A directory for what it writes.
        cluster: What answers.
    """

    name: str
    home: Path
    cluster: FakeCluster | None


IN_CONTAINERS = [line for lines in NEEDS_CONTAINERS.values() for line in lines]
ASKING = [line for table in (NEEDS_CONTAINERS, ASKS_THE_CLUSTER) for lines in table.values() for line in lines]


def command_of(line: str) -> str:
    """The command that a line calls."""
    words = line.split()
    return next(name for length in (1, 2, 3) if (name := " ".join(words[:length])) in EVERY)


@pytest.fixture
def evaluated() -> dict[str, bytes]:
    """Nothing of another world, or what the program asks a cluster would be asked in the first world alone."""
    return {}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("machine")
    (made / "bin").mkdir()
    (made / "source").mkdir()
    (made / "source" / "program.py").write_text("nothing = 1\n", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def clusters() -> Iterator[dict[str, FakeCluster]]:
    """What each world's kubeconfig names."""
    with fake_cluster() as nothing, fake_cluster() as empty, fake_cluster() as simulated:
        for cluster in (empty, simulated):
            cluster.add("v1", "Namespace", NAMESPACE)
        simulated.add("v1", "Node", "simulated-1", metadata={"annotations": {"kwok.x-k8s.io/node": "fake"}})
        dead = FakeCluster(free_port())
        yield dict(zip(WORLDS[1:], (dead, nothing, empty, simulated), strict=True))


@pytest.fixture(params=WORLDS)
def world(
    request: pytest.FixtureRequest,
    home: Path,
    clusters: dict[str, FakeCluster],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A world, on a machine without Docker, Pulumi and a local cluster."""
    cluster = clusters.get(request.param)
    if cluster is not None:
        cluster.kubeconfig(tmp_path / "kubeconfig", STACK)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("FF_STATE_DIR", str(home / "state"))
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.setattr(http, "START_SECONDS", 0.1)
    monkeypatch.setattr(Retry, "get_backoff_time", lambda _: 0.0)
    return World(request.param, home, cluster)


def called(run: Run, world: World, line: str) -> Result:
    """The line with the stack of somebody's own cluster, where the command takes one."""
    takes_stack = any(option.name == "stack" for option in EVERY[command_of(line)].params)
    words = line.format(home=world.home).split()
    return run(*words, *(["--stack", STACK] if takes_stack and "--stack" not in words else []))


def last_line(result: Result) -> str:
    return (result.stderr.strip() or result.stdout.strip()).splitlines()[-1]


def test_every_command_has_its_line_here() -> None:
    lines = [*ASKING, *READS_FILES, *MACHINE_WITHOUT_CLUSTER]
    assert {command_of(line) for line in lines} | set(ELSEWHERE) == set(EVERY)


def test_what_asks_a_cluster_ends_with_1_and_says_why(run: Run, world: World, subtests: pytest.Subtests) -> None:
    for line in ASKING:
        with subtests.test(line):
            result = called(run, world, line)
            said = result.stdout + result.stderr
            assert result.exit_code == 1, said
            assert said.count("Error: ") <= 1, said
            assert "Traceback" not in said
            assert not GOOD_NEWS.search(said), said
            assert last_line(result)
            assert WHY.get(world.name, "") in said
            assert SIMULATED in said or world.name != "simulated nodes" or line not in IN_CONTAINERS
    assert not (world.home / "rendered" / "secrets.yaml").exists()


@pytest.mark.parametrize("world", ["no kubeconfig", "simulated nodes"], indirect=True)
def test_what_reads_files_alone_says_what_it_read(run: Run, world: World, subtests: pytest.Subtests) -> None:
    already = [*world.cluster.asked] if world.cluster else []
    (world.home / "flags.py").unlink(missing_ok=True)
    shutil.copy(EXAMPLE, world.home / "catalogue.yaml")
    for line, expected in READS_FILES.items():
        with subtests.test(line):
            result = called(run, world, line)
            assert result.exit_code == 0, result.stderr
            assert re.fullmatch(expected, last_line(result)), last_line(result)
            assert not world.cluster or world.cluster.asked == already


def test_a_machine_without_a_local_cluster_is_no_success(run: Run, world: World, subtests: pytest.Subtests) -> None:
    for line, expected in MACHINE_WITHOUT_CLUSTER.items():
        with subtests.test(line):
            result = called(run, world, line)
            assert result.exit_code == 1
            assert re.fullmatch(expected, last_line(result)), last_line(result)
