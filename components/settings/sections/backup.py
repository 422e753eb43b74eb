"""Backups of the database: when, where to, how many."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.networks import BESIDE, Cidrs, has_right_port
from components.settings.object_metadata import ObjectMetadata
from components.settings.problems import NOT_SHOWN, Problem
from components.settings.references import BucketSecret, CaReference, SecretKeyReference
from components.settings.resources import Resources
from components.settings.schedules import Schedule
from components.settings.types import (
    Boolean,
    Count,
    Kind,
    LabelValue,
    ObjectName,
    PlainText,
    QualifiedName,
    SecretDataKey,
    Text,
    VolumeSize,
)

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def _bucket(value: str) -> str:
    if not _BUCKET.fullmatch(value):
        raise ValueError("must be a bucket's name, such as flagsmith-backups: no scheme, no path")
    return value


def _endpoint(value: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", value) or not has_right_port(value):
        raise ValueError("must be the address of the service, such as https://minio.example.com:9000, without a path")
    return value


def _passed_by(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.:*/_-]+", value):
        raise ValueError("must be a host, a domain such as .corp.example, or a network such as 10.0.0.0/8")
    return value


Bucket = Annotated[Text, AfterValidator(_bucket), Kind("bucket")]
Endpoint = Annotated[Text, AfterValidator(_endpoint), Kind("address")]
PassedBy = Annotated[Text, AfterValidator(_passed_by), Kind("host, domain or network")]
BACKUP_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "100m", "memory": "192Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
)


class BucketIdentity(ObjectMetadata):
    """By what a cloud knows the pods that reach the bucket, where they have an identity in place of keys."""

    labels: dict[QualifiedName, LabelValue] = Field(
        default_factory=dict, description="Labels of those pods, such as `azure.workload.identity/use`."
    )
    annotations: dict[QualifiedName, PlainText] = Field(
        default_factory=dict,
        description="Annotations of their service account, such as `eks.amazonaws.com/role-arn`. EKS Pod Identity "
        "needs none.",
    )


class S3(Section):
    """A bucket of S3, or of a service that speaks its protocol."""

    bucket: Bucket = Field(description="The bucket, which must exist.")
    prefix: Text = Field(default="flagsmith", description="How the objects' names begin; the stack's host follows.")
    region: Text | None = Field(default=None, description="The bucket's region.")
    endpoint: Endpoint | None = Field(default=None, description="The service's address. Default: Amazon's.")
    cidr: Cidrs = Field(default=(), description=f"Where the service is. {BESIDE}")
    path_style: Boolean = Field(
        default=False, description="Whether the bucket is part of the path, not of the host name; MinIO needs that."
    )
    existing_secret: BucketSecret | None = Field(
        default=None,
        description="An existing Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Default: the "
        "pods' own identity, which the cloud gives them.",
    )
    identity: BucketIdentity = Field(
        default_factory=BucketIdentity, description="The pods' identity, without `existingSecret`."
    )
    ca_secret: CaReference | None = Field(
        default=None,
        description="An existing Secret with the CA that signed the service's certificate, in place of the public "
        "ones. It also counts for the service that gives out identities.",
    )
    proxy: Endpoint | None = Field(
        default=None,
        description="The HTTP proxy through which the pods reach the bucket. They use it for nothing else.",
    )
    no_proxy: tuple[PassedBy, ...] = Field(default=(), description="What the pods reach without the proxy.")

    @property
    def by_identity(self) -> bool:
        """Whether the pods log in by what the cloud says they are."""
        return self.existing_secret is None

    def problems(self) -> Iterator[Problem]:
        """Two ways to log in, of which the keys would win; and settings of a proxy or of TLS that is not there."""
        if self.existing_secret is not None and "identity" in self.model_fields_set:
            yield Problem(
                path=("identity",),
                value=NOT_SHOWN,
                text="contradicts backup.s3.existingSecret, whose keys would be used: remove one of the two",
            )
        if self.no_proxy and self.proxy is None:
            yield Problem(path=("noProxy",), text="goes with backup.s3.proxy: set that, or remove it")
        if self.ca_secret is not None and self.endpoint is not None and self.endpoint.startswith("http://"):
            yield Problem(
                path=("caSecret",),
                value=NOT_SHOWN,
                text="goes with an endpoint that is https://: nothing is checked here",
            )


class BackupStorage(Section):
    """The volume that backups are kept on, where there is no `s3`."""

    size: VolumeSize | None = Field(
        default=None, description="The volume's size. Default: that of `postgres.storage`, otherwise 20Gi."
    )
    class_name: ObjectName | None = Field(default=None, description="The StorageClass. Default: the cluster's default.")


class ScratchStorage(Section):
    """The volume of a drill, which comes and goes with its pod."""

    size: VolumeSize | None = Field(
        default=None,
        description="The volume's size: room for the whole database. Default: that of `postgres.storage`; with an "
        "external database that of `backup.storage`, otherwise 20Gi.",
    )
    class_name: ObjectName | None = Field(
        default=None,
        description="The StorageClass. Default: that of `backup.storage`, then that of `postgres.storage`, then the "
        "cluster's default.",
    )


class PassphraseReference(SecretKeyReference):
    """The key of an existing Secret with a passphrase."""

    key: SecretDataKey = Field(default="passphrase", description="The key in the Secret.")


class BackupSettings(Section):
    """Backups of the database, embedded or external: `pg_dump` on a schedule and by `ff db backup`."""

    enabled: Boolean = Field(default=True, description="Whether there are backups at all.")
    suspend: Boolean = Field(default=False, description="Whether only `ff db backup` makes backups.")
    schedule: Schedule = Field(default="15 2 * * *", description="When they are made, in UTC.")
    keep: Count = Field(
        default=14,
        description="How many are kept. Backups made before a restore or an upgrade are counted separately, up "
        "to the same number.",
    )
    max_age_hours: Count = Field(
        default=30, description="The age in hours from which `ff doctor` reports the last backup as too old."
    )
    storage: BackupStorage = Field(default_factory=BackupStorage, description="The volume, without `s3`.")
    scratch: ScratchStorage = Field(
        default_factory=ScratchStorage,
        description="The volume that `ff db drill` restores a backup on. It comes and goes with the Job's pod.",
    )
    s3: S3 | None = Field(
        default=None,
        description="A bucket in place of the volume; it survives the cluster. Recommended in production.",
    )
    resources: Resources = Field(
        default=BACKUP_RESOURCES, description="Requests and limits of each container of the backup Jobs."
    )
    encryption: PassphraseReference | None = Field(
        default=None, description="An existing Secret with the passphrase that the backups are encrypted with."
    )

    def problems(self) -> Iterator[Problem]:
        """A volume and a bucket at once."""
        if self.s3 is not None and "storage" in self.model_fields_set:
            yield Problem(path=("storage",), text="is not used with backup.s3: remove one of the two")
