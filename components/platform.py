"""Everything that makes up one feature-flag platform, wired together."""

import json

import pulumi

from components.audit.exporter import AuditExporter
from components.audit.reader import Audit
from components.backup.backup import Backups
from components.edge.edge import Edge, EdgeArgs
from components.edge.keys import OUTPUT, pairs_of, require_keys, server_keys
from components.flag_metrics.flag_metrics import FlagMetrics
from components.flagsmith.api import Flagsmith
from components.flagsmith.args import bootstrap_args, server_args
from components.flagsmith.autoscaler import Autoscaler, AutoscalerArgs
from components.flagsmith.bootstrap import Bootstrap
from components.flagsmith.logs import Logs, LogsArgs
from components.flagsmith.logs import files as log_files
from components.flagsmith.migration import Migration
from components.flagsmith.task_processor import TaskProcessor
from components.kit import names
from components.kit.postgres_client import PostgresClient
from components.monitoring.args import external_exporters_args
from components.monitoring.dashboards.args import dashboards_args
from components.monitoring.dashboards.component import Dashboards
from components.monitoring.external_exporters import ExternalExporters
from components.postgres.args import database_roles_args
from components.postgres.own import OwnPostgres
from components.postgres.retired_login import RetiredLogin
from components.postgres.roles import DatabaseGrants, DatabaseRoles, DatabaseRolesArgs
from components.postgres.toolbox import Toolbox
from components.redis.args import redis_args
from components.redis.server import Redis
from components.rollouts.rollouts import RolloutsArgs, RolloutsPod
from components.secrets.connections import database_client
from components.secrets.credentials_args import credentials_args, login_command
from components.secrets.sdk_keys import SdkKeys, SdkSecrets, SdkSecretsArgs
from components.secrets.sdk_keys_args import sdk_keys_args
from components.secrets.secrets import Credentials
from components.stack import DEFAULT, FeatureFlagsArgs, StackComponent


class FeatureFlags(StackComponent):
    """A whole platform in a namespace of its own: Flagsmith, what it stores data in, and what keeps watch over it.

    Give it the cluster as `provider`. Several platforms of one program need names and namespaces of their own.

    Attributes:
        credentials: the Secrets.
        sdk_keys: the keys of Flagsmith's environments.
        sdk_secrets: the Secrets in which applications find those.

    Its outputs are `url`, `namespace`, `namespaceUid`, `context`, `adminEmail`, `adminPasswordCommand`, the names of
    its `secrets`, and `sdkKeys`, those of the environments' Secrets; with `sdkKeys.exported` also the
    secret `edgeKeys`, with which the stack of an edge elsewhere makes its own Secret.
    """

    credentials: Credentials
    sdk_keys: SdkKeys
    sdk_secrets: SdkSecrets

    def __init__(self, name: str, args: FeatureFlagsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, args, opts)
        settings = self._settings
        keys = sdk_keys_args(settings, self.namespace.name, args.own_cluster.recorded_secrets, server_keys(settings))
        require_keys(settings, keys.environments)
        self.credentials = self._secrets()
        self.sdk_keys = SdkKeys(self._named("sdk-keys"), keys, self._part(self.namespace))
        self._roles = self._database_roles()
        self._watched: list[pulumi.Resource] = []
        migration = self._migrated(self._data_tier())
        self._served(migration)
        self._looked_after(migration)
        self._recorded(self._shown())

    def _part(self, *dependencies: pulumi.Resource) -> pulumi.ResourceOptions:
        """The options of a part, after `dependencies`."""
        options = self.child(*dependencies)
        if self.pulumi_resource_name == DEFAULT:
            # The stacks of before had the parts at the top. What is below a part inherits this.
            options.aliases = [pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]
        return options

    def _secrets(self) -> Credentials:
        """The Secrets. All pods wait for them: with the policies before these, none ever runs without its policy."""
        settings, namespace = self._settings, self.namespace.name
        client = PostgresClient(self._named("postgres-client"), namespace, self._part(self.namespace))
        foundation = [self.namespace, client, *self._policies()]
        wanted = credentials_args(settings, namespace, self._capabilities)
        return Credentials(self._named("credentials"), wanted, self._part(*foundation))

    def _database_roles(self) -> DatabaseRolesArgs | None:
        administrator = self.credentials.postgres
        if administrator is None:
            return None
        return database_roles_args(self._settings, self.namespace.name, self.credentials, administrator)

    def _data_tier(self) -> list[pulumi.Resource]:
        """The Secrets, and what of the data tier is in the cluster."""
        settings, namespace, credentials = self._settings, self.namespace.name, self.credentials
        tier: list[pulumi.Resource] = [credentials]
        if credentials.postgres is not None and self._roles is not None:
            server = OwnPostgres(settings, namespace, self._capabilities, self._scrapes)
            postgres = server.made(self._named, credentials.postgres, self._part(self.namespace, credentials))
            tier.append(DatabaseRoles(self._named("database-roles"), self._roles, self._part(postgres, credentials)))
            tier += server.poolers(self._named, self._part(postgres))
            server.made_beside(self._named, credentials, self._part(self.namespace, credentials))
        if settings.redis.embedded and credentials.redis is not None:
            cache = redis_args(settings, namespace, credentials.redis, self._scrapes)
            tier.append(Redis(self._named("redis"), cache, self._part(self.namespace, credentials)))
        return tier

    def _migrated(self, data_tier: list[pulumi.Resource]) -> Migration:
        wanted = database_client(self._settings, self.namespace.name, self.credentials)
        return Migration(self._named("migration"), wanted, self._part(*data_tier))

    def _served(self, migration: Migration) -> None:
        """Each gates the next: the migration, the first administrator, the API, the task processor."""
        settings, namespace, credentials = self._settings, self.namespace.name, self.credentials
        wanted = bootstrap_args(settings, namespace, credentials, self.sdk_keys)
        self._bootstrap = Bootstrap(self._named("bootstrap"), wanted, self._part(migration, self.sdk_keys))
        known = SdkSecretsArgs(settings=settings, namespace=namespace, keys=self.sdk_keys.environments)
        self.sdk_secrets = SdkSecrets(self._named("sdk-secrets"), known, self._part(self._bootstrap))
        gates: list[pulumi.Resource] = [self._scaled(self._bootstrap)]
        if settings.access_log is not None:
            logs = LogsArgs(namespace=namespace, files=log_files(settings.access_log))
            gates.append(Logs(self._named("logs"), logs, self._part(self.namespace)))
        api, tasks = server_args(settings, namespace, credentials, self._scrapes)
        flagsmith = Flagsmith(self._named("flagsmith"), api, self._part(*gates))
        task_processor = TaskProcessor(self._named("task-processor"), tasks, self._part(flagsmith))
        self._watched.append(task_processor)
        if self._roles is not None and self._roles.application.is_generated:
            RetiredLogin(self._named("retired-login"), self._roles, self._part(task_processor))
        served: pulumi.Resource = flagsmith
        if settings.edge.enabled:
            pairs = pairs_of(self.sdk_keys.environments) if settings.generates_edge_keys else None
            edge = EdgeArgs(settings=settings, namespace=namespace, pairs=pairs)
            served = Edge(self._named("edge"), edge, self._part(flagsmith))
            self._watched += self._edge_metrics(credentials)
        self._published(served)

    def _scaled(self, before: pulumi.Resource) -> pulumi.Resource:
        """The last of what the API waits for: the autoscaler, which comes after `before`, or that."""
        if not self._settings.autoscaling.enabled:
            return before
        scaling = AutoscalerArgs(settings=self._settings, namespace=self.namespace.name)
        return Autoscaler(self._named("autoscaler"), scaling, self._part(before))

    def _looked_after(self, migration: Migration) -> None:
        """What reads the database beside Flagsmith, and what watches all of it."""
        settings, namespace, credentials = self._settings, self.namespace.name, self.credentials
        client = database_client(settings, namespace, credentials)
        readable: list[pulumi.Resource] = [migration]
        if self._roles is not None:
            readable.append(DatabaseGrants(self._named("database-grants"), self._roles, self._part(migration)))
        if settings.flag_metrics_enabled and credentials.analytics is not None:
            scraped = self._scrapes.annotations(names.FLAG_METRICS_PORT)
            metrics = database_client(settings, namespace, credentials, role=credentials.analytics, annotations=scraped)
            self._watched.append(FlagMetrics(self._named("flag-metrics"), metrics, self._part(*readable)))
        if not settings.postgres.embedded:
            # The embedded server's own pod has what an SQL prompt needs.
            Toolbox(self._named("toolbox"), client, self._part(credentials))
        if settings.backup.enabled:
            self._watched.append(Backups(self._named("backups"), client, self._part(credentials)))
        if settings.audit_enabled and credentials.audit is not None:
            scraped = self._scrapes.annotations(names.AUDIT_METRICS_PORT)
            log = database_client(settings, namespace, credentials, role=credentials.audit, annotations=scraped)
            audit = Audit(self._named("audit"), log, self._part(credentials))
            if settings.audit.export.enabled:
                exporter = self._part(audit, *readable)
                self._watched.append(AuditExporter(self._named("audit-exporter"), log, exporter))
        if settings.rollouts.enabled:
            self._watched.append(self._rollouts())
        if settings.dashboards_enabled:
            Dashboards(self._named("dashboards"), dashboards_args(settings, namespace), self._part(self.namespace))
        if settings.monitoring_enabled:
            exporters = external_exporters_args(settings, namespace, credentials, self._scrapes)
            if exporters.postgres or exporters.redis:
                self._watched.append(ExternalExporters(self._named("exporters"), exporters, self._part(credentials)))
        self._monitored(*self._watched)

    def _rollouts(self) -> RolloutsPod:
        """What runs rollouts, after there is a project that its log-in is for."""
        scraped = self._scrapes.annotations(names.ROLLOUTS_PORT)
        wanted = database_client(self._settings, self.namespace.name, self.credentials, annotations=scraped)
        made = RolloutsArgs(client=wanted, bootstrap=self._bootstrap)
        return RolloutsPod(self._named("rollouts"), made, self._part(self.namespace))

    def _shown(self) -> dict[str, pulumi.Input[object]]:
        settings = self._settings
        return {
            "url": settings.url,
            "namespace": settings.namespace.name,
            "namespaceUid": self.namespace.uid,
            "context": settings.context,
            "adminEmail": settings.admin_email,
            "adminPasswordCommand": login_command(settings, self.credentials),
            "secrets": {purpose: secret.name for purpose, secret in self.credentials.references().items()},
            "sdkKeys": {name: secret.name for name, secret in self.sdk_secrets.secrets.items()},
            **self._shared(),
        }

    def _shared(self) -> dict[str, pulumi.Input[object]]:
        """What edges elsewhere need, where they are given it: as text, which no console shows in part."""
        if not self._settings.sdk_keys.exported:
            return {}
        return {OUTPUT: pairs_of(self.sdk_keys.environments).apply(lambda pairs: json.dumps(pairs, sort_keys=True))}
