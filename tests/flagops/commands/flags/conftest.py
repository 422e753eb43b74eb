"""Fixtures of the tests that reconcile a catalogue with a server."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flagops.commands.flags.rollout import found
from flagops.flagsmith_api.client import FlagsmithClient
from tests.flagops.commands.flags.rolling import Rolling
from tests.flagops.commands.flags.support import API_KEY, EXAMPLE, RELEASES, URL, Once, Project, Run, example, project


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The double need not be spared: the rate is the client's, and has a test of its own."""
    if URL not in os.environ:
        monkeypatch.setattr(FlagsmithClient, "limit_rate", lambda *_: None)
        monkeypatch.setattr(found, "SETTLED_SECONDS", 0)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty project."""
    if URL not in os.environ:
        monkeypatch.setenv("FLAGSMITH_API_KEY", API_KEY)
    with project() as made:
        yield made


@pytest.fixture(scope="session")
def once() -> Once:
    """Apply to an empty project once, and have later projects hold a copy of what that made, and its notes."""
    return Once()


@pytest.fixture
def applied(server: Project, run: Run, once: Once) -> Project:
    """A project that has the example catalogue."""
    return once(server, lambda: run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes"))


@pytest.fixture
def rolling(server: Project, run: Run, tmp_path: Path) -> Rolling:
    """A rollout that an apply brought, whose first step is due."""
    made = Rolling(server, run, tmp_path)
    done = made.apply()
    assert done.exit_code == 0, done.stderr
    return made


@pytest.fixture(params=RELEASES)
def each_release(server: Project, request: pytest.FixtureRequest) -> str:
    """The server is of a release that sets a flag in an environment by one request, and of one that does not."""
    if server.double is not None:
        server.double.version = request.param
    elif request.param != RELEASES[0]:
        pytest.skip("a real server is of one release")
    return str(request.param)


@pytest.fixture
def repository(tmp_path: Path) -> Callable[[Callable[[str], str]], Path]:
    """A repository with the example committed; its catalogue is then changed."""

    def git(*words: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True, capture_output=True)

    git("init", "-q")
    example(tmp_path)
    git("add", ".")
    git("commit", "-q", "-m", "One")

    def change(edit: Callable[[str], str]) -> Path:
        return example(tmp_path, edit)

    return change
