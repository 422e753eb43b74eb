"""The arguments of PostgreSQL and its roles."""

import pulumi

from components.kit.args import postgres_exporter
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.postgres.roles import DatabaseRolesArgs
from components.postgres.server import PostgresArgs
from components.secrets.secrets import Credentials
from components.settings import Settings


def postgres_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: SecretReference, scraping: Scraping
) -> PostgresArgs:
    """The embedded PostgreSQL."""
    return PostgresArgs(
        settings=settings,
        namespace=namespace,
        credentials=credentials,
        exporter=postgres_exporter(settings, scraping),
    )


def database_roles_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, administrator: SecretReference
) -> DatabaseRolesArgs:
    """The roles of the embedded PostgreSQL, and what they may read."""
    return DatabaseRolesArgs(
        settings=settings,
        namespace=namespace,
        administrator=administrator,
        application=credentials.database,
        audit=credentials.audit,
        analytics=credentials.analytics,
    )
