"""What the arguments of several components have in common."""

from components.credentials import Credentials
from components.environment import Connections
from components.pods import Placement
from components.settings import Settings


def placement(settings: Settings) -> Placement:
    """Where pods run."""
    return Placement(scheduling=settings.scheduling, image_pull_secrets=settings.image_pull_secrets)


def connections(settings: Settings, credentials: Credentials) -> Connections:
    """What Flagsmith connects to."""
    return Connections(
        postgres=credentials.database,
        redis=credentials.redis,
        django=credentials.django,
        sslmode=settings.postgres.resolved_sslmode,
        postgres_ca=settings.postgres.ca_secret,
        redis_ca=settings.redis.ca_secret,
    )
