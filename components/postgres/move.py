"""The Jobs that bring the data of one database into another one beside it, for `ff db move`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ContainerArgs,
    EnvVarArgs,
    PodTemplateSpecArgs,
)

from components.kit import names, postgres_client
from components.kit.component import Component, name_of
from components.kit.cron_jobs import job_template
from components.kit.database_client import POSTGRES_CA_DIRECTORY
from components.kit.environment import plain
from components.kit.pods import EmptyDir, pod_template, requirements
from components.kit.secret_files import ca_volume
from components.kit.secret_refs import SecretReference
from components.kit.security import container_security_context
from components.kit.service_accounts import service_account
from components.postgres.server import USER
from components.secrets.addresses import ADMINISTRATOR, DATABASE, primary
from components.settings import Settings
from components.settings.beside import beside
from components.settings.sections.postgres import CA_KEY

COMPONENT: Final = "database-move"
SCRIPTS: Final = Path(__file__).parent / "in_pod"
SOURCES: Final = ("administrator.sh", "cluster-administrator.sh", "move-database.sh")
# Lists of what is in each database, and what differs.
TMP: Final = EmptyDir(name="tmp", path="/tmp", size_limit="256Mi")  # noqa: S108 a mount of the pod's own
DEADLINE_SECONDS: Final = 4 * 3600
# Of each step; a server that restarts is back within that.
WAIT_SECONDS: Final = 120


@dataclass(frozen=True, kw_only=True)
class DatabaseMoveArgs:
    """The Jobs.

    Attributes:
        settings: the stack's, with a move that goes on.
        namespace: where they run.
        live: the Secret of the administrator of the live database, with the key `password`, and perhaps `previous`.
        beside: the same of the other one.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    live: SecretReference
    beside: SecretReference


def _server(side: str, settings: Settings, administrator: SecretReference) -> list[EnvVarArgs]:
    """The variables of one of the two servers."""
    clustered = settings.postgres.clustered
    stated = {
        f"{side}_HOST": primary(settings),
        f"{side}_USER": ADMINISTRATOR if clustered else "postgres",
        # The embedded server has a certificate for the time of an import alone.
        f"{side}_SSLMODE": settings.postgres.resolved_sslmode or "prefer",
    }
    return [
        *plain(stated),
        administrator.env(f"{side}_PASSWORD", "password"),
        administrator.env(f"{side}_PREVIOUS", "previous", optional=True),
    ]


def move_pod(args: DatabaseMoveArgs, other: Settings) -> PodTemplateSpecArgs:
    """The pod of a step; `other` are the settings of the database beside."""
    settings = args.settings
    source = "\n".join((SCRIPTS / script).read_text(encoding="utf-8") for script in SOURCES)
    shared: dict[str, str | int] = {
        "PGPORT": names.POSTGRES_PORT,
        "PGDATABASE": DATABASE,
        "PGSSLROOTCERT": f"{POSTGRES_CA_DIRECTORY}/{CA_KEY}",
        "WAIT_SECONDS": WAIT_SECONDS,
        "DESCRIBE": (SCRIPTS / "describe-database.sql").read_text(encoding="utf-8"),
        # Which one is said by who starts a Job.
        "STEP": "look",
    }
    # The operator makes its CA with the Cluster, which comes later than the first step.
    cluster = settings if settings.postgres.clustered else other
    authority = ca_volume("postgres-ca", POSTGRES_CA_DIRECTORY, cluster.postgres.authority, optional=True)
    mounted = [TMP.mounted(), postgres_client.mounted(), *authority]
    container = ContainerArgs(
        name="move",
        image=settings.postgres_image,
        command=["bash", "-c", source, "move"],
        env=[
            *plain(shared),
            *postgres_client.environment(),
            *_server("LIVE", settings, args.live),
            *_server("BESIDE", other, args.beside),
        ],
        resources=requirements(settings.job_resources),
        security_context=container_security_context(),
        volume_mounts=[mount for _, mount in mounted],
    )
    return pod_template(
        component=COMPONENT,
        version=settings.postgres.version,
        settings=settings,
        user=USER,
        container=container,
        volumes=[volume for volume, _ in mounted],
        annotations={},
        grace_period_seconds=30,
        restart_policy="Never",
    )


class DatabaseMove(Component):
    """The suspended CronJob `flagsmith-move`, from which `ff db move` makes a Job for each step.

    It is there only while data is brought over, since it logs in to both servers.

    Attributes:
        cron_job: the CronJob's name.
    """

    cron_job: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseMoveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:DatabaseMove", name, opts)
        other = beside(args.settings)
        assert other is not None, "a move has a database beside the live one"  # noqa: S101 the caller's promise
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        cron_job = job_template(
            f"{name}-template",
            name=names.MOVE,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.postgres.version,
            template=move_pod(args, other),
            deadline_seconds=DEADLINE_SECONDS,
            opts=self.child(account),
        )
        self.cron_job = name_of(cron_job)
        self.register_outputs({"cronJob": self.cron_job})
