"""The arguments of the backups."""

import pulumi

from components.backup.backup import BackupArgs
from components.secrets.connections import connections
from components.secrets.secrets import Credentials
from components.settings import Settings


def backup_args(settings: Settings, namespace: pulumi.Input[str], credentials: Credentials) -> BackupArgs:
    """The backups of the database."""
    return BackupArgs(settings=settings, namespace=namespace, connections=connections(settings, credentials))
