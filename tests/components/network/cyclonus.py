"""Who reaches whom by cyclonus, an evaluator of network policies that nobody here wrote: built from tools/cyclonus."""

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.components.network.actors import NAMESPACES, OWN
from tests.components.network.evaluator import Actor
from tests.components.network.expected import Connection

SECONDS: Final = 60


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
