"""`ff` as a process: it says what it can do, and ends as a process should."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

FF = Path(sys.executable).with_name("ff")


def test_help_lists_every_command() -> None:
    result = subprocess.run([FF, "--help"], capture_output=True, text=True, check=True)
    for command in ("up", "preview", "down", "render", "cluster", "docs"):
        assert f" {command} " in result.stdout


def test_version_is_the_package_s_and_names_the_commit() -> None:
    result = subprocess.run([FF, "--version"], capture_output=True, text=True, check=True)
    head = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True)
    assert result.stdout.strip().removesuffix(", changed)").removesuffix(")") == (
        f"{version('feature-flags')} (commit {head.stdout.strip()}"
    )


def test_wrong_usage_exits_with_2() -> None:
    result = subprocess.run([FF, "upp"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "No such command" in result.stderr


def test_unknown_stack_is_an_error_that_lists_the_known_ones() -> None:
    result = subprocess.run([FF, "preview", "--stack", "nowhere"], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "There is no stack 'nowhere'" in result.stderr
    assert "production" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
