"""A Cluster of CloudNativePG: its servers, as Kubernetes has them, and the archive of their log."""

from typing import Final

from components.kit.replication import LAG_SECONDS
from components.monitoring.dashboards.model import Facts
from components.monitoring.dashboards.panels import HERE, Panel, lines, number

RATE: Final = "[$__rate_interval]"


def cluster(facts: Facts) -> list[Panel]:
    """The panels of the servers; those of the archive where there is one."""
    pods = f'{HERE},pod=~"{facts.cluster}-[0-9]+",condition="true"'
    found: list[Panel] = [
        number(
            "Servers",
            "Servers of PostgreSQL that are ready. Red: one is missing.",
            f"sum(kube_pod_status_ready{{{pods}}})",
            unit="short",
            limit=facts.instances - 1,
            below=True,
            decimals=0,
        ),
        lines(
            "Servers that are ready",
            "By pod: 1 while it is ready. A rollout takes one after the other.",
            {"{{pod}}": f"max by (pod) (kube_pod_status_ready{{{pods}}})"},
            unit="short",
            most=1,
        ),
    ]
    if facts.instances > 1:
        servers = f'{HERE},pod=~"{facts.cluster}-[0-9]+"'
        found += [
            lines(
                "Standbys behind",
                f"Seconds that each standby is behind the primary. From {LAG_SECONDS} s on there is an alert.",
                {"{{pod}}": f"max by (pod) (cnpg_pg_replication_lag{{{servers}}})"},
                unit="s",
            ),
            lines(
                "Log not shown yet",
                "Bytes of the write-ahead log that a standby has not replayed, as the primary counts them.",
                {
                    "{{application_name}}": "max by (application_name) "
                    f"(cnpg_pg_stat_replication_replay_diff_bytes{{{servers}}})"
                },
                unit="bytes",
            ),
        ]
    if not facts.archives or not facts.postgres_metrics:
        return found
    tries = {
        "archived": f"sum(rate(pg_stat_archiver_archived_count{{{HERE}}}{RATE})) * 60",
        "failed": f"sum(rate(pg_stat_archiver_failed_count{{{HERE}}}{RATE})) * 60",
    }
    return [
        *found,
        lines(
            "Archive",
            "Segments of the write-ahead log that the primary archived, and tries that failed, each minute.",
            tries,
            unit="short",
        ),
    ]
