"""What kinds of clusters cannot do: one that chooses users itself, and one with IPv6 alone."""

from collections.abc import Iterator

from components.settings import releases
from components.settings.model import Settings
from components.settings.problems import Problem
from components.text.versions import dotted, parse_version


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield what would not start there."""
    if settings.is_edge:
        return
    if settings.pod_security.chosen_by_cluster and settings.postgres.embedded:
        yield Problem(
            path=("podSecurity", "userIds"),
            text="must be fixed with the embedded PostgreSQL, whose local log-in needs the names of users. Set "
            "postgres.mode to cloudnativepg or external; or leave this fixed, and grant the SCC nonroot-v2 "
            "(docs/worlds.md#openshift)",
        )
    first = releases.FIRST_WITHOUT_SHELL
    if settings.ip_family == "IPv6" and parse_version(settings.version) < first:
        yield Problem(
            path=("ipFamily",),
            text=f"needs Flagsmith {dotted(first)} or newer: older images listen only on IPv4. Raise version",
        )


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what does not work there."""
    if settings.ip_family == "IPv6" and settings.monitoring_enabled and not settings.is_edge:
        yield (
            "ipFamily is IPv6: Flagsmith serves its own metrics (port 9100) only on IPv4, so Prometheus cannot read "
            "those of the API and the task processor. It can read all others (docs/worlds.md#ipv6)"
        )
