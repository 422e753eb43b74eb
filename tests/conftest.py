"""What all tests share."""

import os
import shutil
from collections.abc import Callable, Generator

import pytest

pytest_plugins = ["tests.fixtures_cluster"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, which installs all that the tests need, a test that skips itself has failed."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and in CI nothing may be: {report.longrepr}"
    return report


@pytest.fixture
def program() -> Callable[[str, str], str]:
    """Find a program of the system; skip the test, naming the package to install, where it is missing."""

    def find(name: str, package: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"{name} is not installed: sudo apt-get install {package}")
        return path

    return find
