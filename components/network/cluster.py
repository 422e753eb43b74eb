"""Who talks to the servers of a Cluster of CloudNativePG and to its poolers, and whom they ask."""

from collections.abc import Iterable, Iterator

from components.kit import names
from components.network.ends import (
    API,
    API_SERVER_PORTS,
    CLUSTER_SERVERS,
    DATABASE,
    OPERATOR_LABELS,
    POOLERS,
    api_server,
)
from components.network.policies import Flow, Pods, flow, in_namespace
from components.settings import Settings


def database_flows(settings: Settings, users: Iterable[Pods]) -> Iterator[Flow]:
    """The ways of `users` to a PostgreSQL of the stack's own."""
    if not settings.postgres.is_own:
        return
    server = CLUSTER_SERVERS if settings.postgres.clustered else DATABASE
    for pods in users:
        yield flow(pods, server, names.POSTGRES_PORT)


def cluster_flows(settings: Settings, *, asked: bool = True) -> Iterator[Flow]:
    """A Cluster's servers among themselves, the operator, poolers, and what all of these ask.

    The ways of poolers are there without any, and those past them with them: a pooler that comes or goes does so while
    pods of the API still ask as they did before. Nobody asks a Cluster that is not `asked`, and it has no pooler.
    """
    if not settings.postgres.clustered:
        return
    network, own = settings.network_policy, CLUSTER_SERVERS
    inner = (names.POSTGRES_PORT, names.INSTANCE_MANAGER_PORT)
    monitoring = [in_namespace(network.monitoring_namespace, network.monitoring_pod_labels)]
    operator = [in_namespace(settings.postgres.cluster.operator_namespace, OPERATOR_LABELS)]
    asking = [own]
    yield flow(own, own, *inner)
    yield flow(operator, own, *inner)
    yield flow(monitoring, own, names.CLUSTER_METRICS_PORT)
    if asked:
        asking.append(POOLERS)
        yield flow(API, POOLERS, names.POSTGRES_PORT)
        yield flow(POOLERS, own, names.POSTGRES_PORT)
        yield flow(monitoring, POOLERS, names.POOLER_METRICS_PORT)
    # The instance manager in each of their pods reads and writes what the operator and it tell each other.
    for pods in asking:
        yield flow(pods, api_server(network.api_server), *API_SERVER_PORTS)
