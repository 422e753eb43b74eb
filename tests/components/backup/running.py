"""Containers of a pod as processes of this machine, and how they ended."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import Any

Done = subprocess.CompletedProcess[str]


@dataclass
class Container:
    """A container that runs: the processes of one group on this machine."""

    process: subprocess.Popen[str]

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End all of it, as a kubelet does."""
        os.killpg(self.process.pid, how)

    def ended(self, seconds: float = 120) -> Done:
        """How it ended."""
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            self.process.communicate()
            raise
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, err)


def pod(*containers: Container) -> Done:
    """How containers side by side ended: well if each did, and what they said, the last one last."""
    done = [container.ended() for container in containers]
    code = next((one.returncode for one in done if one.returncode), 0)
    return subprocess.CompletedProcess(
        "pod", code, "".join(one.stdout for one in done), "".join(one.stderr for one in done)
    )


def succeeded(done: Done) -> Done:
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def last(done: Done) -> Any:
    """The JSON document of the last line."""
    return json.loads(done.stdout.strip().splitlines()[-1])
