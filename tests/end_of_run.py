"""The last words of a test run: what packages of the system the tests need that were skipped."""

import re

import pytest

INSTALL = re.compile(r"sudo apt-get install ([\w.-]+)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line with the one command. In CI such a test has failed."""
    reports = [*terminalreporter.stats.get("skipped", []), *terminalreporter.stats.get("failed", [])]
    packages = sorted({name for report in reports for name in INSTALL.findall(str(report.longrepr))})
    if packages:
        terminalreporter.write_line(f"What was skipped needs: sudo apt-get install {' '.join(packages)}", yellow=True)
