"""The Flagsmith container and its pod: the same image, environment and volumes for the API, its worker and its Jobs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    HTTPGetActionArgs,
    HTTPHeaderArgs,
    LifecycleArgs,
    LifecycleHandlerArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    ResourceRequirementsArgs,
    SleepActionArgs,
)

from components.flagsmith import logs, tracing
from components.flagsmith.environment import PROMETHEUS_DIRECTORY, job_environment, server_environment
from components.flagsmith.secrets import Process
from components.kit import names
from components.kit.database_client import REDIS_CA_DIRECTORY, postgres_volumes
from components.kit.database_pods import DatabaseClientArgs
from components.kit.environment import plain
from components.kit.pods import EmptyDir, Mounted, Spread, pod_template, requirements
from components.kit.secret_files import ca_volume
from components.kit.secret_refs import checksum_annotations
from components.kit.security import container_security_context
from components.kit.shutdown import PRE_STOP_SECONDS
from components.settings import Settings

WAIT_SCRIPT: Final = Path(__file__).parent / "in_pod" / "wait_for_database.py"
# Less than the startup probe gives, so that the log says why.
WAIT_SECONDS: Final = 300
# User and group `nobody` of the image.
USER: Final = 65534
SCRATCH: Final = (
    EmptyDir(name="tmp", path="/tmp", size_limit="256Mi"),  # noqa: S108 a mount of the pod's own
    EmptyDir(name="prometheus", path=PROMETHEUS_DIRECTORY, size_limit="64Mi"),
)


def _resources(settings: Settings, process: Process) -> ResourceRequirementsArgs:
    servers = {Process.API: settings.api_resources, Process.TASK_PROCESSOR: settings.task_processor_resources}
    return requirements(servers.get(process, settings.job_resources))


def _probe(args: DatabaseClientArgs, path: str, *, period: int, failures: int, timeout: int = 5) -> ProbeArgs:
    return ProbeArgs(
        http_get=HTTPGetActionArgs(
            path=path,
            port="http",
            scheme="HTTP",
            # The kubelet's own Host header would be the pod's address; with the public one the probe goes the way a
            # request does. JSON is asked for, since an error page in HTML would say less in the events.
            http_headers=[
                HTTPHeaderArgs(name="Host", value=args.settings.host),
                HTTPHeaderArgs(name="Accept", value="application/json"),
            ],
        ),
        period_seconds=period,
        timeout_seconds=timeout,
        failure_threshold=failures,
    )


def _volumes(args: DatabaseClientArgs) -> list[Mounted]:
    return [*(directory.mounted() for directory in SCRATCH), *postgres_volumes(args.connections)]


def server_pod(
    args: DatabaseClientArgs,
    *,
    component: str,
    container: str,
    command: Sequence[str],
    grace_period_seconds: int,
    env: Sequence[EnvVarArgs] = (),
) -> PodTemplateSpecArgs:
    """The pod of a workload that serves HTTP for as long as it lives: the API, or the task processor.

    It waits for the database itself, and is started once migrations are in order too (six minutes at most). From then
    on both probes look at the process alone: a readiness that asked the database would take every replica out at once
    when the pool is busy or the database away, although flags could still be served from the caches.
    """
    settings, process = args.settings, Process(component)
    release, access_log = settings.release, settings.access_log
    volumes = [*_volumes(args), *ca_volume("redis-ca", REDIS_CA_DIRECTORY, args.settings.redis.ca_secret)]
    written: dict[str, str] = {}
    if access_log is not None:
        volumes.append(logs.files(access_log).mounted())
        written = logs.environment(access_log)
    # gunicorn drops idle connections when it stops, and a client that was about to use one loses its request. Closed
    # after each answer, none is idle. Later releases take it as an argument.
    kept = {"GUNICORN_KEEP_ALIVE": "0"} if release.keep_alive_by_variable else {}
    traced = tracing.environment(settings.tracing, component=component, namespace=settings.namespace.name)
    observed = [*plain({**written, **kept, "WAIT_SECONDS": WAIT_SECONDS}), *traced]
    return pod_template(
        component=component,
        version=release.version,
        settings=args.settings,
        user=USER,
        container=ContainerArgs(
            name=container,
            image=args.settings.image_reference,
            command=["python", "-c", WAIT_SCRIPT.read_text(encoding="utf-8"), *release.entrypoint],
            args=list(command),
            env=[*server_environment(settings, args.connections, process), *observed, *env],
            ports=[
                ContainerPortArgs(name="http", container_port=names.API_PORT),
                ContainerPortArgs(name="metrics", container_port=names.METRICS_PORT),
            ],
            startup_probe=_probe(args, release.readiness_path, period=5, failures=72),
            readiness_probe=_probe(args, release.liveness_path, period=5, failures=3),
            liveness_probe=_probe(args, release.liveness_path, period=10, failures=6, timeout=10),
            lifecycle=LifecycleArgs(pre_stop=LifecycleHandlerArgs(sleep=SleepActionArgs(seconds=PRE_STOP_SECONDS))),
            resources=_resources(args.settings, process),
            security_context=container_security_context(),
            volume_mounts=[mount for _, mount in volumes],
        ),
        volumes=[volume for volume, _ in volumes],
        annotations={**checksum_annotations(*args.connections.secrets()), **args.annotations},
        grace_period_seconds=grace_period_seconds,
        spread=Spread(),
    )


def job_pod(
    args: DatabaseClientArgs,
    *,
    component: str,
    container: str,
    command: Sequence[str] | None = None,
    arguments: Sequence[str] | None = None,
    env: Sequence[EnvVarArgs] = (),
    volumes: Sequence[Mounted] = (),
    first: Mapping[str, Sequence[str]] | None = None,
) -> PodTemplateSpecArgs:
    """The pod of a Job: what Flagsmith needs to reach its database, and some volumes and variables of the Job's own.

    `first` are commands that must succeed before, by the names of their containers.

    Its annotations hold no checksum of a Secret, which would give the Job another name, and so another run, whenever a
    password is rotated.
    """
    process = Process(component)
    all_volumes = [*_volumes(args), *volumes]

    def made(name: str, command: Sequence[str] | None, arguments: Sequence[str] | None) -> ContainerArgs:
        return ContainerArgs(
            name=name,
            image=args.settings.image_reference,
            command=None if command is None else list(command),
            args=None if arguments is None else list(arguments),
            env=[*job_environment(args.settings, args.connections, process), *env],
            resources=_resources(args.settings, process),
            security_context=container_security_context(),
            volume_mounts=[mount for _, mount in all_volumes],
        )

    return pod_template(
        component=component,
        version=args.settings.version,
        settings=args.settings,
        user=USER,
        init_containers=[made(name, words, None) for name, words in (first or {}).items()],
        container=made(container, command, arguments),
        volumes=[volume for volume, _ in all_volumes],
        annotations={},
        grace_period_seconds=30,
        restart_policy="Never",
    )
