"""From a kubeconfig and a context to a client; the client library is imported here, when it is first needed."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from yaml import YAMLError

from ops.errors import OpsError

if TYPE_CHECKING:
    from kubernetes.client import ApiClient


def connect(kubeconfig: Path | None, context: str) -> "ApiClient":
    """An API client for `context` of `kubeconfig`; without one, the `KUBECONFIG` rules of kubectl count.

    The current context is never used: it may be the wrong cluster. An unknown context is an error naming those there.
    """
    from kubernetes.config import kube_config
    from kubernetes.config.config_exception import ConfigException

    source = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    _refuse_missing(source)
    try:
        contexts, _ = kube_config.list_kube_config_contexts(source)
        names = sorted(entry["name"] for entry in contexts or [])
    except (ConfigException, OSError, YAMLError, TypeError, AttributeError, ValueError) as error:
        raise OpsError(
            f"The kubeconfig {source} cannot be read: {' '.join(str(error).split())}",
            hint="It must be a file with clusters, users and contexts, as your cluster's provider gave it to you.",
        ) from None
    if context not in names:
        listed = ", ".join(names) or "none"
        raise OpsError(f"The kubeconfig {source} has no context {context!r}; it has: {listed}.")
    try:
        client: ApiClient = kube_config.new_client_from_config(source, context, persist_config=False)
    except (ConfigException, OSError, TypeError, AttributeError, ValueError) as error:
        raise OpsError(f"The context {context!r} of {source} cannot be used: {error}") from None
    return client


def _refuse_missing(source: str) -> None:
    """Name a kubeconfig that is not there; of several, joined as kubectl takes them, one must be."""
    paths = [Path(part).expanduser() for part in source.split(os.pathsep) if part]
    if not any(path.exists() for path in paths):
        raise OpsError(
            f"There is no kubeconfig at {source}.",
            hint="Set KUBECONFIG to the file your cluster's provider gave you.",
        )
