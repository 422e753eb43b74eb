"""Redis inside the cluster: a cache, bounded in memory, that may vanish at any time without harm."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    ExecActionArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
)

from components.kit import names
from components.kit.component import Component, name_of
from components.kit.exporters import ServerExporter, redis_exporter
from components.kit.pods import EmptyDir, pod_template, requirements
from components.kit.secret_refs import SecretReference, checksum_annotations
from components.kit.security import container_security_context
from components.kit.service_accounts import service_account
from components.kit.services import cluster_service
from components.kit.single_pod import singleton
from components.settings import Settings

COMPONENT: Final = "cache"
# User and group of the official image.
USER: Final = 999
GRACE_PERIOD_SECONDS: Final = 30
SCRATCH: Final = (EmptyDir(name="data", path="/data", size_limit="64Mi"),)

# The passwords reach the server on its standard input: as arguments they would show in every process list. Within the
# quotes of a Redis configuration line, only the quote and the backslash need escaping. The exporter's user may see
# numbers: no key, no value, no command of others, and not the configuration, which holds the main password.
START: Final = r"""
password=$(printf '%s' "$REDISCLI_AUTH" | sed 's/["\\]/\\&/g')
metrics=
if [ -n "$METRICS_PASSWORD" ]; then
    hash=$(printf '%s' "$METRICS_PASSWORD" | sha256sum | cut -d ' ' -f 1)
    metrics="user metrics on #$hash resetkeys resetchannels -@all +ping +info +command|info"
    metrics="$metrics +slowlog|len +latency|latest +latency|histogram"
fi
unset METRICS_PASSWORD
exec redis-server - "$@" <<CONFIGURATION
requirepass "$password"
$metrics
CONFIGURATION
""".strip()


@dataclass(frozen=True, kw_only=True)
class RedisArgs:
    """The embedded Redis.

    Attributes:
        settings: the stack's.
        namespace: where it runs.
        credentials: the Secret with the keys `password` and, for the exporter, `metrics-password`.
        exporter: the exporter of its metrics, beside it; None for none.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    credentials: SecretReference
    exporter: ServerExporter | None


def _answers(period: int, failures: int) -> ProbeArgs:
    # redis-cli exits with 0 on an error reply too (a wrong password, say): only the answer tells.
    command = ["sh", "-c", 'test "$(redis-cli ping)" = PONG']
    return ProbeArgs(
        exec_=ExecActionArgs(command=command), period_seconds=period, timeout_seconds=5, failure_threshold=failures
    )


def _exporter(exporter: ServerExporter, credentials: SecretReference) -> ContainerArgs:
    address = EnvVarArgs(name="REDIS_ADDR", value=f"redis://127.0.0.1:{names.REDIS_PORT}")
    user = EnvVarArgs(name="REDIS_USER", value="metrics")
    return redis_exporter(exporter, [address, user, credentials.env("REDIS_PASSWORD", "metrics-password")])


def redis_pod(args: RedisArgs) -> PodTemplateSpecArgs:
    """The pod template of the server; a plain `redis-cli` works in it, for its password is in the environment."""
    container = ContainerArgs(
        name="redis",
        image=args.settings.redis_image,
        command=["sh", "-c", START, "redis-server"],
        args=[
            *("--maxmemory", args.settings.redis_max_memory),
            *("--maxmemory-policy", args.settings.redis.eviction_policy),
            *("--save", ""),
            *("--appendonly", "no"),
            *("--dir", "/data"),
            # A client that vanished is noticed within a minute; a pod that was killed never says goodbye.
            *("--tcp-keepalive", "60"),
            # What took longer, in milliseconds, is remembered for `ff cache latency`; twice Flagsmith's time-out.
            *("--latency-monitor-threshold", "100"),
        ],
        env=[
            args.credentials.env("REDISCLI_AUTH", "password"),
            # An operator's own Secret may lack it. Then there is no such user, and the cache works all the same.
            args.credentials.env("METRICS_PASSWORD", "metrics-password", optional=True),
        ],
        ports=[ContainerPortArgs(name="redis", container_port=names.REDIS_PORT)],
        startup_probe=_answers(period=2, failures=30),
        readiness_probe=_answers(period=5, failures=3),
        liveness_probe=_answers(period=10, failures=6),
        resources=requirements(args.settings.redis_resources),
        security_context=container_security_context(),
        volume_mounts=[directory.mount() for directory in SCRATCH],
    )
    return pod_template(
        component=COMPONENT,
        version=args.settings.redis.version,
        settings=args.settings,
        user=USER,
        container=container,
        sidecars=[] if args.exporter is None else [_exporter(args.exporter, args.credentials)],
        volumes=[directory.volume() for directory in SCRATCH],
        annotations={
            **checksum_annotations(args.credentials),
            **({} if args.exporter is None else args.exporter.annotations),
        },
        grace_period_seconds=GRACE_PERIOD_SECONDS,
    )


class Redis(Component):
    """The Deployment and Service `flagsmith-redis`: a cache without persistence.

    Attributes:
        deployment: the Deployment's name.
        service: the Service's name.
    """

    deployment: pulumi.Output[str]
    service: pulumi.Output[str]

    def __init__(self, name: str, args: RedisArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Redis", name, opts)
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        # Two at once behind one Service would each hold half of the truth; none for some seconds is harmless.
        server = singleton(
            f"{name}-server",
            name=names.REDIS,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.redis.version,
            template=redis_pod(args),
            opts=self.child(account),
        )
        service = cluster_service(
            f"{name}-service",
            name=names.REDIS,
            namespace=args.namespace,
            component=COMPONENT,
            ports={"redis": names.REDIS_PORT},
            publish_not_ready=args.exporter is not None,
            opts=self.child(server),
        )
        self.deployment = name_of(server)
        self.service = name_of(service)
        self.register_outputs({"deployment": self.deployment, "service": self.service})
