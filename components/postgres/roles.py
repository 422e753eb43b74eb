"""The roles of the stack's own PostgreSQL: a Job makes them before each migration, and one grants after it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    ConfigMapVolumeSourceArgs,
    ContainerArgs,
    EnvVarArgs,
    PodTemplateSpecArgs,
    VolumeArgs,
    VolumeMountArgs,
)
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from components.kit import names, postgres_client
from components.kit.component import Component, name_of
from components.kit.database_client import POSTGRES_CA_DIRECTORY, tls_environment
from components.kit.digests import digest
from components.kit.environment import plain
from components.kit.jobs import run_once
from components.kit.pods import EmptyDir, Mounted, pod_template, requirements
from components.kit.secret_files import ca_volume
from components.kit.secret_refs import SecretReference
from components.kit.security import container_security_context
from components.kit.service_accounts import service_account
from components.postgres.server import USER
from components.secrets.addresses import ADMINISTRATOR, primary
from components.settings import Settings
from components.settings.resources import Resources

COMPONENT: Final = "database-roles"
SCRIPTS: Final = Path(__file__).parent / "in_pod"
GRANTS: Final = "/etc/flagsmith/grants"
TMP: Final = EmptyDir(name="tmp", path="/tmp", size_limit="16Mi")  # noqa: S108 a mount of the pod's own
# An existing database gives its objects away one by one, and waits for whoever uses one.
DEADLINE_SECONDS: Final = 900
# A switchover or a new primary takes this long at most, unless nothing takes over at all.
CLUSTER_WAIT_SECONDS: Final = 600
CLUSTER: Final = {
    "administrator.sh": "cluster-administrator.sh",
    "make-roles.sh": "cluster-roles.sh",
    "grant-readers.sh": "cluster-grants.sh",
}
RESOURCES: Final = Resources.model_validate(
    {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
)


@dataclass(frozen=True, kw_only=True)
class DatabaseRolesArgs:
    """The Jobs.

    Attributes:
        settings: the stack's.
        namespace: where they run.
        administrator: the Secret with the key `password` of `postgres`, and perhaps `previous`.
        application: the Secret with the key `DATABASE_URL`, and, unless somebody else made it, `username` and
            `password`.
        audit: the Secret with the key `password` of `flagsmith_audit`; None where nobody logs in as that.
        analytics: the same of `flagsmith_analytics`.
        metrics: the same of `flagsmith_metrics`, which has a password beside a Cluster alone.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    administrator: SecretReference
    application: SecretReference
    audit: SecretReference | None
    analytics: SecretReference | None
    metrics: SecretReference | None = None

    @property
    def secrets(self) -> list[SecretReference]:
        """All Secrets that the roles are made from."""
        found = (self.administrator, self.application, self.audit, self.analytics, self.metrics)
        return [item for item in found if item is not None]


def grants() -> dict[str, str]:
    """The files that say what the readers may read, by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(SCRIPTS.glob("grants-*.sql"))}


def administrator(args: DatabaseRolesArgs) -> list[EnvVarArgs]:
    """The variables of administrator.sh."""
    postgres = args.settings.postgres
    server: dict[str, str | int] = {
        "PGHOST": primary(args.settings),
        "PGPORT": names.POSTGRES_PORT,
        "PGUSER": ADMINISTRATOR if postgres.clustered else "postgres",
        "PGDATABASE": "flagsmith",
    }
    if postgres.clustered:
        server["WAIT_SECONDS"] = CLUSTER_WAIT_SECONDS
    return [
        *plain(server),
        *postgres_client.environment(),
        *tls_environment(postgres),
        args.administrator.env("PASSWORD", "password"),
        args.administrator.env("PREVIOUS", "previous", optional=True),
    ]


def roles_environment(args: DatabaseRolesArgs) -> list[EnvVarArgs]:
    """The variables of make-roles.sh."""
    if not args.application.is_generated:
        application = [args.application.env("APPLICATION_URL", "DATABASE_URL")]
    else:
        application = [
            args.application.env("LOGIN", "username"),
            args.application.env("LOGIN_PASSWORD", "password"),
        ]
    readers = {"AUDIT_PASSWORD": args.audit, "ANALYTICS_PASSWORD": args.analytics, "METRICS_PASSWORD": args.metrics}
    generated = [secret.env(name, "password") for name, secret in readers.items() if secret and secret.is_generated]
    # Nobody waits longer for an answer: gunicorn's own limit.
    limit = EnvVarArgs(name="STATEMENT_TIMEOUT", value=f"{args.settings.gunicorn.timeout}s")
    return [*administrator(args), *application, limit, *generated]


def pod(
    args: DatabaseRolesArgs,
    name: str,
    scripts: Sequence[str],
    env: Sequence[EnvVarArgs],
    volumes: Sequence[Mounted] = (),
) -> PodTemplateSpecArgs:
    """The pod of a Job on the database: scripts, one after the other, as the administrator.

    What a Cluster has in addition to a script, or in its place, is in the script that `CLUSTER` names for it.
    """
    postgres = args.settings.postgres
    if postgres.clustered:
        scripts = [found for script in scripts for found in (script, CLUSTER.get(script)) if found is not None]
    source = "\n".join((SCRIPTS / script).read_text(encoding="utf-8") for script in scripts)
    authority = ca_volume("postgres-ca", POSTGRES_CA_DIRECTORY, postgres.authority)
    directories = [TMP.mounted(), postgres_client.mounted(), *authority, *volumes]
    return pod_template(
        component=COMPONENT,
        version=args.settings.postgres.version,
        settings=args.settings,
        user=USER,
        container=ContainerArgs(
            name=name,
            image=args.settings.postgres_image,
            command=["bash", "-c", source, name],
            env=list(env),
            resources=requirements(RESOURCES),
            security_context=container_security_context(),
            volume_mounts=[mount for _, mount in directories],
        ),
        volumes=[volume for volume, _ in directories],
        annotations={},
        grace_period_seconds=30,
        restart_policy="Never",
    )


class DatabaseRoles(Component):
    """The Job `flagsmith-roles-<hash>`, which everything that connects to the stack's own PostgreSQL waits for.

    It runs again when a password of a generated Secret changes, or PostgreSQL's image, since the data of another major
    version is made anew.

    Attributes:
        job: the Job's name.
    """

    job: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:DatabaseRoles", name, opts)
        account = service_account(
            f"{name}-service-account", component=COMPONENT, namespace=args.namespace, opts=self.child()
        )
        job = run_once(
            f"{name}-job",
            name=names.ROLES,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.postgres.version,
            template=pod(
                args, "roles", ["administrator.sh", "own-database.sh", "make-roles.sh"], roles_environment(args)
            ),
            deadline_seconds=DEADLINE_SECONDS,
            reads=args.secrets,
            opts=self.child(account),
        )
        self.job = name_of(job)
        self.register_outputs({"job": self.job})


class DatabaseGrants(Component):
    """The ConfigMap `flagsmith-grants` and the Job `flagsmith-grants-<hash>`, which the readers wait for.

    It runs again when a grant changes, and with each release, whose migrations may bring tables that the readers read.

    Attributes:
        job: the Job's name.
    """

    job: pulumi.Output[str]

    def __init__(self, name: str, args: DatabaseRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:DatabaseGrants", name, opts)
        files = grants()
        config_map = ConfigMap(
            f"{name}-files",
            metadata=ObjectMetaArgs(
                name=names.GRANTS,
                namespace=args.namespace,
                labels=names.labels(COMPONENT, args.settings.postgres.version),
            ),
            data=files,
            opts=self.child(),
        )
        volume = VolumeArgs(name="grants", config_map=ConfigMapVolumeSourceArgs(name=names.GRANTS))
        mount = VolumeMountArgs(name="grants", mount_path=GRANTS, read_only=True)
        env = [
            *administrator(args),
            EnvVarArgs(name="GRANTS", value=GRANTS),
            # No more than what makes another Job of it.
            EnvVarArgs(name="RELEASE", value=args.settings.version),
            EnvVarArgs(name="GRANTS_DIGEST", value=digest(files)),
        ]
        job = run_once(
            f"{name}-job",
            name=names.GRANTS,
            namespace=args.namespace,
            component=COMPONENT,
            version=args.settings.postgres.version,
            template=pod(
                args, "grants", ["administrator.sh", "own-database.sh", "grant-readers.sh"], env, [(volume, mount)]
            ),
            deadline_seconds=DEADLINE_SECONDS,
            opts=self.child(config_map),
        )
        self.job = name_of(job)
        self.register_outputs({"job": self.job})
