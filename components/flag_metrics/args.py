"""The arguments of the exporter of flag metrics."""

import pulumi

from components.kit import names
from components.kit.database_pods import DatabaseClientArgs
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.secrets.connections import database_client
from components.secrets.secrets import Credentials
from components.settings import Settings


def flag_metrics_args(
    settings: Settings,
    namespace: pulumi.Input[str],
    credentials: Credentials,
    role: SecretReference,
    scraping: Scraping,
) -> DatabaseClientArgs:
    """The exporter, which reads as the role that `role` has the URL of."""
    annotations = scraping.annotations(names.FLAG_METRICS_PORT)
    return database_client(settings, namespace, credentials, role=role, annotations=annotations)
