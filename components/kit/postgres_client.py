"""How the clients of PostgreSQL notice that it does not answer: time-outs of libpq's, in a service file.

Of these only the connection's has a variable of its own; the others reach psycopg2, psql and pg_dump by a service file,
which leaves everybody's `DATABASE_URL` alone. What the URL says itself counts before the file.

Nothing here covers a server that is frozen as a whole, whose kernel goes on answering for it: a request on it waits
until the server's liveness probe ends it.
"""

from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import EnvVarArgs, VolumeArgs, VolumeMountArgs

from components.kit import names
from components.kit.component import Component, name_of
from components.kit.config_files import ConfigFiles

COMPONENT: Final = "database-client"
DIRECTORY: Final = "/etc/flagsmith/postgres-client"
SERVICE: Final = "flagsmith"
FILE: Final = "pg_service.conf"
# Tried with the server's packets dropped: a request took 4.4 s at worst, and 5.4 s with 3000 as tcp_user_timeout.
# connect_timeout is in seconds, and less than 2 is taken for 2; tcp_user_timeout is in milliseconds, and covers what
# was sent and is not acknowledged; the keepalives (seconds, seconds, times) cover the wait for an answer.
CONNECT_SECONDS: Final = 2
UNACKNOWLEDGED_MILLISECONDS: Final = 2000
IDLE_SECONDS: Final = 2
INTERVAL_SECONDS: Final = 1
PROBES: Final = 2
TEXT: Final = f"""\
[{SERVICE}]
connect_timeout={CONNECT_SECONDS}
tcp_user_timeout={UNACKNOWLEDGED_MILLISECONDS}
keepalives_idle={IDLE_SECONDS}
keepalives_interval={INTERVAL_SECONDS}
keepalives_count={PROBES}
"""
FILES: Final = ConfigFiles(
    prefix=names.POSTGRES_CLIENT,
    component=COMPONENT,
    volume="postgres-client",
    directory=DIRECTORY,
    data={FILE: TEXT},
)


def environment() -> list[EnvVarArgs]:
    """The variables by which libpq finds the time-outs. Without the volume, no connection is made at all."""
    return [
        EnvVarArgs(name="PGSERVICEFILE", value=f"{DIRECTORY}/{FILE}"),
        EnvVarArgs(name="PGSERVICE", value=SERVICE),
    ]


def mounted() -> tuple[VolumeArgs, VolumeMountArgs]:
    """The pod's volume with the file, and a container's mount of it."""
    return FILES.mounted()


class PostgresClient(Component):
    """The ConfigMap `flagsmith-postgres-client-<hash>`, which every pod that connects to PostgreSQL mounts.

    Attributes:
        config_map: the ConfigMap's name.
    """

    config_map: pulumi.Output[str]

    def __init__(self, name: str, namespace: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("feature-flags:components:PostgresClient", name, opts)
        config_map = FILES.config_map(f"{name}-files", namespace=namespace, opts=self.child())
        self.config_map = name_of(config_map)
        self.register_outputs({"configMap": self.config_map})
