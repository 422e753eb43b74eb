"""How far the standbys of a Cluster are behind its primary, as PostgreSQL says there."""

import json
from dataclasses import dataclass
from typing import Any, Final

from components.kit.replication import LAG_SECONDS
from flagops.errors import AnswerError, FailedError
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.postgres_cluster import CONTAINER
from flagops.pods.exec import run
from flagops.stacks.deployed import Instance

SECONDS: Final = 20.0
# As the superuser, in the server's own database, where the application has nothing that could be run.
QUERY: Final = (
    "SELECT pg_catalog.json_build_object('name', application_name, 'state', state, 'bytes', "
    "coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), replay_lsn), 0)::bigint, 'seconds', "
    "coalesce(extract(epoch FROM replay_lag), 0)::float) FROM pg_catalog.pg_stat_replication ORDER BY application_name"
)
ASK: Final = (
    "psql",
    "--no-psqlrc",
    "--quiet",
    "--tuples-only",
    "--no-align",
    "--username=postgres",
    "--dbname=postgres",
    f"--command={QUERY}",
)


@dataclass(frozen=True)
class Standby:
    """A standby that the primary sends its log to.

    Attributes:
        name: Its pod.
        state: `streaming`, or how far it is from that.
        bytes: How much of the log it has not shown yet.
        seconds: How late a change of now would be seen there, by the last one.
    """

    name: str
    state: str
    bytes: int
    seconds: float

    @property
    def is_fine(self) -> bool:
        """Whether it follows closely enough."""
        return self.state == "streaming" and self.seconds < LAG_SECONDS


def standbys(instance: Instance, primary: Manifest) -> list[Standby]:
    """Those that the primary sends to, by name: none that is cut off. Raises OpsError when it cannot be asked."""
    done = run(instance, primary, ASK, container=CONTAINER, seconds=SECONDS)
    if done.code:
        raise FailedError(f"The primary cannot be asked for its standbys: {instance.masker()(done.err.strip())}")
    try:
        found: list[dict[str, Any]] = [json.loads(line) for line in done.out.splitlines() if line]
        return [
            Standby(str(item["name"]), str(item["state"]), int(item["bytes"]), float(item["seconds"])) for item in found
        ]
    except (ValueError, KeyError, TypeError):
        raise AnswerError(f"The primary says of its standbys what is not understood: {done.out[:200]!r}.") from None
