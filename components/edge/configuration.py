"""What a proxy is told, without its keys: by the names of its `config.json`, which are those of its variables too."""

from collections.abc import Mapping
from typing import Any, Final

from components.kit import names
from components.settings import Settings

# Longer than proxies keep an idle connection (Google's load balancers: 600 s): whoever closes first loses no request.
KEEP_ALIVE_SECONDS: Final = 620
KEPT: Final = {"timeout_keep_alive": KEEP_ALIVE_SECONDS}
EVERY_ADDRESS: Final = {"IPv4": "0.0.0.0", "IPv6": "::"}  # noqa: S104 - in a pod of its own


def api_url(settings: Settings) -> str:
    """Where the proxies ask for documents: at the stack's own API, or at the primary's public name."""
    primary = settings.edge.primary
    return f"{f'http://{names.API}:{names.API_PORT}' if primary is None else primary.url}/api/v1"


def configuration(settings: Settings) -> Mapping[str, Any]:
    """The settings of a proxy.

    Without a grace period a document never counts as stale. With one, 30 s by default, every proxy would be taken out
    of its Service half a minute after Flagsmith went away.
    """
    return {
        "api_url": api_url(settings),
        "api_poll_frequency_seconds": settings.edge.poll_seconds,
        "api_poll_timeout_seconds": settings.edge.poll_timeout_seconds,
        "health_check": {"environment_update_grace_period_seconds": None},
        # A line for each request for a document would be most of the log.
        "logging": {"log_format": "json", "override": {"loggers": {"httpx": {"level": "WARNING"}}}},
        "server": {"host": EVERY_ADDRESS[settings.ip_family], "port": names.EDGE_PORT, **KEPT},
    }
