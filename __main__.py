"""The Pulumi program: reads the settings and wires the components together. It holds no logic of its own."""

import pulumi

from components import arguments
from components.audit import Audit
from components.audit_exporter import AuditExporter
from components.autoscaler import Autoscaler
from components.backup import Backups
from components.bootstrap import Bootstrap
from components.capabilities import find as find_capabilities
from components.component import after
from components.credentials import Credentials
from components.dashboards.component import Dashboards
from components.database_roles import DatabaseGrants, DatabaseRoles
from components.declarations import Declarations
from components.deployment_record import DeploymentRecord
from components.external_exporters import ExternalExporters
from components.flag_metrics import FlagMetrics
from components.flagsmith import Flagsmith
from components.ingress import PublicIngress
from components.logs import Logs
from components.migration import Migration
from components.monitoring import Monitoring
from components.namespace import PlatformNamespace
from components.network_policies import NetworkPolicies
from components.own_cluster import OwnCluster
from components.postgres import Postgres
from components.postgres_client import PostgresClient
from components.provider import cluster_provider
from components.redis import Redis
from components.retired_login import RetiredLogin
from components.settings import load, warnings
from components.task_processor import TaskProcessor
from components.toolbox import Toolbox
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
for warning in arguments.monitoring_warnings(settings, capabilities):
    pulumi.log.warn(warning)
scraping = arguments.scraping(settings, capabilities)


def options(*dependencies: pulumi.Resource) -> pulumi.ResourceOptions:
    """On the one cluster, after `dependencies`."""
    return pulumi.ResourceOptions(provider=provider, depends_on=after(*dependencies))


namespace = PlatformNamespace("namespace", arguments.namespace_args(settings, own_cluster.require_namespace), options())
# All pods wait for the Secrets: with the policies before these, none ever runs without its policy.
foundation: list[pulumi.Resource] = [namespace, PostgresClient("postgres-client", namespace.name, options(namespace))]
if settings.isolated:
    policy_args = arguments.network_policies_args(settings, namespace.name)
    foundation.append(NetworkPolicies("network-policies", policy_args, options(namespace)))
credentials_args = arguments.credentials_args(settings, namespace.name, capabilities)
credentials = Credentials("credentials", credentials_args, options(*foundation))

data_tier: list[pulumi.Resource] = [credentials]
roles_args = None
if settings.postgres.mode == "embedded" and credentials.postgres is not None:
    postgres_args = arguments.postgres_args(settings, namespace.name, credentials.postgres, scraping)
    postgres = Postgres("postgres", postgres_args, options(namespace, credentials))
    roles_args = arguments.database_roles_args(settings, namespace.name, credentials, credentials.postgres)
    data_tier.append(DatabaseRoles("database-roles", roles_args, options(postgres, credentials)))
if settings.redis.mode == "embedded" and credentials.redis is not None:
    redis_args = arguments.redis_args(settings, namespace.name, credentials.redis, scraping)
    data_tier.append(Redis("redis", redis_args, options(namespace, credentials)))

# Each gates the next: databases and roles, migration, first administrator, API, task processor.
migration = Migration("migration", arguments.migration_args(settings, namespace.name, credentials), options(*data_tier))
readable: list[pulumi.Resource] = [migration]
if roles_args is not None:
    readable.append(DatabaseGrants("database-grants", roles_args, settings.version, options(migration)))
bootstrap = Bootstrap("bootstrap", arguments.bootstrap_args(settings, namespace.name, credentials), options(migration))
gates: list[pulumi.Resource] = [bootstrap]
logs_args = arguments.logs_args(settings, namespace.name)
if logs_args is not None:
    gates.append(Logs("logs", logs_args, options(namespace)))
if settings.autoscaling.enabled:
    gates.append(Autoscaler("autoscaler", arguments.autoscaler_args(settings, namespace.name), options(bootstrap)))
flagsmith_args = arguments.flagsmith_args(settings, namespace.name, credentials, scraping)
flagsmith = Flagsmith("flagsmith", flagsmith_args, options(*gates))
worker_args = arguments.task_processor_args(settings, namespace.name, credentials, scraping)
task_processor = TaskProcessor("task-processor", worker_args, options(flagsmith))
watched: list[pulumi.Resource] = [task_processor]
if roles_args is not None and roles_args.application.is_generated:
    timeout = settings.gunicorn.timeout
    RetiredLogin("retired-login", roles_args, timeout, options(flagsmith, task_processor))
if settings.flag_metrics_enabled and credentials.analytics is not None:
    metrics_args = arguments.flag_metrics_args(settings, namespace.name, credentials, credentials.analytics, scraping)
    watched.append(FlagMetrics("flag-metrics", metrics_args, options(*readable)))
if settings.postgres.mode == "external":
    # The embedded server's own pod has what an SQL prompt needs.
    Toolbox("toolbox", arguments.toolbox_args(settings, namespace.name, credentials), options(credentials))
if settings.backup.enabled:
    backup_args = arguments.backup_args(settings, namespace.name, credentials)
    watched.append(Backups("backups", backup_args, options(credentials)))
if settings.audit_enabled and credentials.audit is not None:
    audit_args = arguments.audit_args(settings, namespace.name, credentials, credentials.audit, scraping)
    audit = Audit("audit", audit_args, options(credentials))
    if settings.audit.export.enabled:
        watched.append(AuditExporter("audit-exporter", audit_args, options(audit, *readable)))
if settings.dashboards_enabled:
    Dashboards("dashboards", arguments.dashboards_args(settings, namespace.name), options(namespace))
if settings.monitoring_enabled:
    exporters_args = arguments.external_exporters_args(settings, namespace.name, scraping)
    if exporters_args.postgres or exporters_args.redis:
        watched.append(ExternalExporters("exporters", exporters_args, options(credentials)))
if scraping.monitors or scraping.rules:
    # After what it watches: what is not there yet is nothing to wake somebody up for.
    Monitoring("monitoring", arguments.monitoring_args(settings, namespace.name, scraping), options(*watched))
if settings.ingress.enabled:
    PublicIngress("ingress", arguments.ingress_args(settings, namespace.name), options(flagsmith))
# The last of all: what is written in it was deployed, and a removal meets it first.
record_args = arguments.deployment_record_args(settings, namespace, declarations, own_cluster)
DeploymentRecord("deployment", record_args, options(namespace))

pulumi.export("url", settings.url)
pulumi.export("namespace", settings.namespace.name)
pulumi.export("namespaceUid", namespace.uid)
pulumi.export("context", settings.context)
pulumi.export("adminEmail", settings.admin_email)
pulumi.export("adminPasswordCommand", arguments.login_command(settings, credentials))
pulumi.export("secrets", {purpose: secret.name for purpose, secret in credentials.references().items()})
