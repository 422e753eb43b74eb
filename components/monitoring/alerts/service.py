"""The API as applications see it: errors, latency, the cache of documents, metrics that are missing.

A worker that gunicorn kills for its silence leaves no request in the metrics: it shows in latency and in restarts.
Quantiles and shares are taken over the sum of all pods, after the rate of each, so that a restart counts for nothing.
"""

from collections.abc import Iterator
from typing import Final

from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.subject import Subject
from components.monitoring.routes import NO_PROBES, SDK

# Below that many requests, one slow one is a percentile. `increase` estimates, so both of these are about so many.
FEWEST: Final = 20
# Below that many errors, one user's mistake is a percentage.
FEWEST_ERRORS: Final = 5
# How many times the threshold wakes somebody up at once: of 1 %, half a minute without a single good answer, which is a
# tenth of the answers of 5 minutes.
AT_ONCE: Final = 10


def _burns(matchers: str, percent: float, windows: tuple[str, str], by: str = "") -> str:
    """The percentage of errors within the longer window, where it is above `percent` in both.

    The longer one only grows while errors come: what is over cannot start an alert late, and no `for` is needed. The
    shorter one ends the alert soon after the last error.
    """
    requests = "flagsmith_http_server_requests_total"
    errors = f'{requests}{{{matchers},response_status=~"5.."}}'
    long, short = (
        f"100 * sum{by}(rate({errors}[{window}])) / sum{by}(rate({requests}{{{matchers}}}[{window}])) > {percent:g}"
        for window in windows
    )
    return f"({long} and {short} and sum{by}(increase({errors}[{windows[0]}])) >= {FEWEST_ERRORS})"


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the API."""
    limits, where = subject.thresholds, subject.where
    seconds = "flagsmith_http_server_request_duration_seconds"
    sdk, all_but_probes = f"{where},{SDK}", f"{where},{NO_PROBES}"
    yield Alert(
        name="FlagsmithSdkErrors",
        expression=f"""
            {_burns(sdk, min(AT_ONCE * limits.sdk_error_percent, 50), ("5m", subject.short), " by (route) ")}
            or {_burns(sdk, limits.sdk_error_percent, ("1h", "5m"), " by (route) ")}""",
        minutes=0,
        severity="critical",
        summary="Applications get errors instead of flags.",
        description='{{ $value | printf "%.1f" }} % of the answers of {{ $labels.route }} are errors (5xx).',
        runbook="15-requests-fail-or-are-slow",
    )
    yield Alert(
        name="FlagsmithErrors",
        expression=_burns(all_but_probes, limits.error_percent, ("1h", "5m")),
        minutes=0,
        severity="warning",
        summary="Flagsmith answers with errors.",
        description='{{ $value | printf "%.2f" }} % of all answers within an hour were errors (5xx).',
        runbook="15-requests-fail-or-are-slow",
    )

    def slowest(window: str) -> str:
        rate = f"sum by (route, le) (rate({seconds}_bucket{{{sdk}}}[{window}]))"
        return f"histogram_quantile(0.99, {rate}) > {limits.latency_seconds:g}"

    yield Alert(
        name="FlagsmithSlow",
        expression=f"""
            {slowest("10m")} and {slowest(subject.short)}
            and sum by (route) (increase({seconds}_count{{{sdk}}}[10m])) >= {FEWEST}""",
        minutes=10,
        severity="warning",
        summary="Flags come slowly.",
        description='One of a hundred answers of {{ $labels.route }} takes {{ $value | printf "%.2f" }} s or longer.',
        runbook="15-requests-fail-or-are-slow",
    )
    if subject.has_redis:
        queries = "flagsmith_environment_document_cache_queries_total"

        def missed(window: str) -> str:
            of_all = f"sum(rate({queries}{{{where}}}[{window}]))"
            misses = f'100 * sum(rate({queries}{{{where},result="CACHE_MISS"}}[{window}])) / {of_all}'
            # At least one a second: SDKs that poll more rarely than the cache keeps documents never find one.
            return f"{misses} > {limits.cache_miss_percent} and {of_all} > 1"

        yield Alert(
            name="FlagsmithDocumentsNotCached",
            expression=f"{missed('15m')} and {missed(subject.short)}",
            minutes=15,
            severity="warning",
            summary="Environment documents are made anew for most requests.",
            description='{{ $value | printf "%.0f" }} % of the environment documents were not in the cache.',
            runbook="1-redis-is-away-or-hangs",
        )
