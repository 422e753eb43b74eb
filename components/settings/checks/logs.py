"""What logs, metrics and traces may not be asked of a release, and what is worth knowing about them."""

from collections.abc import Iterator

from components.settings import releases
from components.settings.model import Settings
from components.settings.problems import Problem
from components.text.versions import Version, dotted


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield what the release cannot do."""
    release = settings.release
    if settings.logs.access not in (None, "none") and not release.json_access_log:
        yield _too_old(("logs", "access"), releases.FIRST_WITH_JSON_ACCESS_LOG, "remove the key")
    if settings.monitoring_enabled and not release.metrics_port:
        # Else Prometheus would report every server as down, for ever.
        yield _too_old(("monitoring", "enabled"), releases.FIRST_WITH_METRICS_PORT, "set it to false")
    if settings.tracing.endpoint is not None and not release.tracing:
        yield _too_old(("tracing", "endpoint"), releases.FIRST_WITH_TRACING, "remove the section")
    elif settings.tracing.protocol == "grpc" and not release.tracing_by_grpc:
        yield _too_old(("tracing", "protocol"), releases.FIRST_WITH_TRACING_BY_GRPC, "set it to http/protobuf")


def _too_old(path: tuple[str, ...], first: Version, instead: str) -> Problem:
    return Problem(path=path, text=f"needs Flagsmith {dotted(first)} or newer: raise version, or {instead}")


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what traces give away."""
    if settings.tracing.endpoint is not None:
        yield (
            "tracing.endpoint: traces hold the queries of requests, and with them the identifiers of "
            "users: have the collector delete the attribute http.target (docs/logs.md shows how)"
        )
