"""Backups of the database: when, where to, how many."""

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings.base import Section
from components.settings.networks import BESIDE, Cidrs, has_right_port
from components.settings.problems import Problem
from components.settings.references import BucketSecret, SecretKeyReference
from components.settings.resources import Resources
from components.settings.schedules import Schedule
from components.settings.types import Boolean, Count, Kind, ObjectName, SecretDataKey, Text, VolumeSize

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def _bucket(value: str) -> str:
    if not _BUCKET.fullmatch(value):
        raise ValueError("must be a bucket's name, such as flagsmith-backups: no scheme, no path")
    return value


def _endpoint(value: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?", value) or not has_right_port(value):
        raise ValueError("must be the address of the service, such as https://minio.example.com:9000, without a path")
    return value


Bucket = Annotated[Text, AfterValidator(_bucket), Kind("bucket")]
Endpoint = Annotated[Text, AfterValidator(_endpoint), Kind("address")]
BACKUP_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "100m", "memory": "192Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}}
)


class S3(Section):
    """A bucket of S3, or of a service that speaks its protocol."""

    bucket: Bucket = Field(description="The bucket, which must exist.")
    prefix: Text = Field(default="flagsmith", description="The start of the objects' names; the stack's host follows.")
    region: Text | None = Field(default=None, description="The bucket's region.")
    endpoint: Endpoint | None = Field(default=None, description="The service's address. Default: Amazon's.")
    cidr: Cidrs = Field(default=(), description=f"Where the service is. {BESIDE}")
    path_style: Boolean = Field(
        default=False, description="Whether the bucket is part of the path, not of the host name; MinIO needs that."
    )
    existing_secret: BucketSecret = Field(
        description="An existing Secret with the keys `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`."
    )


class BackupStorage(Section):
    """The volume that backups are kept on, where there is no `s3`."""

    size: VolumeSize | None = Field(
        default=None, description="The volume's size. Default: that of `postgres.storage`, otherwise 20Gi."
    )
    class_name: ObjectName | None = Field(default=None, description="The StorageClass. Default: the cluster's default.")


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
    s3: S3 | None = Field(
        default=None,
        description="A bucket in place of the volume, which survives the cluster. Recommended in production.",
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
