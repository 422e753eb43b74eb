"""PostgreSQL inside the cluster: one pod, one volume of its own, the official image."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet, StatefulSetSpecArgs
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    ContainerPortArgs,
    EnvVarArgs,
    ExecActionArgs,
    PersistentVolumeClaimVolumeSourceArgs,
    PodTemplateSpecArgs,
    ProbeArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs

from components.kit import names
from components.kit.claims import volume_claim
from components.kit.component import Component, name_of
from components.kit.disruption import disruption_budget
from components.kit.exporters import TIMEOUT_SECONDS, ServerExporter, postgres_exporter
from components.kit.pods import pod_template, requirements
from components.kit.secret_files import READABLE_BY_ITS_GROUP, secret_file
from components.kit.secret_refs import SecretReference
from components.kit.security import container_security_context
from components.kit.service_accounts import service_account
from components.kit.services import cluster_service
from components.postgres import access_rules
from components.postgres.directories import SOCKETS, data_paths, scratch
from components.settings import Settings

COMPONENT: Final = "database"
# User and group of the official image; its entrypoint may run as it directly.
USER: Final = 999
# A fast shutdown waits for the last checkpoint; the image stops on SIGINT, which is a fast shutdown.
GRACE_PERIOD_SECONDS: Final = 120
PASSWORD_DIRECTORY: Final = "/run/secrets/postgres"  # noqa: S105 a path, not a password
PASSWORD_FILE: Final = f"{PASSWORD_DIRECTORY}/password"
START: Final = Path(__file__).parent / "in_pod" / "start-postgres.sh"
# By the socket, where the server knows the exporter by its user id: there is no password to keep. Its statements name
# statistics without their schema; the database's owner may have made something of these names. No comma: to the
# exporter it separates servers.
METRICS_SOURCE: Final = (
    f"host={SOCKETS.path} user=flagsmith_metrics dbname=flagsmith sslmode=disable connect_timeout={TIMEOUT_SECONDS} "
    "search_path=pg_catalog"
)


@dataclass(frozen=True, kw_only=True)
class PostgresArgs:
    """The embedded PostgreSQL.

    Attributes:
        settings: the stack's.
        namespace: where it runs.
        credentials: the Secret with the key `password`.
        exporter: the exporter of its metrics, beside it; None for none.
        labels: further ones, of what holds its data.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    credentials: SecretReference
    exporter: ServerExporter | None
    labels: Mapping[str, str] = field(default_factory=dict)


def _ready(period: int, failures: int) -> ProbeArgs:
    # By TCP: while initdb runs, the entrypoint's temporary server listens on the socket only.
    command = ["pg_isready", "--host=127.0.0.1", "--username=postgres", "--dbname=flagsmith", "--quiet"]
    return ProbeArgs(
        exec_=ExecActionArgs(command=command), period_seconds=period, timeout_seconds=5, failure_threshold=failures
    )


def _exporter(exporter: ServerExporter) -> ContainerArgs:
    # A socket is connected to, not written: a read-only mount is enough.
    mount = VolumeMountArgs(name=SOCKETS.name, mount_path=SOCKETS.path, read_only=True)
    return postgres_exporter(exporter, [EnvVarArgs(name="DATA_SOURCE_NAME", value=METRICS_SOURCE)], [mount])


# What moves the pod stops all writing until it has started elsewhere: no node is given up, or packed, at its cost.
STAYS: Final = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false", "karpenter.sh/do-not-disrupt": "true"}


def postgres_pod(args: PostgresArgs) -> PodTemplateSpecArgs:
    """The pod template of the server."""
    mount, data = data_paths(args.settings.postgres.major)
    directories = scratch(args.settings.postgres_resources.limits.memory)
    parameters = args.settings.postgres_parameters
    password_volume, password_mount = secret_file(
        "credentials",
        secret=args.credentials.name,
        key=args.credentials.key("password"),
        directory=PASSWORD_DIRECTORY,
        file="password",
        mode=READABLE_BY_ITS_GROUP,
    )
    container = ContainerArgs(
        name="postgres",
        image=args.settings.postgres_image,
        command=["bash", "-c", START.read_text(encoding="utf-8"), "start-postgres"],
        args=[
            *access_rules.ARGUMENTS,
            *(f"--{name.replace('_', '-')}={value}" for name, value in sorted(parameters.items())),
        ],
        env=[
            EnvVarArgs(name="POSTGRES_USER", value="postgres"),
            EnvVarArgs(name="POSTGRES_DB", value="flagsmith"),
            EnvVarArgs(name="POSTGRES_PASSWORD_FILE", value=PASSWORD_FILE),
            EnvVarArgs(name="POSTGRES_INITDB_ARGS", value="--auth-host=scram-sha-256 --data-checksums"),
            EnvVarArgs(name="PGDATA", value=data),
            EnvVarArgs(name="DATA_VOLUME", value=mount),
            EnvVarArgs(name="REINDEX_FOR", value=args.settings.postgres.reindex_for or ""),
            # The image's own variable, stated so that the start does not rely on it.
            EnvVarArgs(name="PG_MAJOR", value=str(args.settings.postgres.major)),
        ],
        ports=[ContainerPortArgs(name="postgres", container_port=names.POSTGRES_PORT)],
        # An hour: a crash recovery replays the write-ahead log before it answers, and an upgrade restores a dump.
        startup_probe=_ready(period=5, failures=720),
        readiness_probe=_ready(period=5, failures=3),
        liveness_probe=_ready(period=10, failures=6),
        resources=requirements(args.settings.postgres_resources),
        security_context=container_security_context(),
        volume_mounts=[
            VolumeMountArgs(name="data", mount_path=mount),
            password_mount,
            access_rules.mount(),
            *(directory.mount() for directory in directories),
        ],
    )
    return pod_template(
        component=COMPONENT,
        version=args.settings.postgres.version,
        settings=args.settings,
        user=USER,
        container=container,
        sidecars=[] if args.exporter is None else [_exporter(args.exporter)],
        volumes=[
            VolumeArgs(
                name="data",
                persistent_volume_claim=PersistentVolumeClaimVolumeSourceArgs(claim_name=names.POSTGRES_DATA),
            ),
            password_volume,
            access_rules.volume(),
            *(directory.volume() for directory in directories),
        ],
        # Not the Secret's: the roles Job sets a renewed password on the running server.
        annotations={
            **access_rules.ANNOTATIONS,
            **STAYS,
            **({} if args.exporter is None else args.exporter.annotations),
        },
        grace_period_seconds=GRACE_PERIOD_SECONDS,
    )


class Postgres(Component):
    """The StatefulSet, Service and volume claim `flagsmith-postgres`, who may connect, and a budget if one is wanted.

    The claim is an object of its own, not a template of the StatefulSet: so it can grow in place, and replacing the
    StatefulSet does not touch it.

    Attributes:
        stateful_set: the StatefulSet's name.
        service: the Service's name.
        claim: the name of the volume claim.
    """

    stateful_set: pulumi.Output[str]
    service: pulumi.Output[str]
    claim: pulumi.Output[str]

    def __init__(self, name: str, args: PostgresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:Postgres", name, opts)
        labels = names.labels(COMPONENT, args.settings.postgres.version)
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        claim = volume_claim(
            f"{name}-data",
            name=names.POSTGRES_DATA,
            namespace=args.namespace,
            component=COMPONENT,
            size=args.settings.postgres.storage.size,
            storage_class=args.settings.postgres.storage.class_name,
            labels=args.labels,
            opts=self.child(protect=args.settings.protect),
        )
        access = access_rules.config_map(
            f"{name}-access", namespace=args.namespace, component=COMPONENT, opts=self.child()
        )
        server = StatefulSet(
            f"{name}-server",
            metadata=ObjectMetaArgs(name=names.POSTGRES, namespace=args.namespace, labels={**labels, **args.labels}),
            spec=StatefulSetSpecArgs(
                replicas=1,
                service_name=names.POSTGRES,
                # The default would never replace a pod that did not get ready: a wrong image or a pod that fits no node
                # would stay, also after the setting is mended. With one replica there is no order to keep.
                pod_management_policy="Parallel",
                selector=LabelSelectorArgs(match_labels=names.selector(COMPONENT)),
                template=postgres_pod(args),
            ),
            opts=self.child(claim, account, access, protect=args.settings.protect),
        )
        service = cluster_service(
            f"{name}-service",
            name=names.POSTGRES,
            namespace=args.namespace,
            component=COMPONENT,
            ports={"postgres": names.POSTGRES_PORT},
            publish_not_ready=args.exporter is not None,
            opts=self.child(server),
        )
        if args.settings.postgres.block_evictions:
            disruption_budget(
                f"{name}-disruption-budget",
                name=names.POSTGRES,
                namespace=args.namespace,
                component=COMPONENT,
                version=args.settings.postgres.version,
                may_go=0,
                opts=self.child(server),
            )
        self.stateful_set = name_of(server)
        self.service = name_of(service)
        self.claim = name_of(claim)
        self.register_outputs({"statefulSet": self.stateful_set, "service": self.service, "claim": self.claim})
