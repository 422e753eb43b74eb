"""The cluster that the stack `local` is on in place of one of `ff`'s own: a context of the user's kubeconfig."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

from components.kit import names
from components.text import bounds
from flagops.errors import BadInputError, UnsupportedError
from flagops.files import make_directory, write_private
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.refusals import ApiError
from flagops.local_cluster.paths import STATE_HINT, state_home
from flagops.stacks.files import Stack

DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
PORT: Final = names.API_PORT
"""Where `ff port-forward` serves Flagsmith."""


def remembered() -> str | None:
    """The context that `ff up --stack local --context NAME` named, until `ff down`; None for none."""
    try:
        return str(bounds.json_of(bounds.text_of(_path()))["context"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise BadInputError(
            f"{_path()}, which names the cluster of the stack `local`, cannot be read: {error}.", hint=STATE_HINT
        ) from None


def remember(context: str) -> None:
    """Every command finds the stack `local` there from now on."""
    make_directory(state_home(), hint=STATE_HINT)
    write_private(_path(), json.dumps({"context": context}))


def forget() -> None:
    """The stack `local` is on a cluster of `ff`'s own again."""
    _path().unlink(missing_ok=True)


def on_context(stack: Stack, context: str) -> Stack:
    """The stack as it is on a cluster that has no port of this machine: it is reached by `ff port-forward`."""
    prefix = f"{stack.project}:"
    config = {key: value for key, value in stack.config.items() if key != f"{prefix}service"}
    address = f"http://{stack.settings.host}:{PORT}"
    return replace(stack, config={**config, f"{prefix}context": context, f"{prefix}publicUrl": address})


def require_storage(stack: Stack, kubeconfig: Path | None, context: str) -> None:
    """Raise OpsError when volumes would wait for ever: the cluster has no default class, and the stack names none."""
    if stack.settings.postgres.storage.class_name is not None:
        return
    client = Client(connect(kubeconfig, context))
    try:
        classes = client.list("storage.k8s.io/v1", "StorageClass", "")
    except ApiError:
        return  # who may not list them sees what waits for a volume when it does
    finally:
        client.close()
    if not any((item["metadata"].get("annotations") or {}).get(DEFAULT_CLASS) == "true" for item in classes):
        known = ", ".join(item["metadata"]["name"] for item in classes) or "none"
        raise UnsupportedError(
            f"The cluster in context {context!r} has no default StorageClass, so the database gets no volume; "
            f"its classes are: {known}.",
            hint=f"Write postgres.storage.className into {stack.path.name}, or make one of them the default.",
        )


def _path() -> Path:
    return state_home() / "context.json"
