import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from flagops.engines.direct.api import DirectEngine
from flagops.errors import NoAccessError, OpsError
from flagops.kubernetes.connection import connect
from flagops.stacks.files import Stack
from tests.flagops.engines.conftest import PROGRAM


def kubeconfig(path: Path, server: str = "http://127.0.0.1:1") -> Path:
    names = "".join(f"- {{name: {n}, context: {{cluster: c, user: u}}}}\n" for n in ("east", "west"))
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: east\nusers: [{name: u, user: {}}]\n"
        f"clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\ncontexts:\n{names}"
    )
    return path


def test_an_unknown_context_is_an_error_naming_those_there(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match="no context 'north'; it has: east, west"):
        connect(kubeconfig(tmp_path / "config"), "north")


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(OpsError, match=r"no kubeconfig at .*/absent"):
        connect(tmp_path / "absent", "east")


def test_kubeconfig_of_the_environment_counts_when_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path / "config", "http://127.0.0.1:12345")))
    assert connect(None, "west").configuration.host == "http://127.0.0.1:12345"


def test_a_cluster_that_cannot_be_reached_is_one_clear_error(tmp_path: Path, sample: Callable[..., Stack]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{unused.getsockname()[1]}"
        engine = DirectEngine(PROGRAM, sample(), kubeconfig(tmp_path / "config", server), "west")
        for run in (engine.preview, engine.up, engine.down):
            with pytest.raises(OpsError, match=f"The cluster at {server} cannot be reached: .*refused"):
                run()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("clusters: ]\ntoken: s3cret", r"is not valid YAML \(line 1\)"),
        ("just some words\n", "is not a kubeconfig"),
        ("apiVersion: v1\nkind: Config\n", "names no clusters"),
        ("contexts: east\n", "`contexts:` of .* must be a list"),
        ("", "is not a kubeconfig"),
    ],
)
def test_a_file_that_is_no_kubeconfig_is_named_with_what_is_wrong(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(NoAccessError, match=problem) as error:
        connect(path, "east")
    assert str(path) in error.value.message
    assert "s3cret" not in error.value.message
    assert "KUBECONFIG" in (error.value.hint or "")


def test_a_directory_and_bytes_are_no_kubeconfig(tmp_path: Path) -> None:
    with pytest.raises(NoAccessError, match="Is a directory"):
        connect(tmp_path, "east")
    (tmp_path / "config").write_bytes(b"\xff\xfe")
    with pytest.raises(NoAccessError, match="is not text"):
        connect(tmp_path / "config", "east")


def test_a_kubeconfig_without_a_current_context_is_fine(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "config", "http://127.0.0.1:12345")
    path.write_text(path.read_text().replace("current-context: east\n", ""))
    assert connect(path, "west").configuration.host == "http://127.0.0.1:12345"


@pytest.mark.parametrize(
    ("command", "problem"),
    [("no-such-plugin", "needs the credential plugin 'no-such-plugin'"), ("false", "'false' .* gave no credentials")],
)
def test_a_credential_plugin_that_is_missing_or_fails_is_named(tmp_path: Path, command: str, problem: str) -> None:
    path = kubeconfig(tmp_path / "config")
    plugin = f"{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: '{command}'}}}}"
    path.write_text(path.read_text().replace("user: {}}]", f"user: {plugin}}}]"))
    with pytest.raises(NoAccessError, match=problem):
        connect(path, "west")
