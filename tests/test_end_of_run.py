"""What a test run says at its end about what was missing."""

import subprocess
import sys
from pathlib import Path

from tests.recording import ROOT

SKIPPING = """
import pytest

@pytest.mark.parametrize("package", ["redis-server", "chromium", "redis-server"])
def test_something(package):
    pytest.skip(f"it is not installed: sudo apt-get install {package}")
"""


def test_the_packages_that_skipped_tests_need_are_named_in_one_line_with_the_command(tmp_path: Path) -> None:
    (tmp_path / "test_skipping.py").write_text(SKIPPING, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.end_of_run", "-c", "/dev/null", str(tmp_path)]
    for more in ([], ["-n", "2"]):
        done = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
        assert done.stdout.count("What was skipped needs: sudo apt-get install chromium redis-server\n") == 1, (
            done.stdout
        )
        assert "3 skipped" in done.stdout
