"""The arguments of the dashboards."""

import pulumi

from components.monitoring.dashboards.component import DashboardsArgs
from components.monitoring.dashboards.model import Facts
from components.settings import Settings


def dashboards_args(settings: Settings, namespace: pulumi.Input[str]) -> DashboardsArgs:
    """The dashboards."""
    return DashboardsArgs(
        settings=settings.monitoring.dashboards,
        namespace=namespace,
        facts=Facts(
            namespace=settings.namespace.name,
            thresholds=settings.monitoring.thresholds,
            runbook_url=settings.monitoring.runbook_url,
            backup_max_age_hours=settings.backup.max_age_hours if settings.backup.enabled else None,
            embedded_postgres=settings.postgres.embedded,
            postgres_metrics=settings.postgres_exporter is not None,
            redis_metrics=settings.redis_exporter is not None,
            flag_metrics=settings.flag_metrics_enabled,
            audit_export=settings.ships_audit,
            rollouts=settings.rollouts.enabled,
            edge=settings.edge.enabled,
            edge_stale_seconds=settings.edge_stale_seconds if settings.edge_metrics_enabled else None,
            cluster=settings.postgres.cluster.name if settings.postgres.clustered else None,
            instances=settings.instances,
            archives=settings.archives,
        ),
    )
