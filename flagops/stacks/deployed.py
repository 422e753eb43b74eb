"""A deployed stack: its settings, and a connection to its cluster and namespace."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from components.kit import names
from flagops.errors import NotDeployedError, NotFoundError
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.namespace_secrets import decoded, secret_values
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.simulated_nodes import HINT, SimulatedError, nothing_runs
from flagops.project import LOCAL
from flagops.stacks import target
from flagops.stacks.files import Stack
from flagops.stacks.role import require_flagsmith

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

    from components.settings import Settings


@dataclass(frozen=True)
class Instance:
    """A stack where it runs.

    Attributes:
        stack: The stack.
        settings: Its settings.
        context: The kubeconfig's context it is in; never the current one.
        kubeconfig: The local cluster's; None means the user's own.
        client: The cluster's objects.
        api: The Kubernetes client below it, for websockets.
        is_mapped: Whether a port of this machine leads to the stack's Service.
    """

    stack: Stack
    settings: "Settings"
    context: str
    kubeconfig: Path | None
    client: Client
    api: "ApiClient"
    is_mapped: bool = False

    @property
    def namespace(self) -> str:
        """Where the stack lives."""
        return self.settings.namespace.name

    @cached_property
    def is_simulated(self) -> bool:
        """Whether nothing runs in the stack's pods, because the nodes are simulated."""
        return nothing_runs(self.client, self.namespace)

    def require_containers(self) -> None:
        """Raise SimulatedError when nothing runs in the stack's pods: no command, log, port or Job of theirs is real.

        The nodes are asked each time, since a cluster can be made anew under a command that goes on for ever.
        """
        if nothing_runs(self.client, self.namespace):
            raise SimulatedError(
                f"Nothing runs in the stack {self.stack.name!r}: the nodes in context {self.context!r} are simulated, "
                "and this needs a container.",
                hint=HINT,
            )

    @property
    def is_published(self) -> bool:
        """Whether its address leads to it from here: on a local cluster by a port, elsewhere by Ingress or a route."""
        if self.stack.name == LOCAL:
            return self.is_mapped
        return self.kubeconfig is None

    @property
    def kubectl(self) -> str:
        """How a command for kubectl begins, in messages that tell what to type."""
        return f"{self.kubectl_anywhere} -n {self.namespace}"

    @property
    def kubectl_anywhere(self) -> str:
        """The same for what is in no namespace, or in another one."""
        kubeconfig = f" --kubeconfig {quote(str(self.kubeconfig))}" if self.kubeconfig else ""
        return f"kubectl{kubeconfig} --context {quote(self.context)}"

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
            raise NotFoundError(
                f"There is no Secret {self.namespace}/{name} in context {self.context!r}.",
                hint=f"Is the stack deployed? `ff up --stack {self.stack.name}` makes it.",
            )
        return decoded(found)

    def masker(self) -> Masker:
        """What takes every secret value of the namespace's Secrets out of a text; a container may have printed one."""
        return Masker(secret_values(self.items("v1", "Secret")))


@contextmanager
def open_instance(name: str, *, needs_containers: bool = False, takes_edge: bool = False) -> Iterator[Instance]:
    """The instance of the stack called `name`, closed at the end.

    Args:
        name: The stack's name.
        needs_containers: Whether what is to be done there needs a container: then one is refused, before anything is
            asked or changed, whose nodes run none.
        takes_edge: Whether it can be done to an edge alone, which has no Flagsmith, no database and no cache.

    Raises:
        UnsupportedError: The stack is an edge alone, and what is to be done needs a Flagsmith.
        SimulatedError: A container is needed, and the nodes run none.
        OpsError: The stack is unknown, its cluster cannot be reached, or it is not deployed there.
    """
    place = target.find(name)
    if not takes_edge:
        require_flagsmith(place.stack)
    api = connect(place.kubeconfig, place.context)
    client = Client(api)
    try:
        settings = place.stack.settings
        namespace = settings.namespace.name
        if client.get(Ref("v1", "Namespace", "", namespace)) is None:
            raise NotDeployedError(
                f"The stack {name!r} is not deployed: context {place.context!r} has no namespace {namespace!r}.",
                hint=f"Run `ff up --stack {name}`; or did you mean another cluster (feature-flags:context)?",
            )
        if not settings.namespace.create and not client.list(
            "v1", "ServiceAccount", namespace, labelSelector=f"{names.PART_OF}={names.PLATFORM}"
        ):
            raise NotDeployedError(
                f"The stack {name!r} is not deployed: nothing of it is in the namespace {namespace!r} of context "
                f"{place.context!r}.",
                hint=f"Run `ff up --stack {name}`; or did you mean another cluster (feature-flags:context)?",
            )
        instance = Instance(
            place.stack, settings, place.context, place.kubeconfig, client, api, is_mapped=place.is_mapped
        )
        if needs_containers:
            instance.require_containers()
        yield instance
    finally:
        client.close()
