"""Flagsmith itself: the Deployment that serves the UI and the API, its Service and its disruption budget."""

from typing import Final

import pulumi

from components.flagsmith.pod import server_pod
from components.kit import names
from components.kit.component import Component, name_of
from components.kit.database_pods import DatabaseClientArgs
from components.kit.disruption import disruption_budget
from components.kit.rolling import rolling
from components.kit.service_accounts import service_account
from components.kit.services import cluster_service
from components.kit.shutdown import grace_period
from components.settings.connections import api_surge

COMPONENT: Final = "api"


class Flagsmith(Component):
    """The Deployment, Service and PodDisruptionBudget `flagsmith`.

    No replica is lost in a rolling update: a new pod is ready before an old one leaves. Nor when an autoscaler takes
    over: leaving `replicas` out would set it back to 1, unless its change is ignored, which keeps the number that is
    there until the autoscaler sets another.

    Attributes:
        deployment: the Deployment's name.
        service: the Service's name.
    """

    deployment: pulumi.Output[str]
    service: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseClientArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Flagsmith", name, opts)
        settings, release = args.settings, args.settings.release
        # An autoscaler says how many there are.
        replicas = None if settings.autoscaling.enabled else settings.resolved_replicas
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        deployment = rolling(
            f"{name}-deployment",
            name=names.API,
            namespace=args.namespace,
            component=COMPONENT,
            version=release.version,
            replicas=replicas,
            most=settings.most_replicas,
            added=api_surge(settings),
            template=server_pod(
                args,
                component=COMPONENT,
                container="flagsmith",
                command=release.serve,
                grace_period_seconds=grace_period(settings.gunicorn.timeout),
            ),
            is_scaled=True,
            opts=self.child(account),
        )
        service = cluster_service(
            f"{name}-service",
            name=names.API,
            namespace=args.namespace,
            component=COMPONENT,
            ports={"http": names.API_PORT},
            node_port=settings.service.node_port,
            opts=self.child(deployment),
        )
        disruption_budget(
            f"{name}-disruption-budget",
            name=names.API,
            namespace=args.namespace,
            component=COMPONENT,
            version=release.version,
            opts=self.child(),
        )
        self.deployment = name_of(deployment)
        self.service = name_of(service)
        self.register_outputs({"deployment": self.deployment, "service": self.service})
