"""The edge of a Flagsmith that is elsewhere, in another region or another cluster, wired together."""

import pulumi

from components.edge.edge import Edge, EdgeArgs
from components.edge.primary import pairs_from
from components.secrets.args import external_secrets_args
from components.secrets.external import ExternalSecrets
from components.stack import FeatureFlagsArgs, StackComponent


class EdgeAlone(StackComponent):
    """The proxies in a namespace of their own, with what leads to them and what keeps watch over them.

    Nothing is there of Flagsmith, its database or its cache: the proxies ask the primary, and go on without it.

    Its outputs are `url`, `namespace`, `namespaceUid`, `context`, and `primary`, where the proxies get documents.
    """

    def __init__(self, name: str, args: FeatureFlagsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, args, opts)
        settings, namespace = self._settings, self.namespace.name
        needed: list[pulumi.Resource] = [self.namespace, *self._policies()]
        store = external_secrets_args(settings, namespace, self._capabilities)
        if store is not None:
            needed.append(ExternalSecrets(self._named("secret-store"), store, self._part(self.namespace)))
        primary = settings.edge.primary
        stack = None if primary is None else primary.stack
        pairs = None if stack is None else pairs_from(self._named("primary"), stack, self.child())
        proxies = EdgeArgs(settings=settings, namespace=namespace, pairs=pairs)
        edge = Edge(self._named("edge"), proxies, self._part(*needed))
        self._published(edge)
        self._monitored(edge, *self._edge_metrics(*needed))
        self._recorded(
            {
                "url": settings.url,
                "namespace": settings.namespace.name,
                "namespaceUid": self.namespace.uid,
                "context": settings.context,
                "primary": None if primary is None else primary.url,
            }
        )
