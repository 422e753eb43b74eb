"""Answers many inputs, each in a process of its own, and measures what each answer took.

Reads a list of jobs in JSON from each line of its standard input and prints the answers to them in JSON, on one line:
`python -m tests.bad_input.worker`.
A job is a command of `ff` with its arguments, or `read` with the name of a reader and a path. A process of its own is
a fork of this one, which has imported what it needs: what is measured is what the input costs.
"""

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import components.settings.load
import flagops.commands.env.command
import flagops.commands.flags.catalogue.rules
from components.settings import SettingsError, parse, read_lock
from components.text.quoting import lines
from flagops.cli import main
from flagops.commands.flags.catalogue.options import read as read_catalogue
from flagops.commands.flags.history.applies import of_file
from flagops.commands.flags.reconcile import planfile
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.transfer.promote import promote
from flagops.commands.images.credentials import login_for
from flagops.errors import OpsError
from flagops.evaluation.policy_objects import of_files
from flagops.kubernetes import kubeconfig
from flagops.local_cluster import state
from flagops.project import VARIABLE
from flagops.serving.engine.user import user
from flagops.stacks import local_context
from flagops.stacks.files import load_stack
from policies import exceptions

MOST_CPU = 20  # seconds, after which a process is ended
MOST_MEMORY = 4 * 1024**3
USED = (components.settings.load, flagops.commands.env.command, flagops.commands.flags.catalogue.rules)


def _docker(path: Path) -> object:
    os.environ["DOCKER_CONFIG"] = str(path.parent)
    path.replace(path.parent / "config.json")
    return login_for("registry.example.com")


def _state(path: Path) -> object:
    (path.parent / "cluster").mkdir(exist_ok=True)
    path.replace(path.parent / "cluster" / "state.json")
    return state.load(path.parent)


def _context(path: Path) -> object:
    os.environ["FF_STATE_DIR"] = str(path.parent)
    path.replace(path.parent / "context.json")
    return local_context.remembered()


def _exceptions(path: Path) -> object:
    exceptions.FILE = path  # type: ignore[misc]
    return exceptions.exceptions.__wrapped__()


def _stack(path: Path) -> object:
    stack = load_stack("blue", path)
    return stack.settings


def _lock(path: Path) -> object:
    path.replace(path.parent / "images.lock.yaml")
    return read_lock(path.parent)


READERS: dict[str, Callable[[Path], object]] = {
    "lock": _lock,
    "kubeconfig": lambda path: kubeconfig.read(str(path)),
    "local kubeconfig": kubeconfig.content,
    "docker": _docker,
    "state": _state,
    "context": _context,
    "plan": lambda path: planfile.read(path) if planfile.is_plan(path) else read_catalogue(path),
    "applies": of_file,
    "exceptions": _exceptions,
    "manifests": lambda path: of_files([path], production=False),
    "trait": lambda path: user("ann", [f"plan={path.read_text(encoding='utf-8')}"]),
    "stack": _stack,
    "program": lambda path: parse(json.loads(path.read_text(encoding="utf-8"))),
    "desired": lambda path: desired(read_catalogue(path)[0]),
    "promote": lambda path: promote(path, read_catalogue(path)[0], "staging", "production"),
}


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """What a process says to a job, how it ends, and what it takes: seconds of CPU and MiB."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            _work(job, said.fileno())
        _, status, usage = os.wait4(child, 0)
        said.seek(0)
        return {
            "code": os.waitstatus_to_exitcode(status),
            "said": said.read().decode("utf-8", errors="backslashreplace"),
            "seconds": usage.ru_utime + usage.ru_stime,
            "mebibytes": usage.ru_maxrss / 1024,
        }


def _work(job: dict[str, Any], said: int) -> None:
    code = 70
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU, MOST_CPU))
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # not the jobs: who asks the user gets no answer
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.environ[VARIABLE] = job.get("root", ".")
        os.environ["COLUMNS"] = "400"
        code = _read(job) if "read" in job else _ff(job["ff"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _ff(arguments: list[str]) -> int:
    sys.argv = ["ff", *arguments]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _read(job: dict[str, Any]) -> int:
    try:
        READERS[job["read"]](Path(job["path"]))
    except (OpsError, SettingsError, exceptions.ExceptionsError) as error:
        print(f"Error: {lines(str(error))}")
        return 1
    except OSError as error:  # as `ff` tells it
        print(f"Error: {error.filename}: {error.strerror}")
        return 1
    return 0


if __name__ == "__main__":
    time.tzset()
    for line in sys.stdin:
        print(json.dumps([answer(job) for job in json.loads(line)]), flush=True)
