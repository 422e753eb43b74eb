"""How a container reaches PostgreSQL and Redis: variables, and the certificates of their authorities."""

from dataclasses import dataclass
from typing import Final

from pulumi_kubernetes.core.v1 import EnvVarArgs

from components.kit import postgres_client
from components.kit.environment import plain
from components.kit.pods import Mounted
from components.kit.secret_files import ca_volume
from components.kit.secret_refs import SecretReference
from components.settings.sections.postgres import PostgresSettings
from components.settings.sections.redis import RedisSettings

POSTGRES_CA_DIRECTORY: Final = "/etc/flagsmith/postgres-ca"
REDIS_CA_DIRECTORY: Final = "/etc/flagsmith/redis-ca"


@dataclass(frozen=True, kw_only=True)
class Connections:
    """What Flagsmith connects to, and how it checks the other side.

    Attributes:
        postgres: the Secret with the key `DATABASE_URL`.
        redis: the Secret with the key `REDIS_URL`; None without Redis.
        django: the Secret with the key `DJANGO_SECRET_KEY`.
        server: what the settings say of PostgreSQL, such as how its certificate is checked.
        cache: the same of Redis.
        key: the key of the database's Secret with the URL.
        replicas: whether the Secret has the URL of standbys too, as `REPLICA_DATABASE_URLS`.
    """

    postgres: SecretReference
    redis: SecretReference | None
    django: SecretReference
    server: PostgresSettings
    cache: RedisSettings
    key: str = "DATABASE_URL"
    replicas: bool = False

    def secrets(self) -> list[SecretReference]:
        """The Secrets a pod with this environment reads."""
        return [secret for secret in (self.postgres, self.redis, self.django) if secret is not None]


def database_environment(connections: Connections) -> list[EnvVarArgs]:
    """What a program of PostgreSQL's own needs to reach the database; libpq reads the rest where the URL is silent."""
    address = connections.postgres.env("DATABASE_URL", connections.key)
    return [address, *postgres_client.environment(), *tls_environment(connections.server)]


def tls_environment(server: PostgresSettings) -> list[EnvVarArgs]:
    """How libpq checks the server's certificate; nothing for one that has none."""
    variables: dict[str, str] = {}
    if server.resolved_sslmode is not None:
        variables["PGSSLMODE"] = server.resolved_sslmode
    if server.authority is not None:
        variables["PGSSLROOTCERT"] = f"{POSTGRES_CA_DIRECTORY}/ca.crt"
    return plain(variables)


def postgres_volumes(connections: Connections) -> list[Mounted]:
    """What `database_environment` refers to: libpq's time-outs, and the CA of its server, if any."""
    return [postgres_client.mounted(), *ca_volume("postgres-ca", POSTGRES_CA_DIRECTORY, connections.server.authority)]
