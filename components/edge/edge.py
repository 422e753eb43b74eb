"""The edge: proxies that answer SDKs from memory, their Service, their budget and their autoscaler."""

from dataclasses import dataclass

import pulumi

from components.edge.keys import Pairs, keys_secret
from components.edge.pod import COMPONENT, edge_pod
from components.kit import names
from components.kit.autoscaling import autoscaler
from components.kit.component import Component, name_of
from components.kit.disruption import disruption_budget
from components.kit.rolling import rolling
from components.kit.secret_refs import SecretReference
from components.kit.service_accounts import service_account
from components.kit.services import cluster_service
from components.settings import Settings
from components.settings.rollouts import surge


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    """The edge.

    Attributes:
        settings: the stack's.
        namespace: where it runs.
        pairs: the keys of its environments; of no use where somebody else makes their Secret.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    pairs: Pairs | None


class Edge(Component):
    """The Deployment, Service and PodDisruptionBudget `flagsmith-edge`, and with an autoscaler this too.

    A pod that starts while Flagsmith is away has nothing to answer with. So none that is ready is ever stopped for one
    that is not: by a rollout, which waits for the new pod; by a drain, which waits for the budget; or by a node that is
    lost, since the others are elsewhere.

    Without a Secret of somebody else's, the Secret `flagsmith-edge-keys` is made.

    Attributes:
        deployment: the Deployment's name.
        service: the Service's name.
    """

    deployment: pulumi.Output[str]
    service: pulumi.Output[str]

    def __init__(self, name: str, args: EdgeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Edge", name, opts)
        settings, edge = args.settings, args.settings.edge
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        needed: list[pulumi.Resource] = [account]
        if edge.autoscaling.enabled:
            scaling = autoscaler(
                f"{name}-autoscaler",
                name=names.EDGE,
                namespace=args.namespace,
                component=COMPONENT,
                fewest=settings.edge_replicas,
                most=settings.most_edge_replicas,
                cpu=settings.edge_target_cpu,
                opts=self.child(),
            )
            needed.append(scaling)
        replicas = None if edge.autoscaling.enabled else settings.edge_replicas
        deployment = rolling(
            f"{name}-deployment",
            name=names.EDGE,
            namespace=args.namespace,
            component=COMPONENT,
            version=edge.version,
            replicas=replicas,
            most=settings.most_edge_replicas,
            added=surge(settings.most_edge_replicas),
            template=edge_pod(settings, self._keys(name, args)),
            is_scaled=True,
            opts=self.child(*needed),
        )
        service = cluster_service(
            f"{name}-service",
            name=names.EDGE,
            namespace=args.namespace,
            component=COMPONENT,
            ports={"http": names.EDGE_PORT},
            opts=self.child(deployment),
        )
        disruption_budget(
            f"{name}-disruption-budget",
            name=names.EDGE,
            namespace=args.namespace,
            component=COMPONENT,
            version=edge.version,
            opts=self.child(),
        )
        self.deployment = name_of(deployment)
        self.service = name_of(service)
        self.register_outputs({"deployment": self.deployment, "service": self.service})

    def _keys(self, name: str, args: EdgeArgs) -> SecretReference:
        existing = args.settings.edge.existing_secret
        if existing is not None:
            return SecretReference.existing(existing)
        if args.pairs is None:
            return SecretReference(name=names.EDGE_KEYS)
        return keys_secret(f"{name}-keys", args.settings, namespace=args.namespace, pairs=args.pairs, opts=self.child())
