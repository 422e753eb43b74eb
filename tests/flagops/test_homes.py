"""A user without a home directory, as in many containers: what would be there is not there, and is no surprise."""

import pwd
from pathlib import Path

import pytest

from flagops.commands.images.credentials import login_for
from flagops.engines.pulumi_cli.find import find
from flagops.errors import NoAccessError, NotFoundError
from flagops.kubernetes.connection import connect
from flagops.local_cluster.paths import cache_home, state_home
from tests.recording import ROOT

PLACES = {"flagops/homes.py", "flagops/local_cluster/paths.py"}


@pytest.fixture(autouse=True)
def homeless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "HOME",
        "XDG_STATE_HOME",
        "XDG_CACHE_HOME",
        "FF_STATE_DIR",
        "FF_CACHE_DIR",
        "KUBECONFIG",
        "DOCKER_CONFIG",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    def unknown(_: object) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)


def test_what_would_be_in_it_is_not_there() -> None:
    assert find() is None
    assert login_for("docker.io") is None
    with pytest.raises(NoAccessError, match=r"There is no kubeconfig at ~/\.kube/config") as caught:
        connect(None, "somewhere")
    assert str(caught.value.hint).startswith("Set KUBECONFIG")


def test_somebody_else_s_that_is_not_there_is_no_surprise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "~nobody-of-that-name/config")
    with pytest.raises(NoAccessError, match="There is no kubeconfig at ~nobody-of-that-name/config"):
        connect(None, "somewhere")
    monkeypatch.setenv("FF_STATE_DIR", "~nobody-of-that-name/state")
    with pytest.raises(NotFoundError, match="FF_STATE_DIR is ~nobody-of-that-name/state, and there is no such home"):
        state_home()


def test_where_ff_keeps_something_it_says_which_variable_names_another_place() -> None:
    for asked, variable in ((state_home, "FF_STATE_DIR"), (cache_home, "FF_CACHE_DIR")):
        with pytest.raises(NotFoundError, match=f"Your user has no home directory, and {variable} is not set"):
            asked()


def test_a_home_directory_is_looked_for_in_few_places() -> None:
    asking = ("expanduser(", "Path.home(", "platformdirs.")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "flagops").rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in asking)
    }
    assert found == PLACES
