"""What `ff capacity` answers."""

from dataclasses import dataclass
from typing import Any

from flagops.commands.capacity.load import LoadRequests


@dataclass(frozen=True, kw_only=True)
class CapacityDisk:
    """Bytes in the database, at most.

    Attributes:
        raw_rows_a_day: rows of single reports.
        raw: bytes of these.
        bucketed: of sums.
        tasks: of finished tasks.
        identities: of users and traits.
        audit: of the audit log in five years.
        storage: GiB of the volume.
    """

    raw_rows_a_day: int
    raw: int
    bucketed: int
    tasks: int
    identities: int
    audit: int
    storage: int


@dataclass(frozen=True, kw_only=True)
class Need:
    """What the API's part takes.

    Attributes:
        size: of the table.
        replicas: pods of the API.
        cores: CPU that requests take in the busiest hour, without headroom.
        database_cores: the database's part.
        is_beyond: whether it is more than the largest size was made for.
    """

    size: str
    replicas: int
    cores: float
    database_cores: float
    is_beyond: bool


@dataclass(frozen=True, kw_only=True)
class EdgeInstead:
    """What proxies of the edge would change.

    Attributes:
        pays: whether they take less CPU than the API's pods that they stand in for.
        proxies: how many.
        need: of the API beside them.
    """

    pays: bool
    proxies: int
    need: Need


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """The answer.

    Attributes:
        requests: a second, in the busiest hour.
        need: of the API.
        need_alone: of the API without the edge.
        workers: processes of each pod.
        threads: of each process.
        task_processors: pods.
        connections: that are open at most; with a pooler, at least.
        max_connections: that the database takes.
        postgres_cpu: of each server.
        postgres_memory: of each server.
        servers: of PostgreSQL.
        disk: of each server.
        edge: what it would change.
        settings: to copy.
        notes: what this does not know.
    """

    requests: LoadRequests
    need: Need
    need_alone: Need
    workers: int
    threads: int
    task_processors: int
    connections: int
    max_connections: int
    postgres_cpu: str
    postgres_memory: str
    servers: int
    disk: CapacityDisk
    edge: EdgeInstead
    settings: dict[str, Any]
    notes: tuple[str, ...]
