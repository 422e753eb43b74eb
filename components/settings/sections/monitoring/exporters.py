"""The exporters of PostgreSQL's and Redis' metrics."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from components.settings import default_images
from components.settings.base import Section
from components.settings.images import Image
from components.settings.references import DatabaseUrlSecret, OneKeySecret, RedisUrlSecret
from components.settings.resources import Resources
from components.settings.types import Kind, Text

EXPORTER_RESOURCES = Resources.model_validate(
    {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"cpu": "200m", "memory": "128Mi"}}
)


def _tag(value: str) -> str:
    if not re.fullmatch(r"v\d+\.\d+\.\d+(-[a-z0-9.]+)?", value):
        raise ValueError("must be an image's tag with a version, such as v0.17.1")
    return value


ExporterVersion = Annotated[Text, AfterValidator(_tag), Kind("image tag")]


class ExporterSettings(Section):
    """What the sections of both exporters have, by name."""

    image: Image
    version: ExporterVersion
    resources: Resources = Field(default=EXPORTER_RESOURCES, description="Requests and limits.")
    existing_secret: OneKeySecret | None


class PostgresExporter(ExporterSettings):
    """The exporter of PostgreSQL's metrics: beside the embedded server, or by itself for an external one."""

    image: Image = Field(default=default_images.POSTGRES_EXPORTER, description="The image.")
    version: ExporterVersion = Field(default=default_images.POSTGRES_EXPORTER_TAG, description="The image's tag.")
    existing_secret: DatabaseUrlSecret | None = Field(
        default=None,
        description="External database only. An existing Secret whose key `DATABASE_URL` logs in a user with "
        "the role `pg_monitor`; without it, the database has no metrics.",
    )


class RedisExporter(ExporterSettings):
    """The exporter of Redis' metrics: beside the embedded server, or by itself for an external one."""

    image: Image = Field(default=default_images.REDIS_EXPORTER, description="The image.")
    version: ExporterVersion = Field(default=default_images.REDIS_EXPORTER_TAG, description="The image's tag.")
    existing_secret: RedisUrlSecret | None = Field(
        default=None,
        description="External Redis only. An existing Secret whose key `REDIS_URL` logs in a user that may "
        "`INFO`; without it, Redis has no metrics.",
    )
