"""Where a pod finds what it connects to, by the settings and the Secrets."""

from collections.abc import Mapping

import pulumi

from components.kit.database_client import Connections
from components.kit.database_pods import DatabaseClientArgs
from components.kit.secret_refs import SecretReference
from components.secrets.addresses import FALLBACK
from components.secrets.secrets import Credentials
from components.settings import Settings


def database_client(
    settings: Settings,
    namespace: pulumi.Input[str],
    credentials: Credentials,
    *,
    role: SecretReference | None = None,
    pooled: bool = False,
    annotations: Mapping[str, str] | None = None,
) -> DatabaseClientArgs:
    """What a pod is made from that asks the database: with the URL of `role`, by default with Flagsmith's own.

    `pooled` is for the API, which goes by a Cluster's poolers and reads from its standbys, where it has such.

    `annotations` are those by which Prometheus finds it where there is no PodMonitor.
    """
    return DatabaseClientArgs(
        settings=settings,
        namespace=namespace,
        connections=Connections(
            postgres=role or credentials.database,
            redis=credentials.redis,
            django=credentials.django,
            server=settings.postgres,
            cache=settings.redis,
            key=_key(settings) if pooled else "DATABASE_URL",
            replicas=pooled and settings.reads_replicas,
        ),
        annotations=annotations or {},
    )


def _key(settings: Settings) -> str:
    """Which of the ways to the database the API takes."""
    if settings.pooled:
        return "POOLED_DATABASE_URL"
    return FALLBACK if settings.reads_replicas else "DATABASE_URL"
