"""Exporters of servers that none runs beside, outside the cluster or in a Cluster: a Deployment each."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgs, EnvVarArgs, VolumeArgs, VolumeMountArgs

from components.kit import names
from components.kit.component import Component, name_of
from components.kit.database_client import POSTGRES_CA_DIRECTORY, REDIS_CA_DIRECTORY
from components.kit.environment import plain
from components.kit.exporters import TIMEOUT_SECONDS, USER, ServerExporter, postgres_exporter, redis_exporter
from components.kit.pods import pod_template
from components.kit.secret_files import ca_volume
from components.kit.secret_refs import SecretReference, checksum_annotations
from components.kit.service_accounts import service_account
from components.kit.single_pod import singleton
from components.settings import Settings
from components.settings.sections.postgres import PostgresSettings
from components.settings.sections.redis import RedisSettings

POSTGRES_COMPONENT: Final = "database-exporter"
REDIS_COMPONENT: Final = "cache-exporter"
GRACE_PERIOD_SECONDS: Final = 10
# The exporter's library knows four of libpq's six modes; for the other two, what they try first.
KNOWN_MODES: Final = {"allow": "disable", "prefer": "require"}


@dataclass(frozen=True, kw_only=True)
class ExternalExportersArgs:
    """The exporters.

    Attributes:
        settings: the stack's.
        namespace: where they run.
        postgres: that of the external PostgreSQL, if it has metrics.
        redis: that of the external Redis, if it has metrics.
        metrics: the Secret with the log-in of PostgreSQL's exporter; None for one that its own settings name.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    postgres: ServerExporter | None
    redis: ServerExporter | None
    metrics: SecretReference | None = None


CaVolume = list[tuple[VolumeArgs, VolumeMountArgs]]


def _address(
    exporter: ServerExporter, variable: str, key: str, generated: SecretReference | None = None
) -> list[EnvVarArgs]:
    stated = exporter.settings.existing_secret
    secret = generated if stated is None else SecretReference.existing(stated)
    return [] if secret is None else [secret.env(variable, key)]


def _postgres(
    exporter: ServerExporter, server: PostgresSettings, metrics: SecretReference | None
) -> tuple[ContainerArgs, CaVolume]:
    authority = ca_volume("postgres-ca", POSTGRES_CA_DIRECTORY, server.authority)
    # Where the URL names no mode.
    sslmode = server.resolved_sslmode or "require"
    options = {"PGSSLMODE": KNOWN_MODES.get(sslmode, sslmode), "PGCONNECT_TIMEOUT": str(TIMEOUT_SECONDS)}
    if authority:
        options["PGSSLROOTCERT"] = f"{POSTGRES_CA_DIRECTORY}/ca.crt"
    env = [*_address(exporter, "DATA_SOURCE_NAME", "DATABASE_URL", metrics), *plain(options)]
    return postgres_exporter(exporter, env, [mount for _, mount in authority]), authority


def _redis(exporter: ServerExporter, server: RedisSettings) -> tuple[ContainerArgs, CaVolume]:
    authority = ca_volume("redis-ca", REDIS_CA_DIRECTORY, server.ca_secret)
    env = _address(exporter, "REDIS_ADDR", "REDIS_URL")
    if authority:
        env += plain({"REDIS_EXPORTER_TLS_CA_CERT_FILE": f"{REDIS_CA_DIRECTORY}/ca.crt"})
    return redis_exporter(exporter, env, [mount for _, mount in authority]), authority


class ExternalExporters(Component):
    """The Deployments `flagsmith-postgres-exporter` and `flagsmith-redis-exporter`.

    Attributes:
        deployments: their names.
    """

    deployments: list[pulumi.Output[str]]

    def __init__(self, name: str, args: ExternalExportersArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:ExternalExporters", name, opts)
        self.deployments = []
        if args.postgres is not None:
            container, authority = _postgres(args.postgres, args.settings.postgres, args.metrics)
            self._deploy(f"{name}-postgres", names.POSTGRES_EXPORTER, args, args.postgres, container, authority)
        if args.redis is not None:
            container, authority = _redis(args.redis, args.settings.redis)
            self._deploy(f"{name}-redis", names.REDIS_EXPORTER, args, args.redis, container, authority)
        self.register_outputs({"deployments": self.deployments})

    def _deploy(
        self,
        logical_name: str,
        name: str,
        args: ExternalExportersArgs,
        exporter: ServerExporter,
        container: ContainerArgs,
        authority: CaVolume,
    ) -> None:
        component = POSTGRES_COMPONENT if exporter is args.postgres else REDIS_COMPONENT
        generated = [args.metrics] if args.metrics is not None and exporter is args.postgres else []
        account = service_account(
            f"{logical_name}-service-account", component=component, namespace=args.namespace, opts=self.child()
        )
        deployment = singleton(
            f"{logical_name}-deployment",
            name=name,
            namespace=args.namespace,
            component=component,
            version=exporter.settings.version,
            template=pod_template(
                component=component,
                version=exporter.settings.version,
                settings=args.settings,
                user=USER,
                container=container,
                volumes=[volume for volume, _ in authority],
                annotations={**checksum_annotations(*generated), **exporter.annotations},
                grace_period_seconds=GRACE_PERIOD_SECONDS,
            ),
            opts=self.child(account),
        )
        self.deployments.append(name_of(deployment))
