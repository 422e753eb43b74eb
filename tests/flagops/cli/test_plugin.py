"""`kubectl flagsmith …` is the same code as `ff …`."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

VERSION = "0.1.0"


def test_kubectl_finds_the_command(program: Callable[[str, str], str]) -> None:
    kubectl = program("kubectl", "kubernetes-client")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for arguments, expected in ((("--version",), VERSION), (("db", "--help"), "restore")):
        done = subprocess.run(
            [kubectl, "flagsmith", *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout


def test_its_errors_and_exit_codes_are_the_command_s_own(program: Callable[[str, str], str]) -> None:
    kubectl = program("kubectl", "kubernetes-client")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [kubectl, "flagsmith", "status", "--stack", "nowhere"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "There is no stack 'nowhere'" in done.stderr
