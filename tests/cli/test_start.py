"""`ff` as a process: it starts quickly, since it imports nothing heavy, and says what it can do."""

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

FF = Path(sys.executable).with_name("ff")
HEAVY = ("kubernetes", "pulumi", "pulumi_kubernetes", "cryptography", "httpx", "components")


def test_help_lists_every_command() -> None:
    result = subprocess.run([FF, "--help"], capture_output=True, text=True, check=True)
    for command in ("up", "preview", "down", "render", "cluster", "docs"):
        assert f" {command} " in result.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["up", "--help"], ["cluster", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    program = (
        "import json, sys\n"
        "from flagops.cli import main\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    assert not set(json.loads(result.stderr.splitlines()[-1])) & set(HEAVY)


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
