"""A deployed stack: its settings, and a connection to its cluster and namespace."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops import target
from ops.engine.client import Client
from ops.engine.connection import connect
from ops.engine.masking import Masker
from ops.engine.model import Manifest, Ref
from ops.errors import OpsError
from ops.stacks import Stack

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from components.settings import Settings


# What Secrets hold beside secrets: names that messages may well say.
PUBLIC_KEYS = frozenset({"email", "username", "tls.crt", "ca.crt"})


@dataclass(frozen=True)
class Site:
    """A stack where it runs.

    Attributes:
        stack: The stack.
        settings: Its settings.
        context: The kubeconfig's context it is in; never the current one.
        kubeconfig: The local cluster's; None means the user's own.
        is_simulated: Whether the cluster's nodes run no containers.
        client: The cluster's objects.
        api: The Kubernetes client below it, for websockets.
    """

    stack: Stack
    settings: "Settings"
    context: str
    kubeconfig: Path | None
    is_simulated: bool
    client: Client
    api: "ApiClient"

    @property
    def namespace(self) -> str:
        """Where the stack lives."""
        return self.settings.namespace.name

    @property
    def is_published(self) -> bool:
        """Whether the public address leads to it, by an Ingress or by another's route; none does to a local cluster."""
        return self.kubeconfig is None

    @property
    def kubectl(self) -> str:
        """How a command for kubectl begins, in messages that tell what to type."""
        kubeconfig = f" --kubeconfig {self.kubeconfig}" if self.kubeconfig else ""
        return f"kubectl{kubeconfig} --context {self.context} -n {self.namespace}"

    def get(self, api_version: str, kind: str, name: str) -> Manifest | None:
        """One object of the namespace, or None."""
        return self.client.get(Ref(api_version, kind, self.namespace, name))

    def items(self, api_version: str, kind: str, **selectors: str) -> list[Manifest]:
        """The namespace's objects of a kind, by name; `selectors` are query parameters such as labelSelector."""
        found = self.client.list(api_version, kind, self.namespace, **selectors)
        return sorted(found, key=lambda item: str(item["metadata"]["name"]))

    def secret(self, name: str) -> dict[str, str]:
        """A Secret's values, decoded. Raises OpsError when there is none."""
        found = self.get("v1", "Secret", name)
        if found is None:
            raise OpsError(
                f"There is no Secret {self.namespace}/{name} in context {self.context!r}.",
                hint=f"Is the stack deployed? `ff up --stack {self.stack.name}` makes it.",
            )
        return _decoded(found)

    def masker(self) -> Masker:
        """What takes every secret value of the namespace's Secrets out of a text; a container may have printed one."""
        secrets = self.items("v1", "Secret")
        return Masker(value for item in secrets for key, value in _decoded(item).items() if key not in PUBLIC_KEYS)


@contextmanager
def open_site(name: str) -> Iterator[Site]:
    """The site of the stack called `name`, closed at the end.

    Raises OpsError when the stack is unknown, its cluster cannot be reached, or it is not deployed there.
    """
    place = target.find(name)
    api = connect(place.kubeconfig, place.context)
    client = Client(api)
    try:
        settings = place.stack.settings
        namespace = settings.namespace.name
        if client.get(Ref("v1", "Namespace", "", namespace)) is None:
            raise OpsError(
                f"The stack {name!r} is not deployed: context {place.context!r} has no namespace {namespace!r}.",
                hint=f"Run `ff up --stack {name}`; or is another cluster meant (feature-flags:context)?",
            )
        yield Site(place.stack, settings, place.context, place.kubeconfig, place.is_simulated, client, api)
    finally:
        client.close()


def _decoded(secret: Manifest) -> dict[str, str]:
    data = secret.get("data") or {}
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in data.items()}
