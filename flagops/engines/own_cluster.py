"""The cluster of a stack, asked before a deployment whether it is the right one, and after it whether all is there."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from components.deployment.presence import absent, another_cluster, cluster_uid, observe, other_namespace
from components.deployment.recorded import read
from components.kit import names
from flagops.errors import FailedError, NoAccessError, RefusedError
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.objects import Ref
from flagops.stacks.files import Stack

if TYPE_CHECKING:
    from components.deployment.recorded import Deployment

Manifest = dict[str, Any]


@dataclass(frozen=True)
class StackCluster:
    """The cluster that a stack goes to; everything raises OpsError where the cluster cannot be asked.

    Attributes:
        stack: The stack.
        kubeconfig: The local cluster's; None means the user's own.
        context: The kubeconfig's context, never the current one.
    """

    stack: Stack
    kubeconfig: Path | None
    context: str

    @property
    def namespace(self) -> str:
        """Where the stack lives."""
        return self.stack.settings.namespace.name

    @property
    def identifier(self) -> str:
        """What Pulumi takes for the cluster's identity."""
        return self.stack.settings.resolved_cluster_identifier

    @property
    def kubectl(self) -> str:
        """How a line for kubectl begins."""
        kubeconfig = f" --kubeconfig {quote(str(self.kubeconfig))}" if self.kubeconfig else ""
        return f"kubectl{kubeconfig} --context {quote(self.context)}"

    def require(self, uids: Mapping[str, str], hint: str) -> None:
        """Refuse a cluster that does not answer, or is not the one with the namespaces that have these uids.

        `hint` says what to do where it is the right cluster, and the namespace is gone.
        """
        wanted = self.stack.settings.cluster_uid
        with self._client() as client:
            found = cluster_uid(client.fetch) if wanted else None
            if found != wanted:
                raise RefusedError(f"Nothing was changed. {another_cluster(self.context, found, str(wanted))}")
            for name in {self.namespace, *uids}:
                live = client.fetch(f"/api/v1/namespaces/{name}")
                if live is None and name == self.namespace and not self.stack.settings.namespace.create:
                    # The settings' model, which it knows, takes a second to import.
                    from components.deployment.given_namespace import missing

                    raise RefusedError(f"Nothing was changed. {missing(name, self.context)}.")
                problem = other_namespace(live, uids[name]) if name in uids else _leaving(live)
                if problem:
                    raise RefusedError(
                        f"Nothing was changed: the cluster of context {self.context!r} is not what the stack "
                        f"{self.stack.name!r} was deployed to. Its namespace {name!r} {problem}.",
                        hint=f"Is feature-flags:context in {self.stack.path.name} the right one, and the kubeconfig? "
                        f"If it is, and the namespace was deleted, its data went with it. {hint}",
                    )

    def require_own_namespace(self) -> None:
        """Refuse a namespace in which another stack is on record, for a stack that has none of its own yet."""
        with self._client() as client:
            record = recorded(client, self.namespace)
        if record is None or record.stack == self.stack.name:
            return
        raise RefusedError(
            f"Nothing was changed: the namespace {self.namespace!r} of context {self.context!r} has the stack "
            f"{record.stack!r} in it, and this is {self.stack.name!r}.",
            hint=f"Give this stack a namespace of its own, in {self.stack.path.name}:\n"
            f"  {self.stack.project}:namespace: {{name: {self.namespace}-{self.stack.name.lower().replace('_', '-')}}}",
        )

    def require_same_namespace(self, recorded: Collection[str]) -> None:
        """Refuse a record that is of other namespaces: of somebody else's stack, which has the same name by chance.

        `recorded` are the namespaces of what is on record for a stack of this name; none, where nothing is.
        """
        if recorded and self.namespace not in recorded:
            raise RefusedError(
                f"Nothing was changed: what is on record for a stack {self.stack.name!r} is in the namespace "
                f"{', '.join(map(repr, sorted(recorded)))}, and {self.stack.path.name} says {self.namespace!r}.",
                hint="If that is another project's, give this stack a name that none of them has: rename its file "
                "Pulumi.NAME.yaml. If it is this one's, set its namespace back: a stack cannot be moved, "
                f"only removed (`ff down --stack {self.stack.name}`) and made anew.",
            )

    def require_deployed(self) -> None:
        """Refuse to call the stack deployed when what it declared is not in the cluster."""
        with self._client() as client:
            record = recorded(client, self.namespace)
            if record is None:
                missing = "the record of the deployment, ConfigMap flagsmith-deployment, is missing"
            else:
                missing = absent(observe(client.fetch, self.namespace, record.objects))
        if missing:
            raise FailedError(
                f"The deployment ended without an error, and not everything is in the namespace {self.namespace!r} of "
                f"context {self.context!r}: {missing}.",
                hint=f"Somebody or something deletes it. `ff status --stack {self.stack.name}` shows the rest.",
            )

    def unnamed(self) -> tuple[str, ...]:
        """What to write so that another cluster is refused by whoever has no record of this one; empty if it is."""
        if self.kubeconfig is not None or self.stack.settings.cluster_uid is not None:
            return ()
        with self._client() as client:
            try:
                uid = cluster_uid(client.fetch)
            except NoAccessError:
                return ()  # who may not read it cannot have it compared
        line = f"{self.stack.project}:clusterUid: {uid}"
        return (
            f"Another cluster in this one's place would be deployed to. Refuse it, in {self.stack.path.name}: {line}",
        )

    def without_issuer(self) -> tuple[str, ...]:
        """What to say of a certificate that nobody issues, since the cluster has no cert-manager; empty if it has."""
        awaited = self.stack.settings.issued_certificates
        if not awaited:
            return ()
        with self._client() as client:
            try:
                if client.fetch("/apis/cert-manager.io/v1") is not None:
                    return ()
            except NoAccessError:
                return ()
        said = f"cert-manager is not installed in context {self.context!r}, so nobody issues the certificate in the"
        way = "install it, or say with tls.from where the certificate comes from"
        return (f"{said} Secret {' and '.join(awaited)}: {way}.",)

    def live(self, manifest: Mapping[str, Any]) -> Manifest | None:
        """The object in the cluster that has the name of this one, or None."""
        with self._client() as client:
            return client.get(Ref.of(dict(manifest)))

    def has(self, manifest: Mapping[str, Any]) -> bool:
        """Whether that object is there; what you may not look at counts as there."""
        try:
            return self.live(manifest) is not None
        except NoAccessError:
            return True

    def is_empty(self, namespace: str) -> bool:
        """Whether a namespace has nothing in it that holds data or runs."""
        kinds = (("v1", "Secret"), ("v1", "PersistentVolumeClaim"), ("v1", "Pod"), ("apps/v1", "StatefulSet"))
        with self._client() as client:
            return not any(client.list(api_version, kind, namespace) for api_version, kind in kinds)

    @contextmanager
    def _client(self) -> "Iterator[Client]":
        client = Client(connect(self.kubeconfig, self.context))
        try:
            yield client
        finally:
            client.close()


def recorded(client: "Client", namespace: str) -> "Deployment | None":
    """The last deployment that succeeded there; None when there was none, or its record cannot be read."""
    live = client.get(Ref("v1", "ConfigMap", namespace, names.DEPLOYMENT))
    return read(live.get("data") or {}) if live is not None else None


def _leaving(live: Mapping[str, Any] | None) -> str | None:
    return "is being deleted" if live and live["metadata"].get("deletionTimestamp") else None
