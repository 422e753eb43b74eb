"""PostgreSQL: one pod of the stack's own, a Cluster of CloudNativePG, or an external one through an existing Secret."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from components.settings import default_images
from components.settings.base import Section
from components.settings.images import Image, disagreement
from components.settings.networks import BESIDE, Cidrs
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.references import CaReference, PostgresSecret
from components.settings.resources import Resources
from components.settings.sections.postgres.cluster import ClusterSettings
from components.settings.sections.postgres.move import MoveSettings
from components.settings.sections.postgres.version import MIN_POSTGRES_MAJOR, PostgresVersion
from components.settings.types import Boolean, Count, Kind, ObjectName, Text, VolumeSize, WholeNumber

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
PostgresMode = Literal["embedded", "cloudnativepg", "external"]
EMBEDDED_ONLY = frozenset({"data_major", "reindex_for", "block_evictions"})
# Of every server of the stack's own.
OWN_ONLY = frozenset({"storage", "resources"})
EXTERNAL_ONLY = frozenset({"cidr", "sslmode", "ca_secret"})
CLUSTER_ONLY = frozenset({"cluster"})
# What the operator makes beside a Cluster (`<name>-ca`).
CA_KEY = "ca.crt"


class Storage(Section):
    """The volume of the embedded PostgreSQL, and of each server of a Cluster."""

    size: VolumeSize = Field(default="20Gi", description="The volume's size. It can grow later, but never shrink.")
    class_name: ObjectName | None = Field(default=None, description="The StorageClass. Default: the cluster's default.")


class PostgresSettings(Section):
    """The database of Flagsmith."""

    mode: PostgresMode = Field(
        default="embedded",
        description="`embedded`: the stack runs its own PostgreSQL, one pod; `cloudnativepg`: a Cluster of "
        "CloudNativePG, which needs its operator (1.30.0 or newer) in the cluster; `external`: you have a PostgreSQL. "
        "Another mode begins with an empty database, and is refused while the old database exists.",
    )
    existing_secret: PostgresSecret | None = Field(
        default=None,
        description="An existing Secret. External (required): key `DATABASE_URL`. "
        "Embedded: keys `password` and `DATABASE_URL`; without it the program generates one. Not with a Cluster.",
    )
    cidr: Cidrs = Field(default=(), description=f"External only. Where the server is. {BESIDE}")
    version: PostgresVersion = Field(
        default=default_images.POSTGRES_TAG,
        description="The image's tag, 17.6 or newer, Debian. External, and with a Cluster: the version of the "
        "client programs (`psql`, `pg_dump`), which must not have an older major version than the server.",
    )
    data_major: Count = Field(
        default=MIN_POSTGRES_MAJOR,
        description="Embedded only. The major version of the data on the volume; `ff db upgrade` changes it "
        "together with `version`, and moves the data.",
    )
    reindex_for: Annotated[Text, StringConstraints(pattern=r"^[0-9.]+$"), Kind("version")] | None = Field(
        default=None,
        description="Embedded only. The version of the C library for which the server rebuilds all indexes at its "
        "start. This library sorts text, and each Debian release has another version (bookworm 2.36, trixie 2.41). "
        "With an image that sorts differently the server refuses to start, and says which version to set here.",
    )
    block_evictions: Boolean = Field(
        default=False,
        description="Embedded only. Whether a drain of the server's node waits until you delete the pod, by a "
        "PodDisruptionBudget that allows no eviction.",
    )
    image: Image = Field(default=default_images.POSTGRES, description="The image.")
    storage: Storage = Field(default_factory=Storage, description="Not external. The volume of each server.")
    resources: Resources | None = Field(
        default=None, description="Not external. Requests and limits of each server. Default: by `size`."
    )
    max_connections: Count | None = Field(
        default=None,
        description="Embedded, and with a Cluster: a server's `max_connections`; default: by `size`. "
        "External: how many connections Flagsmith may take, for the connection budget; default: not checked.",
    )
    migration_lock_timeout: Annotated[WholeNumber, Field(ge=0, le=600), Kind("seconds")] = Field(
        default=5,
        description="How long a migration waits for a table's lock before it gives way and tries again; "
        "meanwhile all queries on the table wait behind it. 0: no limit, which you need with poolers that "
        "refuse options (PgBouncer).",
    )
    sslmode: SslMode | None = Field(default=None, description="External only. libpq's sslmode. Default: `require`.")
    ca_secret: CaReference | None = Field(
        default=None, description="External only. The CA that signed the server's certificate; for `verify-…`."
    )
    cluster: ClusterSettings = Field(
        default_factory=ClusterSettings, description="With a Cluster only. How the operator makes it."
    )
    move: MoveSettings | None = Field(
        default=None,
        description="Not external. Written by `ff db move`, never by hand: a database of the other mode beside this "
        "one.",
    )

    @property
    def major(self) -> int:
        """The major version of the embedded server."""
        return int(re.split(r"[.-]", self.version)[0])

    @property
    def embedded(self) -> bool:
        """Whether the stack runs the database itself, in one pod."""
        return self.mode == "embedded"

    @property
    def clustered(self) -> bool:
        """Whether the database is a Cluster of CloudNativePG."""
        return self.mode == "cloudnativepg"

    @property
    def is_own(self) -> bool:
        """Whether the stack has the database made, and so makes its roles and says what it may use."""
        return self.mode != "external"

    @property
    def has_cluster(self) -> bool:
        """Whether there is a Cluster: the live database, or one beside it."""
        return self.clustered or (self.move is not None and self.move.beside == "cloudnativepg")

    @property
    def has_embedded(self) -> bool:
        """Whether there is an embedded server: the live database, or one beside it."""
        return self.embedded or (self.move is not None and self.move.beside == "embedded")

    @property
    def moves(self) -> bool:
        """Whether a move is under way between the live database and the one beside it."""
        return self.move is not None and self.move.goes_on

    @property
    def stops_writes(self) -> bool:
        """Whether the ways to what is written are closed, and tasks wait, because of that."""
        return self.move is not None and self.move.stops_writes

    @property
    def resolved_sslmode(self) -> SslMode | None:
        """The sslmode of connections: `verify-full` to a Cluster, else by default `require`; None when embedded."""
        if self.clustered:
            return "verify-full"
        return None if self.embedded else self.sslmode or "require"

    @property
    def authority(self) -> CaReference | None:
        """The CA that servers' certificates are checked with; a Cluster's own, or None."""
        return CaReference(name=f"{self.cluster.name}-ca", key=CA_KEY) if self.clustered else self.ca_secret

    def cluster_images(self, *, pooled: bool) -> Iterator[tuple[str, tuple[str, ...], str, str]]:
        """The images of a Cluster and its poolers, if there are any: what for, the setting's path, image and tag."""
        path = ("postgres", "cluster")
        if self.has_cluster:
            yield "cluster", (*path, "image"), self.cluster.image, self.cluster.version
        if self.clustered and pooled:
            yield "pooler", (*path, "pooler", "image"), self.cluster.pooler.image, self.cluster.pooler.version

    def problems(self) -> Iterator[Problem]:
        """Settings of the other mode, and what the mode needs."""
        text = disagreement(self.image, self.version, version_key="postgres.version")
        if text is not None:
            yield Problem(path=("image",), text=text)
        if not self.has_cluster:
            yield from self.wrong_mode(section="postgres", mode=self.mode, owner="cloudnativepg", fields=CLUSTER_ONLY)
        if not self.has_embedded:
            fields = EMBEDDED_ONLY if self.is_own else EMBEDDED_ONLY | OWN_ONLY
            yield from self.wrong_mode(section="postgres", mode=self.mode, owner="embedded", fields=fields)
        yield from self._move_problems()
        if self.has_cluster:
            yield from self._cluster_problems()
        if self.has_embedded and self.major != self.data_major:
            yield Problem(
                path=("version",),
                text="has a different major version than the data on the volume (postgres.dataMajor is "
                f"{self.data_major}): PostgreSQL {self.major} would start with an empty database. Move it "
                f"with `ff db upgrade {self.version}`; for a new stack set postgres.dataMajor to {self.major}",
            )
        if self.is_own:
            yield from self.wrong_mode(section="postgres", mode=self.mode, owner="external", fields=EXTERNAL_ONLY)
            return
        verifies = self.resolved_sslmode in ("verify-ca", "verify-full")
        if verifies and self.ca_secret is None:
            yield Problem(
                path=("caSecret",),
                text=f"is required with postgres.sslmode {self.sslmode}: name the Secret with the CA, "
                "as {name: …, key: ca.crt}",
            )
        if self.ca_secret is not None and not verifies:
            yield Problem(
                path=("caSecret",),
                text=f"would not be used with sslmode {self.resolved_sslmode}: "
                "set postgres.sslmode to verify-full or verify-ca, or remove the key",
            )

    def _move_problems(self) -> Iterator[Problem]:
        """A move of what is not the stack's own, or to what is live already."""
        if self.move is None:
            return
        if not self.is_own:
            yield Problem(path=("move",), value=NOT_SHOWN, text="is for a PostgreSQL of the stack's own: remove it")
        if self.move.beside == self.mode:
            yield Problem(path=("move", "beside"), text="must be the other mode, not postgres.mode")

    def _cluster_problems(self) -> Iterator[Problem]:
        """A Secret of somebody else's, and programs that are older than the servers."""
        if self.existing_secret is not None:
            yield Problem(
                path=("existingSecret",),
                text="has no use with postgres.mode cloudnativepg, whose roles are the stack's own: remove the key",
            )
        if self.cluster.major > self.major:
            yield Problem(
                path=("version",),
                text=f"must not have an older major version than postgres.cluster.version, {self.cluster.version}: "
                f"pg_dump refuses a newer server. Set it to a tag of {self.cluster.major}",
            )
