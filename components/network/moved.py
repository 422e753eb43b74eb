"""Who talks to the database beside the live one, and to both while data is brought over."""

from collections.abc import Callable, Iterable, Iterator

from components.kit import names
from components.network.cluster import cluster_flows, database_flows
from components.network.ends import CLUSTER_SERVERS, DATABASE, MOVE
from components.network.policies import Flow, Pods, flow, in_namespace
from components.settings import Settings
from components.settings.beside import beside


def moved_flows(settings: Settings, users: Callable[[Settings], Iterable[Pods]]) -> Iterator[Flow]:
    """The database beside the live one; and while data is brought over, who asks both.

    While Flagsmith goes from one to the other, all `users` of the database reach both: the policies change first, and
    the pods are replaced last.
    """
    move, other = settings.postgres.move, beside(settings)
    if move is None or other is None:
        return
    switches = move.step == "switching"
    yield from cluster_flows(other, asked=switches)
    if switches:
        yield from database_flows(other, users(other))
    if settings.postgres.moves:
        yield flow(MOVE, CLUSTER_SERVERS if other.postgres.clustered else DATABASE, names.POSTGRES_PORT)
        if other.postgres.clustered and not switches:
            yield flow(CLUSTER_SERVERS, DATABASE, names.POSTGRES_PORT)
    network = settings.network_policy
    monitoring = [in_namespace(network.monitoring_namespace, network.monitoring_pod_labels)]
    if other.postgres.embedded and other.postgres_exporter is not None:
        yield flow(monitoring, DATABASE, names.POSTGRES_METRICS_PORT)
