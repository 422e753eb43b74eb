"""The arguments of PostgreSQL, its roles, and the pod for an SQL prompt."""

import pulumi

from components.kit.args import placement, postgres_exporter
from components.kit.database_pods import DatabaseClientArgs
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.postgres.roles import DatabaseRolesArgs
from components.postgres.server import PostgresArgs
from components.secrets.connections import connections
from components.secrets.secrets import Credentials
from components.settings import Settings


def postgres_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: SecretReference, scraping: Scraping
) -> PostgresArgs:
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
        credentials=credentials,
        exporter=postgres_exporter(settings, scraping),
        placement=placement(settings),
        protect=settings.protect,
    )


def database_roles_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, administrator: SecretReference
) -> DatabaseRolesArgs:
    """The roles of the embedded PostgreSQL, and what they may read."""
    return DatabaseRolesArgs(
        namespace=namespace,
        image=settings.postgres_image,
        version=settings.postgres.version,
        administrator=administrator,
        application=credentials.database,
        audit=credentials.audit,
        analytics=credentials.analytics,
        # Nobody waits longer for an answer: gunicorn's own limit.
        statement_timeout=settings.gunicorn.timeout,
        placement=placement(settings),
    )


def toolbox_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> DatabaseClientArgs:
    """The pod for an SQL prompt on an external database."""
    return DatabaseClientArgs(
        namespace=namespace,
        image=settings.postgres_image,
        version=settings.postgres.version,
        connections=connections(settings, credentials),
        resources=settings.job_resources,
        placement=placement(settings),
    )
