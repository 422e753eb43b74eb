"""What the alerts are about, by the settings."""

from collections.abc import Iterator

from components.audit import exporter
from components.edge_metrics import edge_metrics
from components.flag_metrics import flag_metrics
from components.flagsmith import api, task_processor
from components.kit import names
from components.monitoring import external_exporters
from components.monitoring.alerts import Subject
from components.postgres import server as postgres
from components.redis import server as redis
from components.rollouts import rollouts
from components.settings import Settings


def alert_subject(settings: Settings) -> Subject:
    """The stack, as far as its alerts differ from another's."""
    backup = settings.backup
    return Subject(
        namespace=settings.namespace.name,
        thresholds=settings.monitoring.thresholds,
        scrape_seconds=settings.monitoring.interval,
        targets=tuple(_targets(settings)),
        has_redis=settings.redis.enabled and not settings.is_edge,
        has_postgres_metrics=settings.postgres_exporter is not None,
        has_redis_metrics=settings.redis_exporter is not None,
        has_task_metrics=settings.flag_metrics_enabled,
        has_audit_metrics=settings.ships_audit,
        has_rollouts=settings.rollouts.enabled and not settings.is_edge,
        rollout_interval_seconds=settings.rollouts.interval,
        rollout_silence_seconds=settings.rollouts.max_silence,
        has_edge=settings.edge.enabled,
        is_edge=settings.is_edge,
        edge_stale_seconds=settings.edge_stale_seconds,
        embedded_postgres=settings.postgres.embedded and not settings.is_edge,
        embedded_redis=settings.redis.embedded and not settings.is_edge,
        deployments=tuple(_deployments(settings)),
        stateful_sets=() if settings.is_edge or not settings.postgres.embedded else (names.POSTGRES,),
        is_autoscaled=settings.autoscaling.enabled and not settings.is_edge,
        is_edge_autoscaled=settings.edge.enabled and settings.edge.autoscaling.enabled,
        backup_hours=None if settings.is_edge or not backup.enabled or backup.suspend else backup.max_age_hours,
        certificates=settings.issued_certificates,
        volumes=tuple(_volumes(settings)),
        cluster=settings.postgres.cluster.name if settings.postgres.clustered and not settings.is_edge else None,
        instances=settings.instances,
        archives=settings.archives,
    )


def _targets(settings: Settings) -> Iterator[str]:
    if settings.edge_metrics_enabled:
        yield edge_metrics.COMPONENT
    if settings.is_edge:
        return
    yield from (api.COMPONENT, task_processor.COMPONENT)
    if settings.postgres_exporter is not None:
        yield postgres.COMPONENT if settings.postgres.embedded else external_exporters.POSTGRES_COMPONENT
    if settings.redis_exporter is not None:
        yield redis.COMPONENT if settings.redis.embedded else external_exporters.REDIS_COMPONENT
    if settings.flag_metrics_enabled:
        yield flag_metrics.COMPONENT
    if settings.ships_audit:
        yield exporter.COMPONENT
    if settings.rollouts.enabled:
        yield rollouts.COMPONENT


def _deployments(settings: Settings) -> Iterator[str]:
    if settings.edge.enabled:
        yield names.EDGE
    if settings.edge_metrics_enabled:
        yield names.EDGE_METRICS
    if settings.is_edge:
        return
    yield from (names.API, names.TASK_PROCESSOR)
    if settings.postgres_exporter is not None and not settings.postgres.embedded:
        yield names.POSTGRES_EXPORTER
    if settings.redis.embedded:
        yield names.REDIS
    elif settings.redis_exporter is not None:
        yield names.REDIS_EXPORTER
    if settings.flag_metrics_enabled:
        yield names.FLAG_METRICS
    if settings.ships_audit:
        yield names.AUDIT_EXPORTER
    if settings.rollouts.enabled:
        yield names.ROLLOUTS


def _volumes(settings: Settings) -> Iterator[str]:
    if settings.is_edge:
        return
    if settings.postgres.embedded:
        yield names.POSTGRES_DATA
    if settings.backup.enabled and settings.backup.s3 is None:
        yield names.BACKUP_DATA
