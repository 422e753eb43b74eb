"""One instance of a Cluster, and what its Cluster says of it."""

import json
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, Final

from tests.doubles.cloudnative_pg.watching import Key

CLUSTER_LABEL: Final = "cnpg.io/cluster"
FENCED: Final = "cnpg.io/fencedInstances"
AT_RESTART: Final = frozenset(
    {
        *("archive_mode", "huge_pages", "max_connections", "max_locks_per_transaction", "max_prepared_transactions"),
        *("max_replication_slots", "max_wal_senders", "max_worker_processes", "shared_buffers"),
        *("shared_preload_libraries", "superuser_reserved_connections", "track_activity_query_size", "wal_buffers"),
        "wal_level",
    }
)
"""Parameters that PostgreSQL reads when it starts (the context `postmaster` of pg_settings)."""


@dataclass
class Instance:
    """One instance manager, from its pod's start to its end.

    Attributes:
        pod: The pod it runs in.
        ending: What is closed in the end.
        loaded: The parameters that were last read.
        started_with: Those that were read when PostgreSQL started.
        session: Another one after each start.
        address: Its pod's.
        is_up: Whether PostgreSQL runs in it.
    """

    pod: dict[str, Any]
    ending: ExitStack
    address: str = ""
    is_up: bool = True
    loaded: Mapping[str, str] = field(default_factory=dict)
    started_with: Mapping[str, str] = field(default_factory=dict)
    session: str = ""

    @property
    def name(self) -> str:
        return str(self.pod["metadata"]["name"])

    @property
    def cluster(self) -> Key:
        metadata = self.pod["metadata"]
        return metadata["namespace"], metadata["labels"][CLUSTER_LABEL]

    @property
    def pending_restart(self) -> bool:
        return any(self.loaded.get(name) != self.started_with.get(name) for name in AT_RESTART)

    def start_postgres(self, parameters: Mapping[str, str]) -> None:
        self.loaded = self.started_with = dict(parameters)
        self.session = uuid.uuid4().hex


def parameters_of(cluster: Mapping[str, Any]) -> Mapping[str, str]:
    """PostgreSQL's parameters, as the Cluster states them."""
    return dict(cluster["spec"].get("postgresql", {}).get("parameters", {}))


def is_fenced(cluster: Mapping[str, Any], name: str) -> bool:
    """Whether somebody has the Cluster not run PostgreSQL in an instance."""
    stated = json.loads((cluster["metadata"].get("annotations") or {}).get(FENCED, "[]"))
    return "*" in stated or name in stated
