"""The arguments of what reads and ships the audit log."""

import pulumi

from components.kit import names
from components.kit.database_pods import DatabaseClientArgs
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.secrets.connections import database_client
from components.secrets.secrets import Credentials
from components.settings import Settings


def audit_args(
    settings: Settings,
    namespace: pulumi.Input[str],
    credentials: Credentials,
    role: SecretReference,
    scraping: Scraping,
) -> DatabaseClientArgs:
    """The reader and the exporter, which log in as `role`."""
    annotations = scraping.annotations(names.AUDIT_METRICS_PORT)
    return database_client(settings, namespace, credentials, role=role, annotations=annotations)
