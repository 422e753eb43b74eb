"""From the settings to the arguments of each component: pure functions, and the only room that knows both."""

from components.arguments.audit import audit_args
from components.arguments.dashboards import dashboards_args
from components.arguments.data import (
    backup_args,
    credentials_args,
    database_roles_args,
    deployment_record_args,
    login_command,
    namespace_args,
    postgres_args,
    redis_args,
    toolbox_args,
)
from components.arguments.flag_metrics import flag_metrics_args
from components.arguments.flagsmith import (
    autoscaler_args,
    bootstrap_args,
    flagsmith_args,
    ingress_args,
    migration_args,
    task_processor_args,
)
from components.arguments.logs import logs_args
from components.arguments.monitoring import (
    external_exporters_args,
    monitoring_args,
    monitoring_warnings,
    scraping,
)
from components.arguments.network import network_policies_args

__all__ = [
    "audit_args",
    "autoscaler_args",
    "backup_args",
    "bootstrap_args",
    "credentials_args",
    "dashboards_args",
    "database_roles_args",
    "deployment_record_args",
    "external_exporters_args",
    "flag_metrics_args",
    "flagsmith_args",
    "ingress_args",
    "login_command",
    "logs_args",
    "migration_args",
    "monitoring_args",
    "monitoring_warnings",
    "namespace_args",
    "network_policies_args",
    "postgres_args",
    "redis_args",
    "scraping",
    "task_processor_args",
    "toolbox_args",
]
