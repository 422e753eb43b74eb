"""The arguments of Flagsmith's workloads."""

import pulumi

from components.flagsmith.bootstrap import BootstrapArgs
from components.kit import names
from components.kit.database_pods import DatabaseClientArgs
from components.kit.scraping import Scraping
from components.secrets.connections import database_client
from components.secrets.sdk_keys import SdkKeys
from components.secrets.secrets import Credentials
from components.settings import Settings


def bootstrap_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, sdk_keys: SdkKeys
) -> BootstrapArgs:
    """The bootstrap Job."""
    job = database_client(settings, namespace, credentials)
    return BootstrapArgs(
        settings=settings,
        namespace=namespace,
        connections=job.connections,
        admin=credentials.admin,
        keys=list(sdk_keys.environments.values()),
    )


def server_args(
    settings: Settings, namespace: pulumi.Input[str], credentials: Credentials, scraping: Scraping
) -> tuple[DatabaseClientArgs, DatabaseClientArgs]:
    """The API, and the task processor.

    Tasks go past the poolers: some of them read by cursors of the server's, which a pool of transactions cannot hold
    (`QuerySet.iterator` in import_export/export.py and segment_membership/ of Flagsmith 2.265.0).
    """
    annotations = scraping.annotations(names.METRICS_PORT)
    api = database_client(settings, namespace, credentials, pooled=True, annotations=annotations)
    return api, database_client(settings, namespace, credentials, annotations=annotations)
