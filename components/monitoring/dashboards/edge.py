"""The row of the service's dashboard on the edge: what Kubernetes knows of its proxies, and what they say if asked."""

from typing import Final

from components.kit import names
from components.monitoring.dashboards.model import Facts
from components.monitoring.dashboards.panels import HERE, Panel, lines, number, or_zero, share

RATE: Final = "[$__rate_interval]"
# Of the Deployment's pods alone: other Deployments' names may begin as this one's does.
PODS: Final = f'{HERE},pod=~"{names.EDGE}-[^-]+-[^-]+"'
CONTAINERS: Final = f'{PODS},container!=""'
UPDATED: Final = f"flagsmith_edge_last_update_timestamp_seconds{{{HERE}}}"
DEPLOYMENT: Final = f'{HERE},deployment="{names.EDGE}"'


def edge(facts: Facts) -> list[Panel]:
    """Its panels, for a stack with proxies."""
    available = f"sum(kube_deployment_status_replicas_available{{{DEPLOYMENT}}})"
    wanted = f"sum(kube_deployment_spec_replicas{{{DEPLOYMENT}}})"
    ready = f'kube_pod_status_ready{{{PODS},condition="true"}} == 1'
    restarts = f"increase(kube_pod_container_status_restarts_total{{{PODS}}}"
    return [
        *_oldest(facts.edge_stale_seconds),
        number(
            "Proxies with documents",
            "Proxies that are ready, so can answer while Flagsmith is away.",
            available,
            unit="short",
            limit=facts.thresholds.edge_proxies,
            below=True,
        ),
        number(
            "Nodes",
            "On how many nodes they are: with one, all documents are lost with it.",
            or_zero(f"count(count by (node) (kube_pod_info{{{PODS}}} and on (pod) ({ready})))"),
            unit="short",
        ),
        number(
            "Restarts of proxies",
            "Proxies that ended and were started again within a day: each lost its documents.",
            f"sum({restarts}[1d]))",
            unit="short",
            limit=1,
        ),
        *_by_proxy(facts.edge_stale_seconds),
        lines(
            "Proxies",
            "Proxies that are wanted, and those with documents. The line is the alert's.",
            {"wanted": wanted, "with documents": available},
            unit="short",
            limit=facts.thresholds.edge_proxies,
            below=True,
        ),
        lines(
            "Restarts by proxy",
            "How often each ended and was started again within an hour.",
            {"{{pod}}": f"sum by (pod) ({restarts}[1h]))"},
            unit="short",
        ),
        lines(
            "CPU of proxies",
            "Cores that each uses: one at most, whatever its limit. Close to it, it needs others beside it.",
            {"{{pod}}": f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{CONTAINERS}}}{RATE}))"},
            unit="short",
            limit=1,
        ),
        lines(
            "CPU of proxies throttled",
            "The share of periods in which a proxy wanted more than its limit.",
            {"{{pod}}": share(_periods("throttled_periods"), _periods("periods"))},
            unit="percent",
            most=100,
        ),
        lines(
            "Memory of proxies",
            "What each holds; it grows with the environments, their flags and overrides.",
            {"{{pod}}": f"sum by (pod) (container_memory_working_set_bytes{{{CONTAINERS}}})"},
            unit="bytes",
        ),
        lines(
            "Answers of proxies",
            "What each sends, in bytes a second: the nearest to a number of requests that anybody counts.",
            {"{{pod}}": f"sum by (pod) (rate(container_network_transmit_bytes_total{{{PODS}}}{RATE}))"},
            unit="Bps",
        ),
    ]


def _oldest(stale_seconds: int | None) -> list[Panel]:
    """How old the documents are, where an exporter asks for it."""
    if stale_seconds is None:
        return []
    return [
        number(
            "Age of documents",
            "For how long the worst proxy had no document of some environment. A proxy goes on with old ones.",
            f"time() - min({UPDATED})",
            unit="s",
            limit=stale_seconds,
        ),
    ]


def _by_proxy(stale_seconds: int | None) -> list[Panel]:
    if stale_seconds is None:
        return []
    return [
        lines(
            "Age of documents by proxy",
            "It grows while Flagsmith is away, and in a proxy whose polls have ended. The line is the alert's.",
            {"{{proxy}}": f"time() - max by (proxy) ({UPDATED})"},
            unit="s",
            limit=stale_seconds,
        ),
        lines(
            "Proxies that say their age",
            "Whether each that is ready answers the exporter: 1, or 0 where nobody knows how old its documents are.",
            {"{{proxy}}": f"max by (proxy) (flagsmith_edge_reached{{{HERE}}})"},
            unit="short",
        ),
    ]


def _periods(which: str) -> str:
    return f"sum by (pod) (rate(container_cpu_cfs_{which}_total{{{CONTAINERS}}}{RATE}))"
