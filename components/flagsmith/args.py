"""The arguments of Flagsmith itself: its Jobs, the API, the task processor and the Ingress."""

from dataclasses import replace

import pulumi

from components.flagsmith.api import FlagsmithArgs
from components.flagsmith.autoscaler import AutoscalerArgs
from components.flagsmith.bootstrap import BootstrapArgs
from components.flagsmith.environment import FlagsmithEnvironment
from components.flagsmith.logs import LogsArgs
from components.flagsmith.migration import MigrationArgs
from components.flagsmith.pod import FlagsmithPodArgs
from components.flagsmith.task_processor import TaskProcessorArgs
from components.kit import names
from components.kit.args import placement
from components.kit.scraping import Scraping
from components.secrets.connections import connections
from components.secrets.secrets import Credentials
from components.settings import Settings
from components.settings.resources import Resources


def _environment(settings: Settings, credentials: Credentials, *, workers: int) -> FlagsmithEnvironment:
    return FlagsmithEnvironment(
        host=settings.host,
        url=settings.url,
        namespace=settings.namespace.name,
        connections=connections(settings, credentials),
        caches=settings.caches,
        gunicorn_workers=workers,
        gunicorn_threads=settings.gunicorn_threads,
        gunicorn_timeout=settings.gunicorn.timeout,
        telemetry=settings.telemetry,
        restrict_org_create=settings.restrict_org_create_to_superusers,
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
        placement=placement(settings),
        access_log=settings.access_log,
        tracing=settings.tracing,
    )


def _server_pod(
    settings: Settings, credentials: Credentials, scraping: Scraping, resources: Resources, *, workers: int
) -> FlagsmithPodArgs:
    pod = _pod(settings, credentials, resources=resources, workers=workers)
    return replace(pod, annotations=scraping.annotations(names.METRICS_PORT))


def _job_pod(settings: Settings, credentials: Credentials) -> FlagsmithPodArgs:
    return _pod(settings, credentials, resources=settings.job_resources, workers=1)


def migration_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> MigrationArgs:
    """The migration Job."""
    return MigrationArgs(
        pod=_job_pod(settings, credentials),
        namespace=namespace,
        lock_timeout=settings.postgres.migration_lock_timeout,
        takes_options=settings.postgres.embedded,
    )


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


def flagsmith_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, scraping: Scraping
) -> FlagsmithArgs:
    """The API."""
    return FlagsmithArgs(
        pod=_server_pod(settings, credentials, scraping, settings.api_resources, workers=settings.gunicorn_workers),
        namespace=namespace,
        replicas=None if settings.autoscaling.enabled else settings.resolved_replicas,
        node_port=settings.service.node_port,
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
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, scraping: Scraping
) -> TaskProcessorArgs:
    """The task processor."""
    return TaskProcessorArgs(
        # One worker process: it only answers the probes, the tasks are done by threads beside it.
        pod=_server_pod(settings, credentials, scraping, settings.task_processor_resources, workers=1),
        namespace=namespace,
        replicas=settings.task_processor_replicas,
        threads=settings.task_processor.threads,
        idle_session_timeout=settings.task_idle_session_timeout,
        takes_options=settings.postgres.embedded or settings.task_processor.idle_session_timeout != 0,
    )


def logs_args(settings: Settings, namespace: pulumi.Input[str]) -> LogsArgs | None:
    """The logging configuration; None for a release that takes none."""
    access = settings.access_log
    return None if access is None else LogsArgs(namespace=namespace, access=access)
