"""What all tests share."""

import gc
import os
import shutil
import ssl
from collections.abc import Callable, Generator, Iterator
from functools import cache
from typing import Any
from unittest import mock

import httpx
import pytest
from pulumi.runtime.proto import source_pb2
from typer.testing import CliRunner, Result

from components.monitoring.dashboards import build
from flagops import console
from flagops.cli import app
from flagops.kubernetes import masking
from flagops.project import VARIABLE
from tests.pulumi_shortcuts import SHORTCUTS, replaced

# Python looks for circles of objects after every 700 new ones, through all that a session of tests holds: a fifth of
# the time of evaluating the program.
gc.set_threshold(50_000, 20, 50)

# What a developer's shell says of a project is not for the tests.
os.environ.pop(VARIABLE, None)

pytest_plugins = [
    "tests.temporary",
    "tests.kept",
    "tests.fixtures_cluster",
    "tests.crds",
    "tests.cloudnative_pg",
    "tests.evaluated",
    "tests.end_of_run",
    "tests.slow",
    "tests.rewritten",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where `pytest tests/smoke` finds the Flagsmith to test."""
    group = parser.getgroup("smoke", "smoke tests")
    group.addoption("--url", help="the Flagsmith to test; without it, the double")
    group.addoption("--environment", help="an environment of it; needs FLAGSMITH_API_KEY")
    group.addoption("--environment-key", help="an environment's client-side key")
    group.addoption("--expect-version", help="the release it has to be")
    group.addoption("--skip", action="append", help="a check to leave out; repeat for more")


@cache
def public_authorities() -> ssl.SSLContext:
    """Theirs alone, whatever a test's variables name when the first client is made."""
    return httpx.create_ssl_context(trust_env=False)


def _certificates(verify: Any = True, cert: Any = None, trust_env: bool = True) -> ssl.SSLContext:
    is_own = trust_env and (os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"))
    if verify is True and cert is None and not is_own:
        return public_authorities()
    return httpx.create_ssl_context(verify, cert, trust_env)


@pytest.fixture(scope="session", autouse=True)
def _certificates_of_the_authorities_are_read_once() -> Iterator[None]:
    """Each client of httpx reads them when it is made, for plain HTTP too: ten times what a request takes."""
    with mock.patch("httpx._transports.default.create_ssl_context", _certificates):
        yield


@pytest.fixture(scope="session", autouse=True)
def _evaluations_without_what_is_the_same_each_time() -> Iterator[None]:
    """Nobody here reads from which line of the program a resource comes; to tell it took a sixth of an evaluation.

    To build the dashboards took a twentieth, and most stacks have the same. tests/pulumi_shortcuts.py has the rest.
    """
    with (
        mock.patch("pulumi.runtime.resource._get_stack_trace", source_pb2.StackTrace),
        mock.patch.object(build, "documents", cache(build.documents)),
        replaced(SHORTCUTS),
    ):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, which installs all that the tests need, a test that skips itself has failed."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and in CI nothing may be: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def program() -> Callable[[str, str], str]:
    """Find a program of the system; skip the test, naming the package to install, where it is missing."""

    def find(name: str, package: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is not installed: sudo apt-get install {package}")
        return path

    return find


@pytest.fixture
def run() -> Iterator[Callable[..., Result]]:
    """Run `ff` with these arguments in this process; `given` is typed at its prompts.

    It knows of no secret that other tests read: one run of `ff` reads a few, a session thousands, each with its forms.
    """

    def invoke(*arguments: str, given: str | None = None) -> Result:
        # The consoles are shared and hold on to the streams of the run in which they were first used.
        console.progress.cache_clear()
        console.output.cache_clear()
        return CliRunner(env={"COLUMNS": "400"}).invoke(app, arguments, input=given, catch_exceptions=False)

    with mock.patch.object(masking, "_learnt", set()):
        yield invoke
    console.progress.cache_clear()
    console.output.cache_clear()
