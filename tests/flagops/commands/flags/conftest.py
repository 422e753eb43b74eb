"""Fixtures of the tests that reconcile a catalogue with a server."""

import os
from collections.abc import Iterator

import pytest

from flagops.flagsmith_api.client import FlagsmithClient
from tests.flagops.commands.flags.support import API_KEY, EXAMPLE, RELEASES, URL, Project, Run, project


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The double need not be spared: the rate is the client's, and has a test of its own."""
    if URL not in os.environ:
        monkeypatch.setattr(FlagsmithClient, "limit_rate", lambda *_: None)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """An empty project."""
    if URL not in os.environ:
        monkeypatch.setenv("FLAGSMITH_API_KEY", API_KEY)
    with project() as made:
        yield made


@pytest.fixture
def applied(server: Project, run: Run) -> Project:
    """A project that has the example catalogue."""
    done = run("flags", "apply", str(EXAMPLE), "--url", server.url, "--yes")
    assert done.exit_code == 0, done.stderr
    return server


@pytest.fixture(params=RELEASES)
def each_release(server: Project, request: pytest.FixtureRequest) -> str:
    """The server is of a release that sets a flag in an environment by one request, and of one that does not."""
    if server.double is not None:
        server.double.version = request.param
    elif request.param != RELEASES[0]:
        pytest.skip("a real server is of one release")
    return str(request.param)
