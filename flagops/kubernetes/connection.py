"""From a kubeconfig and a context to a client; the client library is imported here, when it is first needed."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flagops.errors import NoAccessError, UnknownContextError
from flagops.homes import expanded
from flagops.kubernetes import kubeconfig as files

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

USUAL: Final = "~/.kube/config"
"""Where kubectl looks without `KUBECONFIG`."""


def connect(kubeconfig: Path | None, context: str) -> "ApiClient":
    """An API client for `context` of `kubeconfig`; without one, the `KUBECONFIG` rules of kubectl count.

    The current context is never used: it may be the wrong cluster. An unknown context is an error naming those there.
    Every failure is a NoAccessError.
    """
    source = str(kubeconfig) if kubeconfig else os.environ.get("KUBECONFIG") or str(expanded(USUAL) or USUAL)
    found = files.read(source)
    if context not in found.contexts:
        listed = ", ".join(sorted(found.contexts)) or "none"
        raise UnknownContextError(f"The kubeconfig {source} has no context {context!r}; it has: {listed}.")
    plugin = found.plugin(context)

    # The Kubernetes SDK takes half a second to import.
    from kubernetes.config import kube_config
    from kubernetes.config.config_exception import ConfigException

    try:
        client: ApiClient = kube_config.new_client_from_config(source, context, persist_config=False)
    except (ConfigException, OSError, LookupError, TypeError, AttributeError, ValueError) as error:
        raise NoAccessError(f"The context {context!r} of {source} cannot be used: {error}") from None
    # The library only logs that a plugin failed, and would go on as nobody.
    if plugin and not client.configuration.api_key and not client.configuration.cert_file:
        raise NoAccessError(
            f"The credential plugin {plugin!r} of the context {context!r} of {source} gave no credentials.",
            hint="What it said is above. Log in with it again.",
        )
    return client
