"""The connections of each server of a Cluster, and of each pool before it."""

from collections.abc import Iterator
from dataclasses import dataclass

from components.settings import connections
from components.settings.model import Settings

# Beside its pool, a pooler asks the primary for people's passwords (auth_query): from a pool of its own, which grows
# when many log in at once, as after a failover.
AUTHENTICATION = 3
# Fewer would serve one request after the other.
MIN_POOL_SIZE = 4


@dataclass(frozen=True, kw_only=True)
class ServerBudget:
    """What one server has to take at most.

    Attributes:
        what: which server, and what opens connections to it, in words that follow "what".
        needed: how many connections.
        text: the sum.
        remedy: what to lower in place of raising `postgres.maxConnections`.
    """

    what: str
    needed: int
    text: str
    remedy: str


def servers(settings: Settings) -> Iterator[ServerBudget]:
    """Yield the budget of each server whose bound is known, or None of the operator's own external one."""
    replicas = "autoscaling.maxReplicas" if settings.autoscaling.enabled else "replicas"
    by_pods = f"{replicas}, gunicorn.workers, gunicorn.threads or taskProcessor.threads"
    if settings.pooled:
        size = settings.postgres.cluster.pooler.pool_size or MIN_POOL_SIZE
        after = " after a failover" if settings.reads_replicas else ""
        yield ServerBudget(
            what=f"the poolers and what goes past them can open on the primary{after}",
            needed=_pooled(settings, size),
            text=_pooled_text(settings, size),
            remedy="postgres.cluster.pooler.poolSize, postgres.cluster.pooler.instances or taskProcessor.threads",
        )
    else:
        after = " on the primary after a failover" if settings.reads_replicas else ""
        yield ServerBudget(
            what=f"Flagsmith can open{after}",
            needed=connections.connections(settings) + _reads(settings),
            text=connections.connections_sum(settings, others=_reads_text(settings), number=_reads(settings)),
            remedy=by_pods,
        )
    if settings.reads_replicas:
        yield ServerBudget(
            what="the API can open on a standby that is alone",
            needed=connections.api_connections(settings) + connections.RESERVED_CONNECTIONS,
            text=f"{connections.api_text(settings)} + {connections.RESERVED_CONNECTIONS} reserved = "
            f"{connections.api_connections(settings) + connections.RESERVED_CONNECTIONS}",
            remedy=by_pods,
        )


def pool_size(settings: Settings) -> int:
    """How many connections each pooler opens to the primary: as stated, else its share of what is left for them."""
    stated = settings.postgres.cluster.pooler.pool_size
    if stated is not None:
        return stated
    left = (settings.max_connections or 0) - _pooled(settings, 0)
    return max(MIN_POOL_SIZE, left // _poolers(settings))


def pool_clients(settings: Settings) -> int:
    """How many clients a pooler takes: all of the API, for the moment in which it is alone."""
    return connections.api_connections(settings) + connections.RESERVED_CONNECTIONS


def _poolers(settings: Settings) -> int:
    return settings.poolers + connections.SURGE


def _pooled(settings: Settings, size: int) -> int:
    return (
        _poolers(settings) * (size + AUTHENTICATION)
        + connections.task_connections(settings)
        + connections.readers(settings)
        + _reads(settings)
        + connections.RESERVED_CONNECTIONS
    )


def _reads(settings: Settings) -> int:
    """How many connections the API keeps to a standby, of which the primary of a moment later may have been one."""
    return connections.api_connections(settings) if settings.reads_replicas else 0


def _reads_text(settings: Settings) -> str:
    return f"+ {connections.api_text(settings)} as a former standby " if settings.reads_replicas else ""


def _pooled_text(settings: Settings, size: int) -> str:
    return (
        f"({settings.poolers} poolers + {connections.SURGE} surge) x ({size} pool + {AUTHENTICATION}) "
        f"+ {connections.tasks_text(settings)} {connections.readers_text(settings)}"
        f"{_reads_text(settings)}+ {connections.RESERVED_CONNECTIONS} reserved = {_pooled(settings, size)}"
    )
