"""Redis, by its exporter. Without it flags come from the database, slower: nobody is woken up."""

from collections.abc import Iterator

from components.monitoring.alerts.rule import Alert
from components.monitoring.alerts.servers import redis_up
from components.monitoring.alerts.subject import Subject


def alerts(subject: Subject) -> Iterator[Alert]:
    """The rules of the cache."""
    if not subject.has_redis_metrics:
        return
    limits, where, runbook = subject.thresholds, subject.where, "1-redis-is-away-or-hangs"
    yield Alert(
        name="FlagsmithRedisDown",
        expression=f"{redis_up(subject)} == 0",
        minutes=subject.minutes_unseen(2),
        severity="warning",
        summary="Redis does not answer.",
        description="Redis answers its exporter nothing, or is gone with it; flags are served from the database "
        "meanwhile, slower.",
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithRedisEvicts",
        expression=f"sum(rate(redis_evicted_keys_total{{{where}}}[5m])) > {limits.evictions_per_second:g}",
        minutes=30,
        severity="warning",
        summary="Redis is full and drops what it holds.",
        description='Redis drops {{ $value | printf "%.1f" }} keys a second for want of memory.',
        runbook=runbook,
    )
    yield Alert(
        name="FlagsmithRedisRefuses",
        expression=f"sum(increase(redis_rejected_connections_total{{{where}}}[10m])) > 0",
        minutes=0,
        severity="warning",
        summary="Redis refuses connections.",
        description='Redis refused {{ $value | printf "%.0f" }} connections: it has as many clients as it takes.',
        runbook=runbook,
    )
