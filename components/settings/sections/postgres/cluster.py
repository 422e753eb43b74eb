"""A Cluster of CloudNativePG: what the operator is asked for, beyond what every server of the stack's has."""

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.settings import default_images
from components.settings.base import Section
from components.settings.images import Image, disagreement
from components.settings.problems import Problem
from components.settings.resources import Resources
from components.settings.schedules import SixFields
from components.settings.sections.postgres.parameters import FIXED, ParameterName
from components.settings.sections.postgres.recovery import ClusterName, Recovery
from components.settings.types import (
    Boolean,
    Count,
    Kind,
    ObjectName,
    OtherNamespace,
    PlainText,
    Text,
    VolumeSize,
    WholeNumber,
)

FIRST_SERVER = (17, 6)
"""PostgreSQL's first release whose upgrade takes max_slot_wal_keep_size (docs/src/postgres_upgrades.md of 1.30.0)."""
ARCHIVER_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
)
POOLER_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "1", "memory": "256Mi"}}
)


def _server_version(value: str) -> str:
    match = re.fullmatch(r"(\d+)(\.\d+)?(-[a-z0-9.-]+)?", value)
    if match is None or int(match[1]) < FIRST_SERVER[0]:
        raise ValueError(
            f"must be a tag of CloudNativePG's image with PostgreSQL 17 or newer, such as {default_images.CLUSTER_TAG}"
        )
    if match[2] is not None and (int(match[1]), int(match[2][1:])) < FIRST_SERVER:
        raise ValueError(
            "must be 17.6 or newer: the upgrade of an older one to the next major version fails with "
            f"max_slot_wal_keep_size, which keeps volumes from filling up. Take {default_images.CLUSTER_TAG}"
        )
    return value


def _tag(value: str) -> str:
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?(-[a-z0-9.-]+)?", value):
        raise ValueError(f"must be an image's tag with a version, such as {default_images.PGBOUNCER_TAG}")
    return value


def _retention(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,3}[dwm]", value):
        raise ValueError("must be a number of days, weeks or months, such as 30d, 4w or 3m")
    return value


ServerVersion = Annotated[Text, AfterValidator(_server_version), Kind("image tag")]
PoolerVersion = Annotated[Text, AfterValidator(_tag), Kind("image tag")]
Retention = Annotated[Text, AfterValidator(_retention), Kind("days, weeks or months")]
# One may go at any time, and every request of the API goes through them.
Poolers = Annotated[WholeNumber, Field(ge=2), Kind("whole number, at least 2")]
Instances = Annotated[WholeNumber, Field(ge=1, le=9), Kind("whole number, 1 to 9")]
AntiAffinity = Literal["preferred", "required"]
Durability = Literal["required", "preferred"]
SynchronousMethod = Literal["any", "first"]


class WalStorage(Section):
    """A volume of its own for each instance's write-ahead log."""

    enabled: Boolean | None = Field(
        default=None,
        description="Whether there is one. Default: by `size`, none in `local`. It can be added, but not taken away.",
    )
    size: VolumeSize | None = Field(
        default=None, description="The volume's size. Default: by `size`. It can grow later, but never shrink."
    )
    class_name: ObjectName | None = Field(default=None, description="The StorageClass. Default: that of the data.")

    def problems(self) -> Iterator[Problem]:
        """A size of no volume."""
        if self.enabled is False:
            yield from self.wrong_mode(
                section="postgres.cluster.walStorage",
                mode="false",
                owner="true",
                fields=frozenset({"size", "class_name"}),
                key="enabled",
            )


class Synchronous(Section):
    """How many standbys have a transaction before Flagsmith is told that it is done."""

    enabled: Boolean | None = Field(
        default=None, description="Whether a commit waits for standbys. Default: with two instances or more."
    )
    method: SynchronousMethod = Field(
        default="any", description="`any`: whichever standbys are first; `first`: those that come first in the list."
    )
    number: Count = Field(default=1, description="How many standbys a commit waits for.")
    data_durability: Durability | None = Field(
        default=None,
        description="With fewer standbys than that, `required`: nothing can be written; `preferred`: a commit waits "
        "for those that are there. Default: `required` if there are more standbys than a commit waits for, else "
        "`preferred`.",
    )


class PoolerSettings(Section):
    """PgBouncer between the API and the primary, in transaction mode. All others go straight to the primary."""

    enabled: Boolean | None = Field(
        default=None,
        description="Whether there is one. Default: by `size`, from `medium` on; none with `readReplicas`, because "
        "through a pooler nothing is read from a standby while the primary is away.",
    )
    instances: Poolers | None = Field(default=None, description="Number of its pods. Default: by `size`.")
    pool_size: Count | None = Field(
        default=None,
        description="How many connections to the primary each pod opens at most. Default: what "
        "`postgres.maxConnections` leaves to them.",
    )
    image: Image = Field(default=default_images.PGBOUNCER, description="PgBouncer's image, as CloudNativePG makes it.")
    version: PoolerVersion = Field(default=default_images.PGBOUNCER_TAG, description="The image's tag.")
    resources: Resources = Field(default=POOLER_RESOURCES, description="Requests and limits of a pod.")

    def problems(self) -> Iterator[Problem]:
        """What goes with a pooler where there is none, and two versions."""
        if self.enabled is False:
            others = frozenset(type(self).model_fields) - {"enabled"}
            section = "postgres.cluster.pooler"
            yield from self.wrong_mode(section=section, mode="false", owner="true", fields=others, key="enabled")
        text = disagreement(self.image, self.version, version_key="postgres.cluster.pooler.version")
        if text is not None:
            yield Problem(path=("image",), text=text)


class ClusterBackup(Section):
    """Base backups and the archive of the write-ahead log, by the Barman Cloud plugin, in the bucket of `backup.s3`."""

    enabled: Boolean = Field(
        default=False, description="Whether there are any. They need `backup.s3` and the Barman Cloud plugin."
    )
    schedule: SixFields = Field(
        default="0 45 1 * * *",
        description="When a base backup is made, in UTC: six fields, seconds first.",
    )
    suspend: Boolean = Field(default=False, description="Whether no base backups are made; the archive goes on.")
    retention: Retention = Field(
        default="30d", description="How far back the database can be recovered: days (`d`), weeks (`w`), months (`m`)."
    )
    resources: Resources = Field(
        default=ARCHIVER_RESOURCES, description="Requests and limits of the plugin's container beside each server."
    )

    def problems(self) -> Iterator[Problem]:
        """What goes with backups where there are none."""
        if not self.enabled:
            others = frozenset(type(self).model_fields) - {"enabled"}
            section = "postgres.cluster.backup"
            yield from self.wrong_mode(section=section, mode="false", owner="true", fields=others, key="enabled")


class ClusterSettings(Section):
    """A Cluster of CloudNativePG; see [data-tier.md](data-tier.md)."""

    name: ClusterName = Field(
        default="flagsmith-pg",
        description="The Cluster's name. Another name is another Cluster, which begins empty or with `recovery`. Name "
        "the old one in `kept`; without that the change is refused.",
    )
    operator_namespace: OtherNamespace = Field(
        default="cnpg-system", description="For network policies: the namespace of the operator and its plugins."
    )
    instances: Instances | None = Field(
        default=None, description="Number of servers, of which one is the primary. Default: by `size`."
    )
    image: Image = Field(default=default_images.CLUSTER, description="The servers' image, as CloudNativePG makes it.")
    version: ServerVersion = Field(
        default=default_images.CLUSTER_TAG,
        description="The image's tag. Its major version must not be newer than that of `postgres.version`, whose "
        "programs make the backups.",
    )
    wal_storage: WalStorage = Field(
        default_factory=WalStorage, description="A volume of its own for the write-ahead log."
    )
    parameters: dict[ParameterName, PlainText] = Field(
        default_factory=dict,
        description="Parameters of PostgreSQL. They add to those that follow from memory, disk and connections, or "
        "replace them.",
    )
    anti_affinity: AntiAffinity = Field(
        default="preferred",
        description="`preferred`: the servers go to different nodes where possible; `required`: a server waits until "
        "it has a node of its own. They are spread over zones in any case.",
    )
    synchronous: Synchronous = Field(default_factory=Synchronous, description="Synchronous replication.")
    pooler: PoolerSettings = Field(default_factory=PoolerSettings, description="PgBouncer for the API.")
    read_replicas: Boolean = Field(
        default=False,
        description="Whether the API reads flags, identities and documents from the standbys, if the release can "
        "(2.261.0 and newer). Standbys can lag. Without a pooler they also answer while the primary is away.",
    )
    backup: ClusterBackup = Field(default_factory=ClusterBackup, description="Backups to any moment.")
    recovery: Recovery | None = Field(
        default=None,
        description="For a new Cluster only: it begins with the data in another Cluster's archive. It has no effect "
        "on a Cluster that exists.",
    )
    kept: tuple[ClusterName, ...] = Field(
        default=(),
        description="Earlier Clusters that stay as they are, such as the one that the new one was recovered from. "
        "Delete a Cluster by hand before you take it out of this list; otherwise the change is refused.",
    )

    @property
    def major(self) -> int:
        """The major version of the servers."""
        return int(re.split(r"[.-]", self.version)[0])

    def problems(self) -> Iterator[Problem]:
        """Two versions, and parameters that are not to be set here."""
        text = disagreement(self.image, self.version, version_key="postgres.cluster.version")
        if text is not None:
            yield Problem(path=("image",), text=text)
        if self.recovery is not None:
            yield from self.recovery.problems_of(self.name)
        for index, name in enumerate(self.kept):
            if name == self.name or name in self.kept[:index]:
                text = "is postgres.cluster.name itself" if name == self.name else "is given twice"
                yield Problem(path=("kept", index), text=f"{text}: remove it")
        for name in self.parameters:
            if name == "max_connections":
                yield Problem(
                    path=("parameters", name), text="is set by postgres.maxConnections: use that in its place"
                )
            elif name in FIXED:
                yield Problem(
                    path=("parameters", name), text="is set by the operator, which refuses another value: remove it"
                )
