"""The API as applications see it: errors, latency, the cache of documents, metrics that are missing.

A worker that gunicorn kills for its silence leaves no request in the metrics: it shows in latency and in restarts.
Quantiles and shares are taken over the sum of all pods, after the rate of each, so that a restart counts for nothing.
"""

from collections.abc import Iterator
from typing import Final

from components.alerts.rule import Alert
from components.alerts.subject import Subject
from components.routes import NO_PROBES, SDK

# Below that many requests, one slow one is a percentile.
FEWEST: Final = 20


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the API."""
    limits, where = subject.thresholds, subject.where
    requests, seconds = "flagsmith_http_server_requests_total", "flagsmith_http_server_request_duration_seconds"
    yield Alert(
        name="FlagsmithSdkErrors",
        expression=f"""
            100 * sum by (route) (rate({requests}{{{where},{SDK},response_status=~"5.."}}[5m]))
            / sum by (route) (rate({requests}{{{where},{SDK}}}[5m])) > {limits.sdk_error_percent:g}""",
        minutes=5,
        severity="critical",
        summary="Applications get errors instead of flags.",
        description='{{ $value | printf "%.1f" }} % of the answers of {{ $labels.route }} are errors (5xx).',
        runbook="15-requests-fail-or-are-slow",
    )
    yield Alert(
        name="FlagsmithErrors",
        expression=f"""
            100 * sum(rate({requests}{{{where},{NO_PROBES},response_status=~"5.."}}[1h]))
            / sum(rate({requests}{{{where},{NO_PROBES}}}[1h])) > {limits.error_percent:g}""",
        minutes=15,
        severity="warning",
        summary="Flagsmith answers with errors.",
        description='{{ $value | printf "%.2f" }} % of all answers within an hour were errors (5xx).',
        runbook="15-requests-fail-or-are-slow",
    )
    yield Alert(
        name="FlagsmithSlow",
        expression=f"""
            histogram_quantile(0.99, sum by (route, le) (rate({seconds}_bucket{{{where},{SDK}}}[10m])))
            > {limits.latency_seconds:g}
            and on (route) sum by (route) (increase({seconds}_count{{{where},{SDK}}}[10m])) >= {FEWEST}""",
        minutes=10,
        severity="warning",
        summary="Flags come slowly.",
        description='One of a hundred answers of {{ $labels.route }} takes {{ $value | printf "%.2f" }} s or longer.',
        runbook="15-requests-fail-or-are-slow",
    )
    if subject.has_redis:
        queries = "flagsmith_environment_document_cache_queries_total"
        # At least one a second: SDKs that poll more rarely than the cache keeps documents never find one.
        yield Alert(
            name="FlagsmithDocumentsNotCached",
            expression=f"""
                100 * sum(rate({queries}{{{where},result="CACHE_MISS"}}[15m])) / sum(rate({queries}{{{where}}}[15m]))
                > {limits.cache_miss_percent} and sum(rate({queries}{{{where}}}[15m])) > 1""",
            minutes=15,
            severity="warning",
            summary="Environment documents are made anew for most requests.",
            description='{{ $value | printf "%.0f" }} % of the environment documents were not in the cache.',
            runbook="1-redis-is-away-or-hangs",
        )
    for component in subject.targets:
        up = f'up{{{where},component="{component}"}}'
        name = "".join(word.capitalize() for word in component.split("-"))
        # None at all is one alert, some of several another; both for as long as a rollout takes and longer.
        yield Alert(
            name=f"FlagsmithMetricsMissing{name}",
            expression=f"absent({up}) or max({up}) == 0",
            minutes=10,
            severity="warning",
            summary=f"There are no metrics of {component}.",
            description=f"No pod of {component} gave Prometheus metrics for 10 minutes: other alerts cannot see it.",
            runbook="16-metrics-are-missing",
        )
