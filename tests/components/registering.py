"""`python -m tests.components.registering HOST SHIFT`: prints what the program registers on this machine, as JSON.

HOST is the name that the machine goes by; SHIFT moves its clock by so many seconds.
"""

import json
import platform
import socket
import sys
import time
from dataclasses import asdict
from typing import Any
from unittest import mock

from flagops.evaluation.generated import Placeholders
from tests.recording import run
from tests.scanners.rendered import API_VERSIONS, CLUSTERED, EDGE_ALONE, IN_CLUSTER, MOVING, OUTSIDE

WHOLE: dict[str, tuple[str, dict[str, object]]] = {
    "local": ("local", {}),
    "staging": ("staging", {}),
    "production, all in the cluster": ("production", {**IN_CLUSTER, "apiVersions": list(API_VERSIONS)}),
    "production, data outside": ("production", {**OUTSIDE, "apiVersions": list(API_VERSIONS)}),
    "production, a Cluster": ("production", {**CLUSTERED, "apiVersions": list(API_VERSIONS)}),
    "production, a move": ("production", {**MOVING, "apiVersions": list(API_VERSIONS)}),
    "production, an edge alone": ("production", {**EDGE_ALONE, "apiVersions": list(API_VERSIONS)}),
}
"""Stacks that together have every part of the program: the stack's file, and settings in place of its own."""


def main(host: str, shift: float) -> None:
    """Be another machine at another time, as far as Python can tell, and print what each stack registers there."""
    really = time.time
    mock.patch.object(socket, "gethostname", return_value=host).start()
    mock.patch.object(socket, "getfqdn", return_value=host).start()
    mock.patch.object(platform, "node", return_value=host).start()
    mock.patch.object(time, "time", side_effect=lambda: really() + shift).start()
    found: dict[str, Any] = {}
    for name, (stack, overrides) in WHOLE.items():
        recording = run(stack, overrides, generated=Placeholders())
        found[name] = {urn: asdict(item) for urn, item in recording.registrations.items()}
        found[name]["outputs"] = dict(recording.program.outputs)
    json.dump(found, sys.stdout, default=sorted)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
