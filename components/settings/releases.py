"""The table of Flagsmith releases: what differs between those the program deploys."""

from dataclasses import dataclass

from components.text.versions import Version, dotted, parse_version

NEWEST_VERIFIED: Version = (2, 265, 0)
# The first whose entry point takes `start task-processor`; the endpoints that the probes ask came in 2.164.0,
# `bootstrap` in 2.83.0. What each release's entry point takes was read in Flagsmith's tags:
# tests/components/settings/entrypoints.yaml.
OLDEST: Version = (2, 170, 0)
FIRST_WITH_REDIS: Version = (2, 97, 0)
# Where the lock file took flagsmith-common 3.3.0, 3.5.0, 3.6.1 and 3.12.0.
FIRST_WITH_METRICS_PORT: Version = (2, 211, 0)
FIRST_WITH_JSON_ACCESS_LOG: Version = (2, 225, 0)
FIRST_WITH_TRACING: Version = (2, 227, 0)
FIRST_WITH_TRACING_BY_GRPC: Version = (2, 253, 0)
# From here on the image's entry point is `flagsmith` itself, which reads no GUNICORN_KEEP_ALIVE.
FIRST_WITHOUT_SHELL: Version = (2, 253, 0)
# Before, flag fetches failed where there are replicas ("Flag fetches fail when replica databases are configured", fixed
# in 2.261.0), and before 2.196.0 everything was read from them.
FIRST_WITH_REPLICAS: Version = (2, 261, 0)


# The last of each is in components/flagsmith/in_pod/, and mounted with the logging configuration.
GUNICORN = ("--keep-alive", "0", "--worker-tmp-dir", "/dev/shm", "--config", "python:flagsmith_gunicorn")  # noqa: S108
TASKS = ("--config", "python:flagsmith_tasks")


@dataclass(frozen=True, kw_only=True)
class Release:
    """What a component has to know about a release.

    Attributes:
        version: as X.Y.Z.
        liveness_path: answers 200 without touching the database.
        readiness_path: answers 200 when the database answers and is migrated.
        entrypoint: what the image runs with these arguments.
        migrate: the image's arguments that migrate the database and end.
        serve: the arguments that serve the API and the UI, without migrating.
        task_processor: the arguments that run the task processor, without migrating.
        keep_alive_by_variable: whether `serve` takes gunicorn's keep-alive from GUNICORN_KEEP_ALIVE.
        metrics_port: whether its metrics are on port 9100 too, and not at `/metrics/` of the public port alone.
        json_access_log: whether its access log is written as JSON, through the logging configuration.
        closes_task_connections: whether a task's connections are closed when it ends.
        tracing: whether it exports traces.
        tracing_by_grpc: whether it does so by gRPC too.
    """

    version: str
    liveness_path: str
    readiness_path: str
    entrypoint: tuple[str, ...]
    migrate: tuple[str, ...]
    serve: tuple[str, ...]
    task_processor: tuple[str, ...]
    keep_alive_by_variable: bool
    metrics_port: bool
    json_access_log: bool
    closes_task_connections: bool
    tracing: bool
    tracing_by_grpc: bool


def release(text: str, ip_family: str = "IPv4") -> Release:
    """Return what is to be known about a release that `refusal` does not refuse.

    By itself it listens on 0.0.0.0 (`GUNICORN_FLAGSMITH_DEFAULTS` of flagsmith-common).
    """
    bind = ("--bind", "[::]:8000") if ip_family == "IPv6" else ()
    version = parse_version(text)
    shell = version < FIRST_WITHOUT_SHELL
    mounts = version >= FIRST_WITH_JSON_ACCESS_LOG
    return Release(
        version=text,
        liveness_path="/health/liveness/",
        readiness_path="/health/readiness/",
        entrypoint=("/app/scripts/run-docker.sh",) if shell else ("flagsmith",),
        migrate=("migrate",),
        # The script's `serve` passes on these options too; that of the later entry point none.
        serve=("serve",) if shell else ("start", *bind, *GUNICORN, "api"),
        # Not `run-task-processor`, which migrates first.
        task_processor=("start", *bind, *(TASKS if mounts else ()), "task-processor"),
        keep_alive_by_variable=shell,
        metrics_port=version >= FIRST_WITH_METRICS_PORT,
        json_access_log=mounts,
        closes_task_connections=mounts,
        tracing=version >= FIRST_WITH_TRACING,
        tracing_by_grpc=version >= FIRST_WITH_TRACING_BY_GRPC,
    )


def refusal(text: str, redis_mode: str) -> str | None:
    """Say why a release cannot be deployed; None when it can."""
    version = parse_version(text)
    if version >= OLDEST:
        return None
    reasons = ["the images of older releases do not know `start task-processor`, so nothing would start"]
    if version < FIRST_WITH_REDIS and redis_mode != "none":
        reasons.append(
            f"this one cannot use Redis either (redis.mode is {redis_mode}), "
            f"since django-redis came in {dotted(FIRST_WITH_REDIS)}"
        )
    return f"must be {dotted(OLDEST)} or newer: {'; '.join(reasons)}. Set it to {dotted(NEWEST_VERIFIED)}"


def warning(text: str) -> str | None:
    """Say that a release is newer than those that were tried; None when it is not."""
    if parse_version(text) <= NEWEST_VERIFIED:
        return None
    return (
        f"version {text} is newer than {dotted(NEWEST_VERIFIED)}, the newest release tried with this "
        "program: read the release notes, and try it in staging first"
    )
