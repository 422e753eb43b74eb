"""Exporters of servers outside the cluster: a Deployment each, since there is no pod to run beside."""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import ContainerArgs, VolumeArgs, VolumeMountArgs

from components.kit import names
from components.kit.component import Component, name_of
from components.kit.database_client import POSTGRES_CA_DIRECTORY, REDIS_CA_DIRECTORY, ca_volume
from components.kit.environment import plain
from components.kit.exporters import TIMEOUT_SECONDS, USER, ServerExporter, postgres_exporter, redis_exporter
from components.kit.pods import Placement, pod_template
from components.kit.secret_refs import SecretReference
from components.kit.service_accounts import service_account
from components.kit.single_pod import singleton
from components.settings.references import SecretKeyReference

POSTGRES_COMPONENT: Final = "database-exporter"
REDIS_COMPONENT: Final = "cache-exporter"
GRACE_PERIOD_SECONDS: Final = 10
# The exporter's library knows four of libpq's six modes; for the other two, what they try first.
KNOWN_MODES: Final = {"allow": "disable", "prefer": "require"}


@dataclass(frozen=True, kw_only=True)
class ExternalServer:
    """A server and its exporter.

    Attributes:
        exporter: what reads its metrics.
        version: the exporter's, as a label.
        secret: the name of the Secret with its URL (`DATABASE_URL` or `REDIS_URL`).
        ca: the Secret and key with the CA that signed its certificate; None where that is not checked.
    """

    exporter: ServerExporter
    version: str
    secret: str
    ca: SecretKeyReference | None


@dataclass(frozen=True, kw_only=True)
class ExternalExportersArgs:
    """The exporters.

    Attributes:
        namespace: where they run.
        postgres: the external PostgreSQL, if it has metrics.
        sslmode: libpq's `sslmode` for it, where the URL names none.
        redis: the external Redis, if it has metrics.
        placement: where the pods run.
    """

    namespace: pulumi.Input[str]
    postgres: ExternalServer | None
    sslmode: str
    redis: ExternalServer | None
    placement: Placement


CaVolume = list[tuple[VolumeArgs, VolumeMountArgs]]


def _postgres(server: ExternalServer, sslmode: str) -> tuple[ContainerArgs, CaVolume]:
    authority = ca_volume("postgres-ca", POSTGRES_CA_DIRECTORY, server.ca)
    options = {"PGSSLMODE": KNOWN_MODES.get(sslmode, sslmode), "PGCONNECT_TIMEOUT": str(TIMEOUT_SECONDS)}
    if authority:
        options["PGSSLROOTCERT"] = f"{POSTGRES_CA_DIRECTORY}/ca.crt"
    env = [SecretReference(name=server.secret).env("DATA_SOURCE_NAME", "DATABASE_URL"), *plain(options)]
    return postgres_exporter(server.exporter, env, [mount for _, mount in authority]), authority


def _redis(server: ExternalServer) -> tuple[ContainerArgs, CaVolume]:
    authority = ca_volume("redis-ca", REDIS_CA_DIRECTORY, server.ca)
    env = [SecretReference(name=server.secret).env("REDIS_ADDR", "REDIS_URL")]
    if authority:
        env += plain({"REDIS_EXPORTER_TLS_CA_CERT_FILE": f"{REDIS_CA_DIRECTORY}/ca.crt"})
    return redis_exporter(server.exporter, env, [mount for _, mount in authority]), authority


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
            container, authority = _postgres(args.postgres, args.sslmode)
            self._deploy(f"{name}-postgres", names.POSTGRES_EXPORTER, args, args.postgres, container, authority)
        if args.redis is not None:
            container, authority = _redis(args.redis)
            self._deploy(f"{name}-redis", names.REDIS_EXPORTER, args, args.redis, container, authority)
        self.register_outputs({"deployments": self.deployments})

    def _deploy(
        self,
        logical_name: str,
        name: str,
        args: ExternalExportersArgs,
        server: ExternalServer,
        container: ContainerArgs,
        authority: CaVolume,
    ) -> None:
        component = POSTGRES_COMPONENT if server is args.postgres else REDIS_COMPONENT
        account = service_account(
            f"{logical_name}-service-account", component=component, namespace=args.namespace, opts=self.child()
        )
        deployment = singleton(
            f"{logical_name}-deployment",
            name=name,
            namespace=args.namespace,
            component=component,
            version=server.version,
            template=pod_template(
                component=component,
                version=server.version,
                placement=args.placement,
                user=USER,
                container=container,
                volumes=[volume for volume, _ in authority],
                annotations=server.exporter.annotations,
                grace_period_seconds=GRACE_PERIOD_SECONDS,
            ),
            opts=self.child(account),
        )
        self.deployments.append(name_of(deployment))
