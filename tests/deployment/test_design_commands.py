"""The design's commands, typed as they stand, on the deployed platform (those that simulated nodes can answer)."""

import os
import shlex
import subprocess
from collections.abc import Callable

import pytest

from tests.platform import Platform
from tests.test_from_the_design import COMMANDS

pytestmark = pytest.mark.cluster

# Nothing runs in the pods of simulated nodes: no exec, no logs, no port-forward.
ANSWERABLE = [command for command in COMMANDS if command.split()[1] in {"get", "rollout"}]


@pytest.fixture
def published(platform: Platform) -> Platform:
    """The platform with an Ingress, which the design takes for granted and the stack `local` does without."""
    platform.ensure({"ingress": {"className": "traefik", "tls": {"from": "none"}}})
    return platform


@pytest.mark.parametrize("command", ANSWERABLE)
def test_a_command_runs_as_it_stands(program: Callable[[str, str], str], published: Platform, command: str) -> None:
    program("kubectl", "kubernetes-client")
    shell = ["bash", "-o", "pipefail", "-c", command] if "|" in command else shlex.split(command)
    environment = {**os.environ, "KUBECONFIG": str(published.cluster.kubeconfig)}
    result = subprocess.run(shell, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip()
    assert "No resources found" not in result.stderr


def test_there_are_commands_to_run() -> None:
    assert len(ANSWERABLE) == 5
