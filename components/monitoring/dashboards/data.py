"""The data tier: PostgreSQL, Redis, their volumes, the backups, and the audit log's way out."""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard as Board

from components.kit import names
from components.monitoring.dashboards.audit import audit
from components.monitoring.dashboards.cluster import cluster
from components.monitoring.dashboards.model import Dashboard, Facts
from components.monitoring.dashboards.panels import HERE, Panel, add_row, frame, lines, number, rows, share

RATE: Final = "[$__rate_interval]"
HOURS: Final = 3600


def data(facts: Facts) -> Board:
    """The dashboard `data`."""
    board = frame(Dashboard.DATA, facts, "PostgreSQL, Redis, volumes, backups and the audit log.")
    if facts.postgres_metrics:
        board = add_row(board, "PostgreSQL", [*_postgres_numbers(facts), *_postgres(facts)])
    if facts.redis_metrics:
        board = add_row(board, "Redis", [*_redis_numbers(facts), *_redis(facts)])
    if facts.cluster is not None:
        board = add_row(board, "Cluster", cluster(facts))
    if facts.embedded_postgres or facts.cluster is not None:
        board = add_row(board, "Volumes", _volumes(facts))
    if facts.backup_max_age_hours is not None:
        board = add_row(board, "Backups", _backups(facts.backup_max_age_hours))
    if facts.audit_export:
        board = add_row(board, "Audit log", audit())
    return board


def _up(what: str, metric: str) -> Panel:
    reached = f"min({metric}{{{HERE}}})"
    return number("Up", f"Whether the exporter reaches {what}.", reached, unit="bool_yes_no", limit=1, below=True)


def _connections_used() -> str:
    return f"100 * sum(pg_stat_activity_count{{{HERE}}}) / sum(pg_settings_max_connections{{{HERE}}})"


def _postgres_numbers(facts: Facts) -> list[Panel]:
    return [
        _up("PostgreSQL", "pg_up"),
        number(
            "Connections",
            "Of `max_connections`.",
            _connections_used(),
            unit="percent",
            limit=facts.thresholds.connections_percent,
            decimals=0,
        ),
        number("Size", "Disk space of all databases.", f"sum(pg_database_size_bytes{{{HERE}}})", unit="bytes"),
        number(
            "Oldest transaction",
            "How long the oldest open transaction has been running.",
            f"max(pg_stat_activity_max_tx_duration{{{HERE}}})",
            unit="s",
        ),
    ]


def _table_sizes() -> str:
    """Tables with their indexes: postgres_exporter has one metric for both until 0.17, and two since 0.18."""
    both, table, index = (f"pg_stat_user_tables_{kind}size_bytes{{{HERE}}}" for kind in ("", "table_", "index_"))
    return f"{both} or {table} + {index}"


def _postgres(facts: Facts) -> list[Panel]:
    hits, reads = (f"sum(rate(pg_stat_database_blks_{kind}{{{HERE}}}{RATE}))" for kind in ("hit", "read"))
    changes = {
        f"{kind} rows": f"sum(rate(pg_stat_database_tup_{kind}{{{HERE}}}{RATE}))"
        for kind in ("inserted", "updated", "deleted")
    }
    return [
        lines(
            "Connections used",
            "Of `max_connections`. The line is the alert's.",
            {"used": _connections_used()},
            unit="percent",
            limit=facts.thresholds.connections_percent,
            most=100,
        ),
        lines(
            "Connections by state",
            "`idle in transaction` for long holds locks and keeps dead rows.",
            {"{{state}}": f"sum by (state) (pg_stat_activity_count{{{HERE}}})"},
            unit="short",
            stacked=True,
        ),
        lines(
            "Transactions",
            "Transactions a second.",
            {
                "committed": f"sum(rate(pg_stat_database_xact_commit{{{HERE}}}{RATE}))",
                "rolled back": f"sum(rate(pg_stat_database_xact_rollback{{{HERE}}}{RATE}))",
            },
            unit="ops",
        ),
        lines("Rows changed", "Rows a second.", changes, unit="ops"),
        lines(
            "Blocks from memory",
            "The share of blocks that PostgreSQL found in its own memory, not in files.",
            {"from memory": f"100 * {hits} / ({hits} + {reads} > 0)"},
            unit="percent",
            most=100,
        ),
        lines(
            "Locks",
            "Locks that are held, by kind, and deadlocks within 5 minutes.",
            {
                "{{mode}}": f"sum by (mode) (pg_locks_count{{{HERE}}})",
                "deadlocks": f"sum(increase(pg_stat_database_deadlocks{{{HERE}}}[5m]))",
            },
            unit="short",
        ),
        lines(
            "Largest tables",
            "The ten largest tables with their indexes.",
            {"{{relname}}": f"topk(10, sum by (relname) ({_table_sizes()}))"},
            unit="bytes",
        ),
        lines(
            "Dead rows",
            "The five tables with the most rows that a vacuum has to remove.",
            {"{{relname}}": f"topk(5, sum by (relname) (pg_stat_user_tables_n_dead_tup{{{HERE}}}))"},
            unit="short",
        ),
    ]


def _redis_numbers(facts: Facts) -> list[Panel]:
    return [
        _up("Redis", "redis_up"),
        number("Memory", "Of `maxmemory`.", _redis_memory(), unit="percent", decimals=0),
        number("Hits", "Look-ups of keys that were there.", _redis_hits(), unit="percent", decimals=0),
        number(
            "Evictions",
            "Keys a second that a full Redis drops.",
            f"sum(rate(redis_evicted_keys_total{{{HERE}}}{RATE}))",
            unit="ops",
            limit=facts.thresholds.evictions_per_second,
        ),
    ]


def _redis_memory() -> str:
    return share(f"sum(redis_memory_used_bytes{{{HERE}}})", f"sum(redis_memory_max_bytes{{{HERE}}})")


def _redis_hits() -> str:
    hits, misses = (f"sum(rate(redis_keyspace_{kind}_total{{{HERE}}}{RATE}))" for kind in ("hits", "misses"))
    return f"100 * {hits} / ({hits} + {misses} > 0)"


def _redis(facts: Facts) -> list[Panel]:
    return [
        lines("Memory", "Of `maxmemory`: at 100 %, keys are dropped.", {"used": _redis_memory()}, unit="percent"),
        lines(
            "Hits",
            "Look-ups of keys that were there. Each of Flagsmith's caches in Redis counts, and so do short-lived ones.",
            {"found": _redis_hits()},
            unit="percent",
            most=100,
        ),
        lines(
            "Keys dropped",
            "Keys a second that expired, and that a full Redis evicted. The line is the alert's on evictions.",
            {
                "evicted": f"sum(rate(redis_evicted_keys_total{{{HERE}}}{RATE}))",
                "expired": f"sum(rate(redis_expired_keys_total{{{HERE}}}{RATE}))",
            },
            unit="ops",
            limit=facts.thresholds.evictions_per_second,
        ),
        lines(
            "Commands",
            "The ten most frequent commands, each second.",
            {"{{cmd}}": f"topk(10, sum by (cmd) (rate(redis_commands_total{{{HERE}}}{RATE})))"},
            unit="ops",
        ),
        lines(
            "Keys",
            "Keys by database; docs/architecture.md says which cache has which.",
            {"{{db}}": f"sum by (db) (redis_db_keys{{{HERE}}})"},
            unit="short",
        ),
        lines(
            "Clients",
            "Connections of clients.",
            {"connected": f"sum(redis_connected_clients{{{HERE}}})"},
            unit="short",
        ),
    ]


def _volumes(facts: Facts) -> list[Panel]:
    claims = f'{HERE},persistentvolumeclaim=~"flagsmith-.*"'
    used, capacity = (
        f"sum by (persistentvolumeclaim) (kubelet_volume_stats_{kind}_bytes{{{claims}}})"
        for kind in ("used", "capacity")
    )
    return [
        lines(
            "Used",
            "What is used of the volumes. The line is the alert's.",
            {"{{persistentvolumeclaim}}": f"100 * {used} / {capacity}"},
            unit="percent",
            limit=facts.thresholds.volume_percent,
            most=100,
        ),
        lines(
            "Free",
            "What is left.",
            {"{{persistentvolumeclaim}}": f"{capacity} - {used}"},
            unit="bytes",
        ),
        lines(
            "Write-ahead log",
            "Bounded by the volume's size.",
            {"log": f"max(pg_wal_size_bytes{{{HERE}}})"} if facts.postgres_metrics else {"used": used},
            unit="bytes",
        ),
    ]


def _backups(max_age_hours: int) -> list[Panel]:
    backup = f'{HERE},cronjob="{names.BACKUP}"'
    age = f"time() - max(kube_cronjob_status_last_successful_time{{{backup}}})"
    jobs = f'{HERE},job_name=~"{names.BACKUP}-.*"'
    suspended = f"max(kube_cronjob_spec_suspend{{{backup}}})"
    limit = max_age_hours * HOURS
    return [
        number("Last backup", "How long ago the last backup by schedule succeeded.", age, unit="s", limit=limit),
        number("Suspended", "Whether the schedule is off.", suspended, unit="bool_yes_no", limit=1),
        lines("Age of the last backup", "The line is the alert's.", {"age": age}, unit="s", limit=limit),
        rows(
            "Jobs that failed",
            "Backups that failed and are still kept by Kubernetes; 0 for those that did not.",
            f"sum by (job_name) (kube_job_status_failed{{{jobs}}})",
            {"job_name": "Job", "Value": "Pods that failed"},
            unit="short",
        ),
    ]
