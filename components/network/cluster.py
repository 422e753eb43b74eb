"""Who talks to the servers of a Cluster of CloudNativePG and to its poolers, and whom they ask."""

from collections.abc import Iterator

from components.kit import names
from components.network.ends import API, API_SERVER_PORTS, OPERATOR_LABELS, api_server, poolers, servers
from components.network.policies import Flow, flow, in_namespace
from components.settings import Settings


def cluster_flows(settings: Settings) -> Iterator[Flow]:
    """A Cluster's servers among themselves, the operator, the poolers, and what all of these ask."""
    if not settings.postgres.clustered:
        return
    network, own = settings.network_policy, servers(settings.postgres.cluster.name)
    inner = (names.POSTGRES_PORT, names.INSTANCE_MANAGER_PORT)
    monitoring = [in_namespace(network.monitoring_namespace, network.monitoring_pod_labels)]
    operator = [in_namespace(settings.postgres.cluster.operator_namespace, OPERATOR_LABELS)]
    kept = [servers(name, is_kept=True) for name in settings.postgres.cluster.kept]
    asking = [own, *kept]
    for cluster in (own, *kept):
        yield flow(cluster, cluster, *inner)
        yield flow(operator, cluster, *inner)
    yield flow(monitoring, own, names.CLUSTER_METRICS_PORT)
    if settings.pooled:
        before = poolers(settings.postgres.cluster.name)
        asking.append(before)
        yield flow(API, before, names.POSTGRES_PORT)
        yield flow(before, own, names.POSTGRES_PORT)
        yield flow(monitoring, before, names.POOLER_METRICS_PORT)
    # The instance manager in each of their pods reads and writes what the operator and it tell each other.
    for pods in asking:
        yield flow(pods, api_server(network.api_server), *API_SERVER_PORTS)
