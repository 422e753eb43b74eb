"""Who reaches whom by cyclonus, an evaluator of network policies that nobody here wrote: built from tools/cyclonus."""

import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from tests.network.actors import NAMESPACES, OWN
from tests.network.evaluator import Actor
from tests.network.expected import Connection
from tests.recording import ROOT

MODULE: Final = ROOT / "tools" / "cyclonus"
GO_SECONDS: Final = 500
SECONDS: Final = 60


def build(directory: Path) -> Path:
    """The program, built from its pinned source; the test is skipped where there is no Go."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("go is not installed: see README.md")
    path = directory / "cyclonus"
    command = [go, "build", "-mod=readonly", "-o", str(path), "."]
    done = subprocess.run(command, cwd=MODULE, capture_output=True, text=True, check=False, timeout=GO_SECONDS)
    assert done.returncode == 0, done.stderr
    return path


def allowed(
    program: Path, policies: Sequence[Mapping[str, Any]], actors: Iterable[Actor], ports: Iterable[int]
) -> set[Connection]:
    """Every connection that the policies allow, with one end at least in the stack's namespace.

    To cyclonus, a block of addresses matches pods as well as hosts.
    """
    question = {
        "namespace": OWN,
        "policies": policies,
        "peers": [_peer(actor) for actor in actors],
        "ports": [{"number": number, "protocol": protocol} for number in sorted(ports) for protocol in ("TCP", "UDP")],
    }
    done = subprocess.run(
        [str(program)], input=json.dumps(question), capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
    return {(source, to, number, protocol) for source, to, number, protocol in json.loads(done.stdout)}


def _peer(actor: Actor) -> dict[str, object]:
    if actor.namespace is None:
        return {"name": actor.name, "ip": actor.ip}
    return {
        "name": actor.name,
        "ip": actor.ip,
        "namespace": actor.namespace,
        "namespaceLabels": NAMESPACES[actor.namespace],
        "labels": actor.labels,
    }
