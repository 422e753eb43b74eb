"""How the stack's own server-side keys are called in Flagsmith: by the Secret that holds them."""

import hashlib
from typing import Final

from components.kit import names
from components.text.object_names import ENVIRONMENT_KEYS

CLIENT: Final = ENVIRONMENT_KEYS[0]
SERVER: Final = ENVIRONMENT_KEYS[1]
LONGEST: Final = 100
"""Characters of a key's name that Flagsmith takes (`EnvironmentAPIKey.name` of 2.265.0)."""
DIGITS: Final = 12


def prefix(stack: str) -> str:
    """How the names of a stack's keys begin, unless they are long; other stacks may use the same database."""
    return f"ff stack {stack}: "


def stack_names(stack: str) -> str | None:
    """How the names of all server-side keys begin that a stack of this name has or had; None where they are cut."""
    start = prefix(stack)
    return start if len(start) < LONGEST - DIGITS else None


def own_names(stack: str, namespace: str) -> str | None:
    """How the names of all server-side keys begin that a stack's Secrets hold; None where the names are cut before."""
    start = f"{prefix(stack)}{namespace}/"
    return start if len(start) < LONGEST - DIGITS else None


def server_key_name(stack: str, namespace: str, secret: str) -> str:
    """The name of the server-side keys of an environment that a Secret of the stack holds, now or before."""
    name = f"{prefix(stack)}{namespace}/{secret}"
    if len(name) <= LONGEST:
        return name
    end = hashlib.sha256(name.encode()).hexdigest()[:DIGITS]
    return f"{name[: LONGEST - DIGITS - 1]}#{end}"


def sdk_key_name(stack: str, namespace: str, environment: str) -> str:
    """The name of the server-side keys of an environment for applications."""
    return server_key_name(stack, namespace, names.sdk_keys(environment))
