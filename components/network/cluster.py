"""Who talks to the servers of a Cluster of CloudNativePG and to its poolers, and whom they ask."""

from collections.abc import Iterator

from components.kit import names
from components.network.ends import API, API_SERVER_PORTS, CLUSTER_SERVERS, OPERATOR_LABELS, POOLERS, api_server
from components.network.policies import Flow, flow, in_namespace
from components.settings import Settings


def cluster_flows(settings: Settings) -> Iterator[Flow]:
    """A Cluster's servers among themselves, the operator, the poolers, and what all of these ask."""
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
    if settings.pooled:
        asking.append(POOLERS)
        yield flow(API, POOLERS, names.POSTGRES_PORT)
        yield flow(POOLERS, own, names.POSTGRES_PORT)
        yield flow(monitoring, POOLERS, names.POOLER_METRICS_PORT)
    # The instance manager in each of their pods reads and writes what the operator and it tell each other.
    for pods in asking:
        yield flow(pods, api_server(network.api_server), *API_SERVER_PORTS)
