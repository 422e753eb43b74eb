"""The exporters of the data tier: a container beside the embedded server, or a Deployment for an external one.

They are as restricted as all else here, and run as a user of their own. None has a readiness probe: an exporter that
fails must not take the server beside it for unready.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pulumi_kubernetes.core.v1 import ContainerArgs, ContainerPortArgs, EnvVarArgs, VolumeMountArgs

from components.kit import names
from components.kit.environment import plain
from components.kit.pods import requirements
from components.kit.programs import PORT, probe
from components.kit.security import container_security_context
from components.settings.sections.monitoring.exporters import ExporterSettings

# `nobody` of PostgreSQL's image: the server maps this user of its socket to the role `flagsmith_metrics`.
USER: Final = 65534
# Below the 10 s that Prometheus gives a scrape, so that a server that hangs shows as down, not its exporter.
TIMEOUT_SECONDS: Final = 5


@dataclass(frozen=True, kw_only=True)
class ServerExporter:
    """An exporter of the metrics of PostgreSQL or Redis.

    Attributes:
        settings: what the stack's settings say of it.
        image: the full image reference.
        annotations: those of its pod, by which Prometheus finds it where there is no PodMonitor.
        user: as whom it runs; None for the pod's own user.
    """

    settings: ExporterSettings
    image: str
    annotations: Mapping[str, str]
    user: int | None = USER


def postgres_exporter(
    exporter: ServerExporter, env: Sequence[EnvVarArgs], mounts: Sequence[VolumeMountArgs] = ()
) -> ContainerArgs:
    """The exporter of PostgreSQL's metrics; `env` says where the server is."""
    return _container("postgres-exporter", exporter, names.POSTGRES_METRICS_PORT, env, mounts)


def redis_exporter(
    exporter: ServerExporter, env: Sequence[EnvVarArgs], mounts: Sequence[VolumeMountArgs] = ()
) -> ContainerArgs:
    """The exporter of Redis' metrics; `env` says where the server is.

    It does not ask for the configuration, which holds the main password, nor gives its connection a name: the user
    needs `INFO` and little more.
    """
    options = {
        "REDIS_EXPORTER_CONFIG_COMMAND": "-",
        "REDIS_EXPORTER_SET_CLIENT_NAME": "false",
        # It would log in, with this password, to whatever server a caller names.
        "REDIS_EXPORTER_DISABLE_SCRAPE_ENDPOINT": "true",
        "REDIS_EXPORTER_CONNECTION_TIMEOUT": f"{TIMEOUT_SECONDS}s",
    }
    return _container("redis-exporter", exporter, names.REDIS_METRICS_PORT, [*env, *plain(options)], mounts)


def _container(
    name: str, exporter: ServerExporter, port: int, env: Sequence[EnvVarArgs], mounts: Sequence[VolumeMountArgs]
) -> ContainerArgs:
    return ContainerArgs(
        name=name,
        image=exporter.image,
        env=list(env),
        ports=[ContainerPortArgs(name=PORT, container_port=port)],
        # The page that links to the metrics: it asks the server nothing.
        liveness_probe=probe("/", (30, 3)),
        resources=requirements(exporter.settings.resources),
        security_context=container_security_context(exporter.user),
        volume_mounts=list(mounts),
    )
