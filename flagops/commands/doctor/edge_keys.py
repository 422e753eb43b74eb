"""The pairs of keys in the edge's Secret: whose they are, and what a proxy would end at.

A proxy that cannot take a pair ends at its start, and prints the value that it refuses, which may be a key. So this
says of a pair only which it is, and what is wrong with it.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from components.kit import names
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.objects import Manifest

VARIABLE, FILE = "ENVIRONMENT_KEY_PAIRS", "config.json"
PAIRS = "environment_key_pairs"
PREFIX = "ser."


def secret_name(examination: Examination) -> str:
    """The Secret that the proxies have their keys from."""
    return examination.instance.settings.edge.existing_secret or names.EDGE_KEYS


def edge_keys(examination: Examination) -> Iterator[DoctorFinding]:
    """Pairs that no proxy takes, or none at all."""
    instance = examination.instance
    if not instance.settings.edge.enabled:
        return
    name = secret_name(examination)
    secret = instance.get("v1", "Secret", name)
    wrong = tuple(faults(secret, instance.settings.edge.keys_key)) if secret is not None else ()
    if wrong:
        yield DoctorFinding(
            "edge-keys-malformed",
            f"No proxy of the edge can start with the keys in the Secret {name}, or would answer nobody.",
            wrong,
            f"correct the Secret, then ff restart --stack {instance.stack.name} --component edge. A proxy prints what "
            "it refuses: renew a key that stood in the wrong place, since the pods' log may have it",
        )


def faults(secret: Manifest, key: str) -> Iterator[str]:
    """What is wrong with the pairs under `key`, never with a value in it."""
    try:
        found = json.loads(_text(secret, key))
    except LookupError:
        yield f"it has no key {key}"
        return
    except (TypeError, ValueError):
        yield f"{key} is not JSON"
        return
    where = key
    if key == FILE:
        if not isinstance(found, dict) or PAIRS not in found:
            yield f"{key} is not an object with {PAIRS}"
            return
        found, where = found[PAIRS], f"{key}, {PAIRS}"
    if not isinstance(found, list) or not found:
        yield f"{where} is not a list of at least one pair"
        return
    for number, pair in enumerate(found, start=1):
        yield from (f"{where}: pair {number} {text}" for text in _of_pair(pair))


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


def client_keys(secret: Manifest | None) -> Sequence[str]:
    """The client-side keys in the edge's Secret; none if it cannot be read: `edge_keys` says why."""
    try:
        data: Mapping[str, str] = (secret or {}).get("data") or {}
        key = VARIABLE if VARIABLE in data else FILE
        found: Any = json.loads(_text(secret or {}, key))
        pairs = found if key == VARIABLE else found[PAIRS]
        return [str(pair["client_side_key"]) for pair in pairs]
    except (LookupError, TypeError, ValueError):
        return []


def _text(secret: Manifest, key: str) -> str:
    """What is under `key`; LookupError if nothing is, ValueError if it is no text."""
    try:
        return base64.b64decode((secret.get("data") or {})[key]).decode()
    except binascii.Error as error:
        raise ValueError(str(error)) from None
