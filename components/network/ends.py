"""The ends of connections: pods of the stack, and who is outside, by the settings."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from components.audit import exporter, reader
from components.backup import backup
from components.edge import pod as edge
from components.edge_metrics import edge_metrics
from components.flag_metrics import flag_metrics
from components.flagsmith import api, bootstrap, migration, task_processor
from components.kit import names
from components.monitoring import external_exporters
from components.network.policies import Outside, Pods, component_pods, in_namespace
from components.postgres import move, pooler, roles, toolbox
from components.postgres import server as postgres
from components.redis import server as redis
from components.rollouts import login, rollouts
from components.settings.checks import wide
from components.settings.networks import PRIVATE, left_out
from components.settings.sections.network_policy import Peer
from components.settings.ways import Reach, Way

API: Final = component_pods(api.COMPONENT)
TASK_PROCESSOR: Final = component_pods(task_processor.COMPONENT)
EDGE: Final = component_pods(edge.COMPONENT)
EDGE_METRICS: Final = component_pods(edge_metrics.COMPONENT)
MIGRATION: Final = component_pods(migration.COMPONENT)
BOOTSTRAP: Final = component_pods(bootstrap.COMPONENT)
DATABASE: Final = component_pods(postgres.COMPONENT)
# Of whatever Cluster: one that is kept under another name has to go on, and while Flagsmith moves from one to another,
# pods that are not replaced yet ask the one before. The poolers' pods have its label too (pkg/specs/pgbouncer of
# 1.30.0). The Jobs by which the operator makes servers count among them. Another name than the embedded server's, which
# may be beside them.
CLUSTER_SERVERS: Final = Pods(
    name=f"flagsmith-{postgres.COMPONENT}-cluster", labelled=[names.CNPG_CLUSTER], unlabelled=[names.CNPG_POOLER]
)
POOLERS: Final = Pods(name=f"flagsmith-{pooler.COMPONENT}", labelled=[names.CNPG_POOLER])
ROLES: Final = component_pods(roles.COMPONENT)
CACHE: Final = component_pods(redis.COMPONENT)
BACKUP: Final = component_pods(backup.COMPONENT)
AUDIT: Final = component_pods(reader.COMPONENT)
AUDIT_EXPORTER: Final = component_pods(exporter.COMPONENT)
FLAG_METRICS: Final = component_pods(flag_metrics.COMPONENT)
ROLLOUTS: Final = component_pods(rollouts.COMPONENT)
ROLLOUTS_LOGIN: Final = component_pods(login.COMPONENT)
MOVE: Final = component_pods(move.COMPONENT)
TOOLBOX: Final = component_pods(toolbox.COMPONENT)
POSTGRES_EXPORTER: Final = component_pods(external_exporters.POSTGRES_COMPONENT)
REDIS_EXPORTER: Final = component_pods(external_exporters.REDIS_COMPONENT)
# What cert-manager starts to answer a challenge of ACME, and its port (cert-manager 1.21, pkg/issuer/acme/http).
SOLVER: Final = Pods(name=names.ACME_SOLVER, labels={"acme.cert-manager.io/http01-solver": "true"})
SOLVER_PORT: Final = 8089
# Where an API server listens: as a Service, and by itself (checks/wide.py knows the same).
API_SERVER_PORTS: Final = tuple(sorted(wide.API_SERVER_PORTS))
OPERATOR_LABELS: Final = {names.NAME: names.CNPG_OPERATOR}
EVERYTHING: Final = ("0.0.0.0/0", "::/0")


def api_server(networks: Sequence[str]) -> list[Outside]:
    """The cluster's API server, by its addresses."""
    return addresses([network for network in networks if network not in wide.NO_ADDRESS.values()])


def anywhere(closed: Sequence[str]) -> list[Outside]:
    """Any address but closed ones. Pods too, which not every network counts among the addresses of a block."""
    return [*addresses(EVERYTHING, closed), Outside()]


def internet(closed: Sequence[str]) -> list[Outside]:
    """Every address that is public."""
    return addresses(EVERYTHING, (*PRIVATE, *closed))


def outside(peers: Sequence[Peer]) -> list[Outside]:
    """Those whom the settings name, just as they do."""
    return [
        in_namespace(peer.namespace, peer.pod_labels)
        if peer.namespace is not None
        else Outside(
            cidr=peer.cidr,
            except_=peer.except_,
            namespace_labels=peer.namespace_labels,
            pod_labels=peer.pod_labels,
        )
        for peer in peers
    ]


def called(peers: Sequence[Peer], closed: Sequence[str]) -> list[Outside]:
    """Those whom the settings name as somebody to call: closed networks are left out of theirs."""
    return [
        end if end.cidr is None else replace(end, except_=left_out(end.cidr, (*closed, *end.except_)))
        for end in outside(peers)
    ]


def addresses(networks: Sequence[str], closed: Sequence[str] | None = None) -> list[Outside]:
    """Hosts, by their networks, without those of `closed` and others that are never open; None leaves nothing out."""
    return [Outside(cidr=network, except_=() if closed is None else left_out(network, closed)) for network in networks]


def behind(way: Way, closed: Sequence[str]) -> list[Outside]:
    """Who is at the end of a way."""
    match way.reach:
        case Reach.STATED:
            return called(way.to, closed)
        case Reach.SERVICE:
            return [in_namespace(str(way.namespace))]
        case Reach.ADDRESS:
            return [Outside(cidr=way.address), Outside()]
        case Reach.INTERNET:
            return internet(closed)
        case Reach.ANYWHERE:
            return anywhere(closed)
