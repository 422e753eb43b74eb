"""What goes when a local cluster is deleted, for the question before it."""

from pathlib import Path
from typing import Any, Final

from flagops.local_cluster import paths, rest, state
from flagops.local_cluster.model import NAME

OWN: Final = frozenset({"default", "kube-node-lease", "kube-public", "kube-system", "local-path-storage"})
"""The namespaces of a new kind cluster."""


def contents(home: Path | None = None) -> str:
    """Its namespaces, and the volumes in them, in a sentence; empty when there is no cluster that could hold anything.

    Where it does not answer, what it holds cannot be looked at, which the sentence says.
    """
    home = home or paths.state_home()
    known = state.load(home)
    if known is None or not known.complete:
        return ""
    try:
        namespaces, claims = _asked(paths.kubeconfig_file(home))
    except Exception:  # noqa: BLE001 - whatever keeps it from answering, the question must still be asked
        return f"{NAME} ({known.kind}) does not answer, so it cannot be listed; the stack `local` with its database."
    held = [f"the namespace {name}{_volumes(claims, name)}" for name in namespaces if name not in OWN]
    return f"{', '.join(held)}." if held else f"{NAME} ({known.kind}), to which nothing is deployed."


def _asked(kubeconfig: Path) -> tuple[list[str], list[dict[str, Any]]]:
    with rest.client(kubeconfig) as api:
        namespaces = [str(item["metadata"]["name"]) for item in rest.get(api, "/api/v1/namespaces")["items"]]
        return namespaces, rest.get(api, "/api/v1/persistentvolumeclaims")["items"]


def _volumes(claims: list[dict[str, Any]], namespace: str) -> str:
    found = [
        f"{item['metadata']['name']} ({item['spec']['resources']['requests']['storage']})"
        for item in claims
        if item["metadata"]["namespace"] == namespace
    ]
    return f" with the volumes {' and '.join(sorted(found))}" if found else ""
