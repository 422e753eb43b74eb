"""PgBouncer between the API and a Cluster's primary: few connections of the server's for many of Flagsmith's."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names, postgres_client
from components.kit.component import Component, name_of
from components.kit.disruption import disruption_budget
from components.kit.pods import NODE, ZONE
from components.postgres.operated import OperatedArgs
from components.settings import Settings
from components.settings.connections import SURGE
from components.settings.pools import pool_clients, pool_size

COMPONENT: Final = "pooler"
KIND: Final = "Pooler"
TIMEOUT_SECONDS: Final = 600
# While it is refused nobody is let in who waits for the primary; by default PgBouncer rests for 15 s.
LOGIN_RETRY_SECONDS: Final = 1
TIME_OUTS: Final[Mapping[str, str]] = {
    "server_connect_timeout": str(postgres_client.CONNECT_SECONDS),
    "server_login_retry": str(LOGIN_RETRY_SECONDS),
    "tcp_user_timeout": str(postgres_client.UNACKNOWLEDGED_MILLISECONDS),
    "tcp_keepidle": str(postgres_client.IDLE_SECONDS),
    "tcp_keepintvl": str(postgres_client.INTERVAL_SECONDS),
    "tcp_keepcnt": str(postgres_client.PROBES),
}
"""When it gives up a server that does not answer: as those who go straight there do, in PgBouncer's words and units."""


def pooler_spec(settings: Settings, annotations: Mapping[str, str]) -> dict[str, Any]:
    """The spec of the Pooler.

    What it ignores in silence, options of a connection, the API does not use: its statements' time limit and the owner
    of what it makes are settings of its role.
    """
    return {
        "cluster": {"name": settings.postgres.cluster.name},
        "type": "rw",
        "instances": settings.poolers,
        # A quarter more by default, rounded up: more connections than the budget has.
        "deploymentStrategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": SURGE, "maxUnavailable": 0},
        },
        "pgbouncer": {
            "poolMode": "transaction",
            "parameters": parameters(settings),
            "image": settings.images["pooler"].reference,
        },
        "template": _template(settings, annotations),
    }


def pooler_pods(settings: Settings) -> dict[str, str]:
    """The labels of its pods."""
    return {names.CNPG_POOLER: names.pooler(settings.postgres.cluster.name)}


def parameters(settings: Settings) -> dict[str, str]:
    """PgBouncer's parameters: the pool of the primary's connections, and how many of Flagsmith's may wait for one."""
    size = pool_size(settings)
    return {
        # Of each role; while the log-in is renewed there are two of them, and together they have no more.
        "default_pool_size": str(size),
        "max_db_connections": str(size),
        "max_client_conn": str(pool_clients(settings)),
        # Nobody waits longer for an answer: gunicorn's own limit.
        "query_wait_timeout": str(settings.gunicorn.timeout),
        "client_tls_sslmode": "require",
        **TIME_OUTS,
    }


def _template(settings: Settings, annotations: Mapping[str, str]) -> dict[str, Any]:
    resources, scheduling = settings.postgres.cluster.pooler.resources, settings.scheduling
    selector = {"matchLabels": pooler_pods(settings)}
    container = {
        "name": "pgbouncer",
        "resources": {"requests": resources.requests.as_dict(), "limits": resources.limits.as_dict()},
    }
    spec: dict[str, Any] = {
        "containers": [container],
        "topologySpreadConstraints": [
            {
                "maxSkew": 1,
                "topologyKey": key,
                "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": selector,
                "matchLabelKeys": ["pod-template-hash"],
            }
            for key in (ZONE, NODE)
        ],
    }
    if scheduling.node_selector:
        spec["nodeSelector"] = dict(scheduling.node_selector)
    if scheduling.tolerations:
        spec["tolerations"] = [item.model_dump(by_alias=True, exclude_none=True) for item in scheduling.tolerations]
    if scheduling.priority_class_name is not None:
        spec["priorityClassName"] = scheduling.priority_class_name
    if settings.image_pull_secrets:
        spec["imagePullSecrets"] = [{"name": name} for name in settings.image_pull_secrets]
    further = settings.metadata.pods
    metadata = {"labels": dict(further.labels), "annotations": {**further.annotations, **annotations}}
    stated = {kind: values for kind, values in metadata.items() if values}
    return {"metadata": stated, "spec": spec} if stated else {"spec": spec}


class DatabasePooler(Component):
    """The Pooler and the PodDisruptionBudget `flagsmith-pg-pooler`, by the name of their Cluster.

    Its cluster cannot change: a Pooler of another Cluster is another one.

    Attributes:
        pooler: the Pooler's name.
    """

    pooler: pulumi.Output[str]

    def __init__(self, name: str, args: OperatedArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:DatabasePooler", name, opts)
        labels = names.labels(COMPONENT, args.settings.postgres.cluster.pooler.version)
        pooler = CustomResource(
            f"{name}-{args.settings.postgres.cluster.name}",
            api_version=names.CNPG_API_VERSION,
            kind=KIND,
            metadata=ObjectMetaArgs(
                name=names.pooler(args.settings.postgres.cluster.name),
                namespace=args.namespace,
                labels=labels,
                annotations={
                    "pulumi.com/waitFor": "jsonpath={.status.phase}=active",
                    "pulumi.com/timeoutSeconds": str(TIMEOUT_SECONDS),
                },
            ),
            spec=pooler_spec(args.settings, args.annotations),
            opts=self.child(),
        )
        # The operator makes one for a Cluster, and none for a Pooler.
        disruption_budget(
            f"{name}-disruption-budget",
            name=names.pooler(args.settings.postgres.cluster.name),
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.postgres.cluster.pooler.version,
            pods=pooler_pods(args.settings),
            opts=self.child(),
        )
        self.pooler = name_of(pooler)
        self.register_outputs({"pooler": self.pooler})
