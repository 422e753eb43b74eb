"""The stack's own PostgreSQL, whichever the settings ask for: one pod, or a Cluster with or without poolers."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pulumi

from components.kit.capabilities import Capabilities
from components.kit.component import Component
from components.kit.given_up import mark
from components.kit.scraping import Scraping
from components.kit.secret_refs import SecretReference
from components.postgres.args import database_cluster_args, database_pooler_args, postgres_args
from components.postgres.cluster import DatabaseCluster
from components.postgres.move import DatabaseMove, DatabaseMoveArgs
from components.postgres.pooler import DatabasePooler
from components.postgres.server import Postgres
from components.secrets.secrets import Credentials
from components.settings import Settings
from components.settings.beside import beside

Named = Callable[[str], str]
"""The name in the program of a part of the platform."""


@dataclass(frozen=True)
class OwnPostgres:
    """What it is made from.

    Attributes:
        settings: the stack's.
        namespace: where it lives.
        capabilities: what the cluster serves.
        scraping: how Prometheus finds its pods.
    """

    settings: Settings
    namespace: pulumi.Input[str]
    capabilities: Capabilities
    scraping: Scraping

    def made(self, named: Named, administrator: SecretReference, opts: pulumi.ResourceOptions) -> Component:
        """The server, or the servers. `administrator` is the Secret of whom the Jobs of the roles log in as."""
        if self.settings.postgres.clustered:
            cluster = database_cluster_args(self.settings, self.namespace, self.capabilities, self.scraping)
            return DatabaseCluster(named("postgres-cluster"), cluster, opts)
        server = postgres_args(self.settings, self.namespace, administrator, self.scraping)
        return Postgres(named("postgres"), server, opts)

    def made_beside(
        self, named: Named, credentials: Credentials, opts: pulumi.ResourceOptions
    ) -> list[pulumi.Resource]:
        """The database beside the live one, and what brings the data over; nothing where there is none.

        It is called as if it were live: so it stays what it is when that changes.
        """
        move, other = self.settings.postgres.move, beside(self.settings)
        if move is None or other is None or credentials.postgres is None or credentials.beside is None:
            return []
        if other.postgres.clustered:
            cluster = database_cluster_args(other, self.namespace, self.capabilities, self.scraping)
            source = credentials.database if move.brings else None
            cluster = replace(cluster, move=move, source=source)
            made: Component = DatabaseCluster(named("postgres-cluster"), cluster, opts)
        else:
            server = postgres_args(other, self.namespace, credentials.beside, self.scraping)
            server = replace(server, labels=mark(move))
            made = Postgres(named("postgres"), server, opts)
        if not move.goes_on:
            return [made]
        steps = DatabaseMoveArgs(
            settings=self.settings, namespace=self.namespace, live=credentials.postgres, beside=credentials.beside
        )
        return [made, DatabaseMove(named("database-move"), steps, opts)]

    def poolers(self, named: Named, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
        """What is between the API and a Cluster, if anything is; `opts` come after the Cluster."""
        if not self.settings.pooled:
            return []
        pooler = database_pooler_args(self.settings, self.namespace, self.scraping)
        return [DatabasePooler(named("pooler"), pooler, opts)]
