"""The arguments of PostgreSQL and its roles."""

import pulumi

from components.kit import names
from components.kit.args import postgres_exporter
from components.kit.capabilities import Capabilities
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.postgres.cluster import DatabaseClusterArgs, require_operator
from components.postgres.operated import OperatedArgs
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


def database_cluster_args(
    settings: Settings, namespace: pulumi.Input[str], capabilities: Capabilities, scraping: Scraping
) -> DatabaseClusterArgs:
    """The Cluster. Raises pulumi.RunError where its operator is missing or too old."""
    require_operator(settings, capabilities)
    annotations = scraping.annotations(names.CLUSTER_METRICS_PORT)
    return DatabaseClusterArgs(settings=settings, namespace=namespace, annotations=annotations)


def database_pooler_args(settings: Settings, namespace: pulumi.Input[str], scraping: Scraping) -> OperatedArgs:
    """The poolers before the Cluster."""
    annotations = scraping.annotations(names.POOLER_METRICS_PORT)
    return OperatedArgs(settings=settings, namespace=namespace, annotations=annotations)


def database_roles_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, administrator: SecretReference
) -> DatabaseRolesArgs:
    """The roles of the stack's own PostgreSQL, and what they may read."""
    return DatabaseRolesArgs(
        settings=settings,
        namespace=namespace,
        administrator=administrator,
        application=credentials.database,
        audit=credentials.audit,
        analytics=credentials.analytics,
        metrics=credentials.metrics,
    )
