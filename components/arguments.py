"""From the settings to the arguments of each component: pure functions, and the only place that knows both."""

import shlex

import pulumi

from components.autoscaler import AutoscalerArgs
from components.backup import BackupArgs
from components.bootstrap import BootstrapArgs
from components.credentials import Credentials, CredentialsArgs
from components.environment import Connections, FlagsmithEnvironment
from components.flagsmith import FlagsmithArgs
from components.flagsmith_pod import FlagsmithPodArgs
from components.ingress import PublicIngressArgs
from components.migration import MigrationArgs
from components.namespace import PlatformNamespaceArgs
from components.pods import Placement
from components.postgres import PostgresArgs
from components.redis import RedisArgs
from components.references import SecretReference
from components.settings import Settings
from components.settings.workload import Resources
from components.task_processor import TaskProcessorArgs
from components.toolbox import ToolboxArgs


def namespace_args(settings: Settings) -> PlatformNamespaceArgs:
    """The namespace."""
    limits = settings.namespace.limit_range
    return PlatformNamespaceArgs(
        name=settings.namespace.name,
        quota=settings.quota or None,
        default_request=limits.default_request.as_dict(),
        default_limit=limits.default.as_dict(),
        max_limit=None if limits.max is None else limits.max.as_dict(),
        protect=settings.protect,
    )


def credentials_args(settings: Settings, namespace: pulumi.Input[str]) -> CredentialsArgs:
    """The Secrets."""
    return CredentialsArgs(
        namespace=namespace,
        admin_email=settings.admin_email,
        postgres=settings.postgres.existing_secret,
        redis=settings.redis.existing_secret,
        with_redis=settings.redis.mode != "none",
        django=settings.secret_key.existing_secret,
        admin=settings.admin.existing_secret,
        protect=settings.protect,
    )


def _placement(settings: Settings) -> Placement:
    return Placement(scheduling=settings.scheduling, image_pull_secrets=settings.image_pull_secrets)


def postgres_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> PostgresArgs:
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
        credentials=credentials.postgres,
        placement=_placement(settings),
        protect=settings.protect,
    )


def redis_args(settings: Settings, namespace: pulumi.Input[str], credentials: SecretReference) -> RedisArgs:
    """The embedded Redis."""
    return RedisArgs(
        namespace=namespace,
        image=settings.redis_image,
        version=settings.redis.version,
        max_memory=settings.redis_max_memory,
        eviction_policy=settings.redis.eviction_policy,
        resources=settings.redis_resources,
        credentials=credentials,
        placement=_placement(settings),
    )


def _connections(settings: Settings, credentials: Credentials) -> Connections:
    return Connections(
        postgres=credentials.postgres,
        redis=credentials.redis,
        django=credentials.django,
        sslmode=settings.postgres.resolved_sslmode,
        postgres_ca=settings.postgres.ca_secret,
        redis_ca=settings.redis.ca_secret,
    )


def _environment(settings: Settings, credentials: Credentials, *, workers: int) -> FlagsmithEnvironment:
    return FlagsmithEnvironment(
        host=settings.host,
        url=settings.url,
        namespace=settings.namespace.name,
        connections=_connections(settings, credentials),
        caches=settings.caches,
        gunicorn_workers=workers,
        gunicorn_threads=settings.gunicorn_threads,
        gunicorn_timeout=settings.gunicorn.timeout,
        telemetry=settings.telemetry,
        smtp=settings.smtp,
        sender=settings.smtp_sender,
        login=settings.login,
        extra=settings.env,
        extra_from_secrets=settings.env_from_secrets,
    )


def _pod(settings: Settings, credentials: Credentials, *, resources: Resources, workers: int) -> FlagsmithPodArgs:
    return FlagsmithPodArgs(
        image=settings.image_reference,
        release=settings.release,
        environment=_environment(settings, credentials, workers=workers),
        resources=resources,
        placement=_placement(settings),
    )


def _job_pod(settings: Settings, credentials: Credentials) -> FlagsmithPodArgs:
    return _pod(settings, credentials, resources=settings.job_resources, workers=1)


def migration_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> MigrationArgs:
    """The migration Job."""
    return MigrationArgs(pod=_job_pod(settings, credentials), namespace=namespace)


def bootstrap_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> BootstrapArgs:
    """The bootstrap Job."""
    return BootstrapArgs(
        pod=_job_pod(settings, credentials),
        namespace=namespace,
        admin=credentials.admin,
        admin_email=settings.admin_email,
        organisation=settings.admin.organisation,
        project=settings.admin.project,
        environments=settings.admin.environments,
    )


def flagsmith_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> FlagsmithArgs:
    """The API."""
    return FlagsmithArgs(
        pod=_pod(settings, credentials, resources=settings.api_resources, workers=settings.gunicorn_workers),
        namespace=namespace,
        replicas=None if settings.autoscaling.enabled else settings.resolved_replicas,
    )


def autoscaler_args(settings: Settings, namespace: pulumi.Input[str]) -> AutoscalerArgs:
    """The autoscaler of the API."""
    return AutoscalerArgs(
        namespace=namespace,
        min_replicas=settings.resolved_replicas,
        max_replicas=settings.most_replicas,
        target_cpu=settings.target_cpu,
    )


def task_processor_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials
) -> TaskProcessorArgs:
    """The task processor."""
    return TaskProcessorArgs(
        # One worker process: it only answers the probes, the tasks are done by threads beside it.
        pod=_pod(settings, credentials, resources=settings.task_processor_resources, workers=1),
        namespace=namespace,
        replicas=settings.task_processor_replicas,
        threads=settings.task_processor.threads,
        idle_session_timeout=settings.task_processor.idle_session_timeout,
    )


def ingress_args(settings: Settings, namespace: pulumi.Input[str]) -> PublicIngressArgs:
    """The Ingress."""
    tls = settings.ingress.tls
    return PublicIngressArgs(
        namespace=namespace,
        host=settings.host,
        class_name=settings.ingress.class_name,
        annotations=settings.ingress.annotations,
        tls_secret=settings.tls_secret_name if tls.enabled else None,
        cluster_issuer=tls.cluster_issuer,
        issuer=tls.issuer,
        await_address=settings.ingress.await_address,
    )


def toolbox_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> ToolboxArgs:
    """The pod for an SQL prompt on an external database."""
    return ToolboxArgs(
        namespace=namespace,
        image=settings.postgres_image,
        version=settings.postgres.version,
        connections=_connections(settings, credentials),
        resources=settings.job_resources,
        placement=_placement(settings),
    )


def backup_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> BackupArgs:
    """The backups of the database."""
    return BackupArgs(
        settings=settings.backup,
        namespace=namespace,
        postgres_image=settings.postgres_image,
        flagsmith_image=settings.image_reference,
        release=settings.version,
        connections=_connections(settings, credentials),
        storage_size=settings.backup_storage,
        resources=settings.backup.resources,
        placement=_placement(settings),
        protect=settings.protect,
    )


def login_command(settings: Settings, credentials: Credentials) -> str:
    """What to type to see the administrator's password."""
    where = f"--context {shlex.quote(settings.context)} --namespace {settings.namespace.name}"
    return f"kubectl {where} get secret {credentials.admin.name} -o jsonpath='{{.data.password}}' | base64 --decode"
