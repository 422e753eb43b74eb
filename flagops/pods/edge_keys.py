"""The Secret with the pairs of keys of the edge's proxies, and the client-side keys in it."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from components.kit import names
from flagops.kubernetes.objects import Manifest
from flagops.stacks.deployed import Instance

PAIRS: Final = "environment_key_pairs"


def secret_name(instance: Instance) -> str:
    """The name of the Secret that the proxies have their keys from."""
    existing = instance.settings.edge.existing_secret
    return names.EDGE_KEYS if existing is None else existing.name


def key_of(instance: Instance) -> str:
    """The key of that Secret which the proxies read."""
    edge = instance.settings.edge
    return edge.keys_key if edge.existing_secret is None else edge.existing_secret.key_of(edge.keys_key)


def edge_secret(instance: Instance) -> Manifest | None:
    """That Secret; None where there is none."""
    return instance.get("v1", "Secret", secret_name(instance))


@dataclass(frozen=True)
class ProxyKeys:
    """The keys of one environment: the server-side one is a secret, and is in no message."""

    client: str
    server: str = field(repr=False)


def pairs(secret: Manifest | None, key: str) -> Sequence[ProxyKeys]:
    """The pairs in the edge's Secret, under `key`; none if it cannot be read: `ff doctor` says why."""
    try:
        found: Any = json.loads(text(secret or {}, key))
        listed = found[PAIRS] if isinstance(found, dict) else found
        return [ProxyKeys(str(pair["client_side_key"]), str(pair.get("server_side_key", ""))) for pair in listed]
    except (LookupError, TypeError, ValueError, AttributeError):
        return []


def client_keys(secret: Manifest | None, key: str) -> Sequence[str]:
    """The client-side keys in the edge's Secret, under `key`; none if it cannot be read."""
    return [pair.client for pair in pairs(secret, key)]


def text(secret: Manifest, key: str) -> str:
    """What is under `key`; LookupError if nothing is, ValueError if it is no text."""
    try:
        return base64.b64decode((secret.get("data") or {})[key]).decode()
    except binascii.Error as error:
        raise ValueError(str(error)) from None
