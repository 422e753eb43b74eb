import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.engine.api import DirectEngine
from ops.engine.connection import connect
from ops.errors import OpsError
from ops.stacks import Stack
from tests.engine.conftest import PROGRAM


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
