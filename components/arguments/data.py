"""The arguments of what holds data: namespace, Secrets, PostgreSQL, Redis, and the Jobs on the database."""

import shlex
from collections.abc import Callable

import pulumi

from components.arguments.monitoring import postgres_exporter, redis_exporter
from components.arguments.secrets import external_secrets_args
from components.arguments.shared import connections, placement
from components.backup import BackupArgs
from components.capabilities import Capabilities
from components.credentials import Credentials, CredentialsArgs
from components.database_roles import DatabaseRolesArgs
from components.declarations import Declarations
from components.deployment_record import DeploymentRecordArgs
from components.namespace import PlatformNamespace, PlatformNamespaceArgs
from components.own_cluster import OwnCluster
from components.postgres import PostgresArgs
from components.redis import RedisArgs
from components.references import SecretReference
from components.scraping import Scraping
from components.settings import Settings, budget
from components.toolbox import ToolboxArgs


def namespace_args(settings: Settings, verify: Callable[[str | None], None]) -> PlatformNamespaceArgs:
    """The namespace; `verify` is what looks at it once its uid is known."""
    limits = settings.namespace.limit_range
    return PlatformNamespaceArgs(
        name=settings.namespace.name,
        quota=budget.quota(settings) or None,
        default_request=limits.default_request.as_dict(),
        default_limit=limits.default.as_dict(),
        max_limit=None if limits.max is None else limits.max.as_dict(),
        protect=settings.protect,
        verify=verify,
    )


def deployment_record_args(
    settings: Settings, namespace: PlatformNamespace, declarations: Declarations, own_cluster: OwnCluster
) -> DeploymentRecordArgs:
    """What the deployment writes down of itself."""
    return DeploymentRecordArgs(
        namespace=namespace.name,
        uid=namespace.uid,
        stack=pulumi.get_stack(),
        release=settings.version,
        declarations=declarations,
        verify=own_cluster.require_objects,
        protect=settings.protect,
    )


def credentials_args(settings: Settings, namespace: pulumi.Input[str], capabilities: Capabilities) -> CredentialsArgs:
    """The Secrets."""
    return CredentialsArgs(
        namespace=namespace,
        admin_email=settings.admin_email,
        embedded_postgres=settings.postgres.embedded,
        postgres=settings.secret_name("postgres"),
        audit=settings.audit.existing_secret,
        analytics=settings.monitoring.flag_metrics.existing_secret,
        redis=settings.secret_name("redis"),
        with_redis=settings.redis.mode != "none",
        django=settings.secret_name("django"),
        admin=settings.secret_name("admin"),
        store=external_secrets_args(settings, namespace, capabilities),
        rotations=settings.rotations,
        protect=settings.protect,
    )


def postgres_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: SecretReference, scraping: Scraping
) -> PostgresArgs:
    """The embedded PostgreSQL."""
    return PostgresArgs(
        namespace=namespace,
        image=settings.postgres_image,
        major=settings.postgres.major,
        version=settings.postgres.version,
        storage_size=settings.postgres.storage.size,
        storage_class=settings.postgres.storage.class_name,
        resources=settings.postgres_resources,
        parameters=settings.postgres_parameters,
        credentials=credentials,
        exporter=postgres_exporter(settings, scraping),
        placement=placement(settings),
        protect=settings.protect,
    )


def database_roles_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, administrator: SecretReference
) -> DatabaseRolesArgs:
    """The roles of the embedded PostgreSQL, and what they may read."""
    return DatabaseRolesArgs(
        namespace=namespace,
        image=settings.postgres_image,
        version=settings.postgres.version,
        administrator=administrator,
        application=credentials.database,
        audit=credentials.audit,
        analytics=credentials.analytics,
        # Nobody waits longer for an answer: gunicorn's own limit.
        statement_timeout=settings.gunicorn.timeout,
        placement=placement(settings),
    )


def redis_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: SecretReference, scraping: Scraping
) -> RedisArgs:
    """The embedded Redis."""
    return RedisArgs(
        namespace=namespace,
        image=settings.redis_image,
        version=settings.redis.version,
        max_memory=settings.redis_max_memory,
        eviction_policy=settings.redis.eviction_policy,
        resources=settings.redis_resources,
        credentials=credentials,
        exporter=redis_exporter(settings, scraping),
        placement=placement(settings),
    )


def toolbox_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> ToolboxArgs:
    """The pod for an SQL prompt on an external database."""
    return ToolboxArgs(
        namespace=namespace,
        image=settings.postgres_image,
        version=settings.postgres.version,
        connections=connections(settings, credentials),
        resources=settings.job_resources,
        placement=placement(settings),
    )


def backup_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> BackupArgs:
    """The backups of the database."""
    return BackupArgs(
        settings=settings.backup,
        namespace=namespace,
        postgres_image=settings.postgres_image,
        flagsmith_image=settings.image_reference,
        release=settings.version,
        stack=settings.host,
        connections=connections(settings, credentials),
        storage_size=settings.backup_storage,
        resources=settings.backup.resources,
        placement=placement(settings),
        protect=settings.protect,
    )


def login_command(settings: Settings, credentials: Credentials) -> str:
    """What to type to see the administrator's password."""
    where = f"--context {shlex.quote(settings.context)} --namespace {settings.namespace.name}"
    return f"kubectl {where} get secret {credentials.admin.name} -o jsonpath='{{.data.password}}' | base64 --decode"
