"""`ff shell` and `ff db psql` on a real terminal (a pseudo-terminal's), and without one."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from typer.testing import Result

from flagops.errors import OpsError
from flagops.pods.pods import PodComponent, container, running
from flagops.stacks.deployed import Instance
from tests.containers import Containers
from tests.recording import ROOT

pytestmark = pytest.mark.cluster
Run = Callable[..., Result]
SECONDS = 30
COMMAND = """
import sys
from pathlib import Path
from flagops.stacks import target
from flagops.cli import main
from flagops.project import root
from flagops.stacks.files import load_stack
kubeconfig, context, *sys.argv[1:] = sys.argv[1:]
place = target.StackTarget(load_stack("local", root()), context, Path(kubeconfig))
target.find = lambda _: place
main()
"""


class Terminal:
    """A person in front of `ff` with these arguments."""

    def __init__(self, instance: Instance, *arguments: str) -> None:
        self._screen, keyboard = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, str(instance.kubeconfig), instance.context, *arguments],
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
            cwd=ROOT,
            start_new_session=True,
        )
        os.close(keyboard)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + SECONDS
        while text not in self.seen:
            ready, _, _ = select.select([self._screen], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                pytest.fail(f"{text!r} was not shown within {SECONDS} s, but: {self.seen!r}")
            try:
                self.seen += os.read(self._screen, 4096).decode(errors="replace")
            except OSError:
                pytest.fail(f"it ended before {text!r} was shown: {self.seen!r}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._screen)


@pytest.fixture
def terminal(instance: Instance) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        opened.append(Terminal(instance, *arguments))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def test_a_shell_runs_what_is_typed_and_ends_with_exit(terminal: Callable[..., Terminal]) -> None:
    shell = terminal("shell")
    shell.wait_for("# " if os.geteuid() == 0 else "$ ")
    shell.type("echo sum=$((20 + 22))\n")
    shell.wait_for("sum=42")
    shell.type("exit\n")
    assert shell.process.wait(timeout=SECONDS) == 0


@pytest.mark.usefixtures("database")
def test_psql_is_the_database_s_own(terminal: Callable[..., Terminal]) -> None:
    prompt = terminal("db", "psql")
    # No `#`, as a superuser has it.
    prompt.wait_for("flagsmith=>")
    prompt.type("SELECT 6 * 7 AS answer;\n")
    prompt.wait_for("42")
    prompt.type("\\q\n")
    assert prompt.process.wait(timeout=SECONDS) == 0


@pytest.mark.usefixtures("database")
def test_the_superuser_s_prompt_is_asked_for_and_in_a_database_of_the_server_s_own(
    terminal: Callable[..., Terminal],
) -> None:
    prompt = terminal("db", "psql", "--superuser")
    prompt.wait_for("postgres=#")
    prompt.type("SHOW search_path;\n")
    prompt.wait_for("pg_catalog,pg_temp")
    prompt.type("\\q\n")
    assert prompt.process.wait(timeout=SECONDS) == 0


@pytest.mark.usefixtures("instance")
@pytest.mark.parametrize("command", [("shell",), ("db", "psql")])
def test_without_a_terminal_the_command_for_scripts_is_named(run: Run, command: tuple[str, ...]) -> None:
    shown = run(*command)
    assert shown.exit_code == 1
    assert "needs a terminal, and there is none" in shown.stderr
    assert "--context flagsmith-local -n feature-flags exec" in shown.stderr.replace("\n", " ")


def test_a_container_that_is_not_there_is_refused_with_those_there_are(
    instance: Instance, containers: Containers
) -> None:
    pod = running(instance, PodComponent.API)
    with pytest.raises(OpsError, match="has no container 'sidecar'; it has: flagsmith"):
        container(pod, "sidecar")
    assert containers.api_port
