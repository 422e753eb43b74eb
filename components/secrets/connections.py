"""Where Flagsmith finds what it connects to, by the settings and the Secrets."""

from components.kit.database_client import Connections
from components.secrets.secrets import Credentials
from components.settings import Settings


def connections(settings: Settings, credentials: Credentials) -> Connections:
    """What Flagsmith connects to."""
    return Connections(
        postgres=credentials.database,
        redis=credentials.redis,
        django=credentials.django,
        server=settings.postgres,
        cache=settings.redis,
    )
