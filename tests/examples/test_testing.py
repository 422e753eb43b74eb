"""The examples of tests with flags, for pytest and for Node's own runner, pass as they are."""

import os
import subprocess
import sys
from pathlib import Path

from tests.examples.conftest import EXAMPLES, SECONDS, node

BIN = Path(sys.executable).parent


def ran(command: list[str], home: Path, **environment: str) -> str:
    """What a program prints that can find `ff`; it must end well."""
    environment |= {"PATH": f"{BIN}:{os.environ['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pytest_sees_every_state_of_a_flag(tmp_path: Path) -> None:
    options = ["-v", "-p", "no:cacheprovider", f"--basetemp={tmp_path / 'base'}", f"--rootdir={EXAMPLES / 'testing'}"]
    found = ran([sys.executable, "-m", "pytest", *options, "-c", os.devnull, "."], EXAMPLES / "testing")
    for state in ("off", "control", "variant_a", "variant_b"):
        assert f"test_every_state_has_a_title[{state}] PASSED" in found
    for state in ("off", "on"):
        assert f"test_a_flag_without_variations_is_on_or_off[{state}] PASSED" in found


def test_node_s_own_runner_has_flags_too_and_leaves_nothing(tmp_path: Path) -> None:
    program = node("node")
    command = [program, "--test", "--test-force-exit", "test/flags.test.js"]
    found = ran(command, EXAMPLES / "node", TMPDIR=str(tmp_path))
    assert "fail 0" in found
    assert "pass 1" in found
    assert list(tmp_path.iterdir()) == []
