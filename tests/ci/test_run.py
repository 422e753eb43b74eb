"""`.ci/run` installs each package of the system that a test would be skipped without: in CI that is a failure."""

import ast
import re
from collections.abc import Iterator

from tests.components.monitoring.exporters import PACKAGES
from tests.end_of_run import INSTALL
from tests.recording import ROOT

BASICS = {"git", "bash"}
"""Whoever has checked the repository out and started the script has these."""

NOT_A_TEST_S = {"tests/flagops/engines/test_state.py", "tests/test_end_of_run.py"}
"""A function of the same name, and packages that are only spoken of."""


def needed() -> Iterator[str]:
    """The packages that tests name when they skip themselves."""
    yield from PACKAGES.values()
    for path in (ROOT / "tests").rglob("*.py"):
        if str(path.relative_to(ROOT)) not in NOT_A_TEST_S:
            text = path.read_text(encoding="utf-8")
            yield from INSTALL.findall(text)
            yield from packages(text)


def packages(text: str) -> Iterator[str]:
    """What a test asks the fixture `program` for."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Call(func=ast.Name(id="program"), args=[ast.Constant(), ast.Constant(value=str(package))]):
                yield package


def test_ci_installs_whatever_a_test_needs() -> None:
    installed = set(re.findall(r"missing\+=\(([\w.-]+)\)", (ROOT / ".ci" / "run").read_text(encoding="utf-8")))
    found = set(needed())
    assert {"redis-server", "zsh", "kubernetes-client"} <= found, "it reads nothing"
    assert found - BASICS - installed == set()


def test_a_package_is_seen() -> None:
    assert list(packages('found = [program("kubectl", "kubernetes-client"), other("a", "b")]')) == ["kubernetes-client"]
