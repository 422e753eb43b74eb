"""The service: how much is asked of Flagsmith, how well it answers, and how full its pods are."""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard as Board

from components.kit import names
from components.monitoring import routes
from components.monitoring.dashboards.edge import edge
from components.monitoring.dashboards.model import Dashboard, Facts
from components.monitoring.dashboards.panels import HERE, Panel, add_row, frame, lines, number, or_zero, rows, share
from components.monitoring.dashboards.tasks import tasks

REQUESTS: Final = "flagsmith_http_server_requests_total"
DURATION: Final = "flagsmith_http_server_request_duration_seconds_bucket"
SERVED: Final = f"{HERE},{routes.NO_PROBES}"
SDK: Final = f"{HERE},{routes.SDK}"
FAILED: Final = 'response_status=~"5.."'
RATE: Final = "[$__rate_interval]"
PODS: Final = f'{HERE},pod=~"flagsmith-.*"'
CONTAINERS: Final = f'{PODS},container!=""'


def service(facts: Facts) -> Board:
    """The dashboard `service`."""
    board = frame(Dashboard.SERVICE, facts, "Requests, errors, latency, caches, tasks and saturation of Flagsmith.")
    board = add_row(board, "At a glance", _glance(facts))
    board = add_row(board, "Requests", _requests(facts))
    board = add_row(board, "Caches", _caches(facts))
    if facts.edge:
        board = add_row(board, "Edge", edge(facts))
    board = add_row(board, "Saturation", _saturation(facts))
    return add_row(board, "Tasks", tasks(facts))


def _errors(labels: str) -> str:
    failed = f"sum(rate({REQUESTS}{{{labels},{FAILED}}}{RATE}))"
    return share(or_zero(failed), f"sum(rate({REQUESTS}{{{labels}}}{RATE}))")


def quantile(q: float, labels: str, *by: str) -> str:
    """A quantile of the answers' time, in seconds."""
    grouped = ", ".join(("le", *by))
    return f"histogram_quantile({q}, sum by ({grouped}) (rate({DURATION}{{{labels}}}{RATE})))"


def _glance(facts: Facts) -> list[Panel]:
    deployment = f'{HERE},deployment="{names.API}"'
    requests = f"sum(rate({REQUESTS}{{{SERVED}}}{RATE}))"
    return [
        number("Requests", "Requests a second, without probes.", requests, unit="reqps"),
        number(
            "Errors",
            "Answers 5xx, of all answers.",
            _errors(SERVED),
            unit="percent",
            limit=facts.thresholds.error_percent,
            decimals=2,
        ),
        number(
            "p99 of SDK endpoints",
            "99 of 100 answers to applications came within this time.",
            quantile(0.99, SDK),
            unit="s",
            limit=facts.thresholds.latency_seconds,
        ),
        number(
            "Replicas missing",
            "API pods that are wanted and not available.",
            f"sum(kube_deployment_spec_replicas{{{deployment}}}) "
            f"- sum(kube_deployment_status_replicas_available{{{deployment}}})",
            unit="short",
            limit=1,
        ),
        number(
            "Documents not cached",
            "Environment documents that were asked for and not found in the cache.",
            _misses(),
            unit="percent",
            limit=facts.thresholds.cache_miss_percent,
            decimals=1,
        ),
    ]


def _requests(facts: Facts) -> list[Panel]:
    return [
        lines(
            "Requests by route",
            "The ten busiest routes, in requests a second.",
            {"{{method}} {{route}}": f"topk(10, sum by (method, route) (rate({REQUESTS}{{{SERVED}}}{RATE})))"},
            unit="reqps",
        ),
        lines(
            "Answers by status",
            "Answers a second by their status; 403 is mostly a key that does not exist.",
            {"{{response_status}}": f"sum by (response_status) (rate({REQUESTS}{{{SERVED}}}{RATE}))"},
            unit="reqps",
            stacked=True,
        ),
        lines(
            "Errors",
            "Answers 5xx of all answers, and of those to applications alone. The line is the alert's on the latter.",
            {"all": _errors(SERVED), "SDK endpoints": _errors(SDK)},
            unit="percent",
            limit=facts.thresholds.sdk_error_percent,
        ),
        lines(
            "Latency",
            "Half, nine of ten and 99 of 100 answers came within this time.",
            {"p50": quantile(0.5, SERVED), "p90": quantile(0.9, SERVED), "p99": quantile(0.99, SERVED)},
            unit="s",
        ),
        lines(
            "p99 by SDK endpoint",
            "99 of 100 answers to applications came within this time. The line is the alert's.",
            {"{{route}}": quantile(0.99, SDK, "route")},
            unit="s",
            limit=facts.thresholds.latency_seconds,
        ),
        lines(
            "p99 of the slowest routes",
            "The five routes with the longest answers, people's own requests among them.",
            {"{{route}}": f"topk(5, {quantile(0.99, SERVED, 'route')})"},
            unit="s",
        ),
    ]


def _misses() -> str:
    counter = "flagsmith_environment_document_cache_queries_total"
    missed = f'sum(rate({counter}{{{HERE},result="CACHE_MISS"}}{RATE}))'
    return share(or_zero(missed), f"sum(rate({counter}{{{HERE}}}{RATE}))")


def _caches(facts: Facts) -> list[Panel]:
    counter = "flagsmith_environment_document_cache_queries_total"
    return [
        lines(
            "Environment documents",
            "Look-ups of environment documents in the cache a second. The other caches are not counted by Flagsmith: "
            "for those in Redis, see the data tier.",
            {"{{result}}": f"sum by (result) (rate({counter}{{{HERE}}}{RATE}))"},
            unit="ops",
            stacked=True,
        ),
        lines(
            "Documents not cached",
            "Environment documents that were asked for and not found in the cache. The line is the alert's.",
            {"not cached": _misses()},
            unit="percent",
            limit=facts.thresholds.cache_miss_percent,
            most=100,
        ),
    ]


def _of_limit(usage: str, resource: str) -> str:
    limits = f'kube_pod_container_resource_limits{{{PODS},resource="{resource}"}}'
    return f"100 * sum by (pod, container) ({usage}) / on (pod, container) sum by (pod, container) ({limits})"


def _saturation(facts: Facts) -> list[Panel]:
    cpu = f"rate(container_cpu_usage_seconds_total{{{CONTAINERS}}}{RATE})"
    throttled = f"sum by (pod, container) (rate(container_cpu_cfs_throttled_periods_total{{{CONTAINERS}}}{RATE}))"
    periods = f"sum by (pod, container) (rate(container_cpu_cfs_periods_total{{{CONTAINERS}}}{RATE}))"
    deployment = f'{HERE},deployment=~"flagsmith.*"'
    return [
        lines(
            "CPU",
            "What containers use of their CPU limit. The line is the alert's.",
            {"{{pod}} {{container}}": _of_limit(cpu, "cpu")},
            unit="percent",
            limit=facts.thresholds.cpu_percent,
        ),
        lines(
            "Memory",
            "What containers use of their memory limit; at 100 % they are killed. The line is the alert's.",
            {"{{pod}} {{container}}": _of_limit(f"container_memory_working_set_bytes{{{CONTAINERS}}}", "memory")},
            unit="percent",
            limit=facts.thresholds.memory_percent,
        ),
        lines(
            "CPU throttled",
            "The share of periods in which a container wanted more than its limit.",
            {"{{pod}} {{container}}": share(throttled, periods)},
            unit="percent",
            most=100,
        ),
        lines(
            "Replicas",
            "Pods that are wanted and available, by Deployment.",
            {
                "{{deployment}} wanted": f"sum by (deployment) (kube_deployment_spec_replicas{{{deployment}}})",
                "{{deployment}} available": (
                    f"sum by (deployment) (kube_deployment_status_replicas_available{{{deployment}}})"
                ),
            },
            unit="short",
        ),
        lines(
            "Restarts",
            "Containers that ended and were started again within an hour.",
            {
                "{{pod}} {{container}}": (
                    f"sum by (pod, container) (increase(kube_pod_container_status_restarts_total{{{PODS}}}[1h]))"
                )
            },
            unit="short",
        ),
        rows(
            "Releases",
            "Which release the pods run; one row, but for a rollout.",
            f"count by (version, ci_commit_sha) (flagsmith_build_info{{{HERE}}})",
            {"version": "Release", "ci_commit_sha": "Commit", "Value": "Pods"},
            unit="short",
        ),
    ]
