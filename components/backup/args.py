"""The arguments of the backups."""

import pulumi

from components.backup.backup import BackupArgs
from components.kit.args import placement
from components.secrets.connections import connections
from components.secrets.secrets import Credentials
from components.settings import Settings


def backup_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> BackupArgs:
    """The backups of the database."""
    return BackupArgs(
        settings=settings.backup,
        namespace=namespace,
        postgres_image=settings.postgres_image,
        flagsmith_image=settings.image_reference,
        release=settings.version,
        stack=settings.host,
        connections=connections(settings, credentials),
        storage_size=settings.backup_storage,
        resources=settings.backup.resources,
        placement=placement(settings),
        protect=settings.protect,
    )
