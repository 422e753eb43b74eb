"""The pairs of keys in the edge's Secret: whose they are, and what a proxy would end at.

A proxy that cannot take a pair ends at its start, and prints the value that it refuses, which may be a key. So this
says of a pair only which it is, and what is wrong with it.
"""

import json
from collections.abc import Iterator

from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.objects import Manifest
from flagops.pods.edge_keys import PAIRS, edge_secret, key_of, secret_name, text

PREFIX = "ser."


def edge_keys(examination: Examination) -> Iterator[DoctorFinding]:
    """Pairs that no proxy takes, or none at all."""
    instance = examination.instance
    if not instance.settings.edge.enabled:
        return
    name, secret = secret_name(instance), edge_secret(instance)
    wrong = (
        tuple(faults(secret, key_of(instance), is_file=instance.settings.edge.config_file))
        if secret is not None
        else ()
    )
    if wrong:
        yield DoctorFinding(
            "edge-keys-malformed",
            f"No proxy of the edge can start with the keys in the Secret {name}, or would answer nobody.",
            wrong,
            f"correct the Secret, then ff restart --stack {instance.stack.name} --component edge. A proxy prints what "
            "it refuses: renew a key that stood in the wrong place, since the pods' log may have it",
        )


def faults(secret: Manifest, key: str, *, is_file: bool) -> Iterator[str]:
    """What is wrong with the pairs under `key`, never with a value in it."""
    try:
        found = json.loads(text(secret, key))
    except LookupError:
        yield f"it has no key {key}"
        return
    except (TypeError, ValueError):
        yield f"{key} is not JSON"
        return
    where = key
    if is_file:
        if not isinstance(found, dict) or PAIRS not in found:
            yield f"{key} is not an object with {PAIRS}"
            return
        found, where = found[PAIRS], f"{key}, {PAIRS}"
    if not isinstance(found, list) or not found:
        yield f"{where} is not a list of at least one pair"
        return
    for number, pair in enumerate(found, start=1):
        yield from (f"{where}: pair {number} {fault}" for fault in _of_pair(pair))


def _of_pair(pair: object) -> Iterator[str]:
    if not isinstance(pair, dict):
        yield "is not an object with server_side_key and client_side_key"
        return
    for field in ("server_side_key", "client_side_key"):
        value = pair.get(field)
        if value is None:
            yield f"has no {field}"
        elif not isinstance(value, str) or not value.strip():
            yield f"has a {field} that is empty or no text"
        elif field == "server_side_key" and not value.strip().startswith(PREFIX):
            yield f"has a server_side_key that does not begin with {PREFIX}"
        elif field == "client_side_key" and value.strip().startswith(PREFIX):
            yield f"has a server-side key, which begins with {PREFIX}, as its client_side_key"
