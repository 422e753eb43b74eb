"""Where the stack's own PostgreSQL is, and who administers a Cluster's."""

from typing import Final

from components.kit import names
from components.settings import Settings

ADMINISTRATOR: Final = "flagsmith_administrator"
"""The owner of a Cluster's database when it is made: a role that may make others, and is no superuser."""
DATABASE: Final = "flagsmith"
# A standby that is away costs each read this long, in seconds, before the next one is asked.
REPLICA_TIMEOUT: Final = 2


FALLBACK: Final = "FALLBACK_DATABASE_URL"
"""The key of a URL by which whoever reads goes to a standby while the primary is away."""


LOGINS: Final = ("flagsmith_a", "flagsmith_b")
"""What Flagsmith logs in as after an even number of rotations, and after an odd one."""


def login(settings: Settings) -> str:
    """What Flagsmith logs in as now, where the roles are the stack's own."""
    return LOGINS[settings.rotations.database % len(LOGINS)]


def primary(settings: Settings) -> str:
    """The name of the Service that leads to the server which takes writes."""
    return f"{settings.postgres.cluster.name}-rw" if settings.postgres.clustered else names.POSTGRES


def server_address(settings: Settings) -> str:
    """What follows the log-in in the URL of that server."""
    return _address(primary(settings))


def further_ways(settings: Settings) -> dict[str, str]:
    """The same for other ways to a Cluster, by the keys of a Secret: by the poolers, to the standbys, or to either."""
    found = {}
    if settings.pooled:
        found["POOLED_DATABASE_URL"] = _address(names.pooler(settings.postgres.cluster.name))
    if settings.reads_replicas:
        standbys = f"{settings.postgres.cluster.name}-ro"
        found["REPLICA_DATABASE_URLS"] = f"{_address(standbys)}?connect_timeout={REPLICA_TIMEOUT}"
        if not settings.pooled:
            # libpq asks the first host that answers. A standby refuses what is written, and a primary is preferred as
            # soon as a connection is made anew (FALLBACK_SECONDS in flagsmith/environment.py).
            found[FALLBACK] = _address(f"{primary(settings)},{standbys}")
    return found


def _address(service: str) -> str:
    return f"{service}:{names.POSTGRES_PORT}/{DATABASE}"
