"""Kubeconfig files: the one people use, and those of the control plane's components."""

import base64
from pathlib import Path

import yaml

from flagops.errors import BadInputError
from flagops.files import write_private
from flagops.kubernetes.kubeconfig import content
from flagops.local_cluster.model import NAME, KeyPair


def write(path: Path, *, server: str, authority: Path, user: KeyPair) -> Path:
    """Write a kubeconfig that needs no other file, with one context called `flagsmith-local` which is current.

    Args:
        path: The file, made with mode 0600.
        server: URL of the API server.
        authority: Certificate of the authority that signed the server's certificate.
        user: Certificate and key that the client shows.
    """
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": {"server": server, "certificate-authority-data": _encoded(authority)}}],
        "users": [
            {
                "name": NAME,
                "user": {
                    "client-certificate-data": _encoded(user.certificate),
                    "client-key-data": _encoded(user.key),
                },
            }
        ],
        "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
        "current-context": NAME,
    }
    write_private(path, yaml.safe_dump(document, sort_keys=False))
    return path


def rename_context(path: Path) -> None:
    """Call the only context of a kubeconfig `flagsmith-local`, whatever the tool that wrote the file called it."""
    document = content(path)
    contexts = document.get("contexts") or []
    if len(contexts) != 1:
        raise BadInputError(f"{path} has {len(contexts)} contexts, one was expected.", hint="Run `ff cluster down`.")
    contexts[0]["name"] = NAME
    document["current-context"] = NAME
    write_private(path, yaml.safe_dump(document, sort_keys=False))


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
