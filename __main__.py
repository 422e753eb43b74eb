"""The Pulumi program: reads the settings and wires the components together. It holds no logic of its own."""

import pulumi

from components.audit.args import audit_args
from components.audit.exporter import AuditExporter
from components.audit.reader import Audit
from components.backup.args import backup_args
from components.backup.backup import Backups
from components.deployment.args import deployment_record_args
from components.deployment.declarations import Declarations
from components.deployment.own_cluster import OwnCluster
from components.deployment.record import DeploymentRecord
from components.exposure.args import ingress_args
from components.exposure.ingress import PublicIngress
from components.flag_metrics.args import flag_metrics_args
from components.flag_metrics.flag_metrics import FlagMetrics
from components.flagsmith.api import Flagsmith
from components.flagsmith.args import (
    autoscaler_args,
    bootstrap_args,
    flagsmith_args,
    logs_args,
    migration_args,
    task_processor_args,
)
from components.flagsmith.autoscaler import Autoscaler
from components.flagsmith.bootstrap import Bootstrap
from components.flagsmith.logs import Logs
from components.flagsmith.migration import Migration
from components.flagsmith.task_processor import TaskProcessor
from components.kit.args import scraping
from components.kit.capabilities import find as find_capabilities
from components.kit.component import after
from components.kit.postgres_client import PostgresClient
from components.kit.provider import cluster_provider
from components.monitoring.args import external_exporters_args, monitoring_args, monitoring_warnings
from components.monitoring.dashboards.args import dashboards_args
from components.monitoring.dashboards.component import Dashboards
from components.monitoring.external_exporters import ExternalExporters
from components.monitoring.monitoring import Monitoring
from components.namespace.args import namespace_args
from components.namespace.namespace import PlatformNamespace
from components.network.args import network_policies_args
from components.network.policies import NetworkPolicies
from components.postgres.args import database_roles_args, postgres_args, toolbox_args
from components.postgres.retired_login import RetiredLogin
from components.postgres.roles import DatabaseGrants, DatabaseRoles
from components.postgres.server import Postgres
from components.postgres.toolbox import Toolbox
from components.redis.args import redis_args
from components.redis.server import Redis
from components.secrets.credentials_args import credentials_args, login_command
from components.secrets.secrets import Credentials
from components.settings import load, warnings
from policies.annotate import annotate_exceptions

annotate_exceptions()
declarations = Declarations()
settings = load()
for warning in warnings(settings):
    pulumi.log.warn(warning)
own_cluster = OwnCluster(settings)
own_cluster.require()
provider = cluster_provider(settings.context, settings.resolved_cluster_identifier)
capabilities = find_capabilities(settings)
for warning in monitoring_warnings(settings, capabilities):
    pulumi.log.warn(warning)
scrapes = scraping(settings, capabilities)


def options(*dependencies: pulumi.Resource) -> pulumi.ResourceOptions:
    """On the one cluster, after `dependencies`."""
    return pulumi.ResourceOptions(provider=provider, depends_on=after(*dependencies))


namespace = PlatformNamespace("namespace", namespace_args(settings, own_cluster.require_namespace), options())
# All pods wait for the Secrets: with the policies before these, none ever runs without its policy.
foundation: list[pulumi.Resource] = [namespace, PostgresClient("postgres-client", namespace.name, options(namespace))]
if settings.isolated:
    policy_args = network_policies_args(settings, namespace.name)
    foundation.append(NetworkPolicies("network-policies", policy_args, options(namespace)))
credentials_wanted = credentials_args(settings, namespace.name, capabilities)
credentials = Credentials("credentials", credentials_wanted, options(*foundation))

data_tier: list[pulumi.Resource] = [credentials]
roles_args = None
if settings.postgres.embedded and credentials.postgres is not None:
    postgres_wanted = postgres_args(settings, namespace.name, credentials.postgres, scrapes)
    postgres = Postgres("postgres", postgres_wanted, options(namespace, credentials))
    roles_args = database_roles_args(settings, namespace.name, credentials, credentials.postgres)
    data_tier.append(DatabaseRoles("database-roles", roles_args, options(postgres, credentials)))
if settings.redis.embedded and credentials.redis is not None:
    redis_wanted = redis_args(settings, namespace.name, credentials.redis, scrapes)
    data_tier.append(Redis("redis", redis_wanted, options(namespace, credentials)))

# Each gates the next: databases and roles, migration, first administrator, API, task processor.
migration = Migration("migration", migration_args(settings, namespace.name, credentials), options(*data_tier))
readable: list[pulumi.Resource] = [migration]
if roles_args is not None:
    readable.append(DatabaseGrants("database-grants", roles_args, settings.version, options(migration)))
bootstrap = Bootstrap("bootstrap", bootstrap_args(settings, namespace.name, credentials), options(migration))
gates: list[pulumi.Resource] = [bootstrap]
logs_wanted = logs_args(settings, namespace.name)
if logs_wanted is not None:
    gates.append(Logs("logs", logs_wanted, options(namespace)))
if settings.autoscaling.enabled:
    gates.append(Autoscaler("autoscaler", autoscaler_args(settings, namespace.name), options(bootstrap)))
flagsmith_wanted = flagsmith_args(settings, namespace.name, credentials, scrapes)
flagsmith = Flagsmith("flagsmith", flagsmith_wanted, options(*gates))
worker_args = task_processor_args(settings, namespace.name, credentials, scrapes)
task_processor = TaskProcessor("task-processor", worker_args, options(flagsmith))
watched: list[pulumi.Resource] = [task_processor]
if roles_args is not None and roles_args.application.is_generated:
    timeout = settings.gunicorn.timeout
    RetiredLogin("retired-login", roles_args, timeout, options(flagsmith, task_processor))
if settings.flag_metrics_enabled and credentials.analytics is not None:
    metrics_args = flag_metrics_args(settings, namespace.name, credentials, credentials.analytics, scrapes)
    watched.append(FlagMetrics("flag-metrics", metrics_args, options(*readable)))
if not settings.postgres.embedded:
    # The embedded server's own pod has what an SQL prompt needs.
    Toolbox("toolbox", toolbox_args(settings, namespace.name, credentials), options(credentials))
if settings.backup.enabled:
    backup_wanted = backup_args(settings, namespace.name, credentials)
    watched.append(Backups("backups", backup_wanted, options(credentials)))
if settings.audit_enabled and credentials.audit is not None:
    audit_wanted = audit_args(settings, namespace.name, credentials, credentials.audit, scrapes)
    audit = Audit("audit", audit_wanted, options(credentials))
    if settings.audit.export.enabled:
        watched.append(AuditExporter("audit-exporter", audit_wanted, options(audit, *readable)))
if settings.dashboards_enabled:
    Dashboards("dashboards", dashboards_args(settings, namespace.name), options(namespace))
if settings.monitoring_enabled:
    exporters_args = external_exporters_args(settings, namespace.name, scrapes)
    if exporters_args.postgres or exporters_args.redis:
        watched.append(ExternalExporters("exporters", exporters_args, options(credentials)))
if scrapes.monitors or scrapes.rules:
    # After what it watches: what is not there yet is nothing to wake somebody up for.
    Monitoring("monitoring", monitoring_args(settings, namespace.name, scrapes), options(*watched))
if settings.ingress.enabled:
    PublicIngress("ingress", ingress_args(settings, namespace.name), options(flagsmith))
# The last of all: what is written in it was deployed, and a removal meets it first.
record_args = deployment_record_args(settings, namespace, declarations, own_cluster)
DeploymentRecord("deployment", record_args, options(namespace))

pulumi.export("url", settings.url)
pulumi.export("namespace", settings.namespace.name)
pulumi.export("namespaceUid", namespace.uid)
pulumi.export("context", settings.context)
pulumi.export("adminEmail", settings.admin_email)
pulumi.export("adminPasswordCommand", login_command(settings, credentials))
pulumi.export("secrets", {purpose: secret.name for purpose, secret in credentials.references().items()})
