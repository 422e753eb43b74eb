"""What is said of a Docker that is not there, does not answer or is another machine's, before anything is built."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from flagops.local_cluster import docker
from flagops.local_cluster.docker import DockerError
from tests.flagops.local_cluster.programs import make_program

Run = Callable[..., Result]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only directory on PATH, and nothing made or built anywhere else."""
    for variable in ("DOCKER_HOST", "KUBEBUILDER_ASSETS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin-of-nobody")
    monkeypatch.setenv("FF_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FF_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "bin"


def make_docker(programs: Path, *, info: str, host: str = "unix:///var/run/docker.sock") -> None:
    make_program(programs, "docker", f'case "$1" in context) echo "{host}";; *) {info};; esac')


STOPPED = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
DENIED = (
    "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: "
    "dial unix /var/run/docker.sock: connect: permission denied"
)


@pytest.mark.parametrize(
    ("info", "why"),
    [
        (f"echo '{STOPPED}' >&2; exit 1", "it is stopped"),
        (f"echo '{DENIED}' >&2; exit 1", "you may not use it"),
        ("echo 'something odd' >&2; exit 1", "something odd."),
        ("exit 1", "it says nothing"),
        ("exec /bin/sleep 60", "`docker info` has not ended after 1 s"),
    ],
)
def test_a_docker_that_does_not_answer_is_told_with_the_choices_and_nothing_is_built(
    programs: Path, run: Run, monkeypatch: pytest.MonkeyPatch, info: str, why: str
) -> None:
    monkeypatch.setattr(docker, "DOCKER_SECONDS", 1.0)
    make_docker(programs, info=info)
    result = run("cluster", "up")
    assert result.exit_code == 1
    assert f"Docker is installed and does not answer: {why}" in result.stderr
    assert "Nothing was built or made." in result.stderr
    for choice in ("Start Docker", "ff cluster up --simulated", "about 12 minutes", "no page, no log-in, no flags"):
        assert choice in result.stderr
    assert "ff up --stack local --context NAME" in result.stderr
    assert result.stdout == ""
    assert not (programs.parent / "cache").exists()
    assert not (programs.parent / "state" / "cluster").exists()


def test_where_all_is_built_the_choice_says_how_soon_it_is_there(
    programs: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_docker(programs, info="exit 1")
    monkeypatch.setattr("flagops.local_cluster.choice._is_built", lambda: True)
    assert "is there in about 5 s" in run("cluster", "up").stderr


@pytest.mark.parametrize("host", ["ssh://me@far.example.com", "tcp://10.0.0.7:2376", "tcp://docker.example.com:2376"])
@pytest.mark.parametrize("by", ["variable", "context"])
def test_another_machine_s_docker_is_refused_in_words(
    programs: Path, run: Run, monkeypatch: pytest.MonkeyPatch, host: str, by: str
) -> None:
    make_docker(programs, info="echo 28.0", host=host if by == "context" else "unix:///var/run/docker.sock")
    if by == "variable":
        monkeypatch.setenv("DOCKER_HOST", host)
    result = run("cluster", "up")
    assert result.exit_code == 1
    assert f"Docker runs on another machine ({host})" in result.stderr
    assert "Unset DOCKER_HOST" in result.stderr
    assert "ff cluster up --simulated" in result.stderr


@pytest.mark.parametrize(
    "host",
    [
        "unix:///run/user/1000/docker.sock",
        "npipe:////./pipe/docker",
        "tcp://127.0.0.1:2375",
        "tcp://localhost:2375",
        "",
    ],
)
def test_a_docker_of_this_machine_is_taken(programs: Path, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    make_docker(programs, info="echo 28.0")
    monkeypatch.setenv("DOCKER_HOST", host)
    docker.require()


def test_a_docker_without_contexts_counts_by_its_answer(programs: Path) -> None:
    make_program(programs, "docker", 'case "$1" in context) echo unknown command >&2; exit 125;; *) echo 5.0;; esac')
    docker.require()


def test_without_docker_kind_is_refused_and_says_what_else_there_is(programs: Path, run: Run) -> None:
    assert not programs.exists()
    assert not docker.is_installed()
    with pytest.raises(DockerError, match="Docker is not installed"):
        docker.require()
    result = run("cluster", "up", "--kind")
    assert result.exit_code == 1
    assert "Docker is not installed" in result.stderr
    assert "ff cluster up --simulated" in result.stderr
