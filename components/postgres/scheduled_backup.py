"""Base backups of a Cluster, from which and its write-ahead log the operator recovers any moment."""

from typing import Any

from components.postgres.cluster_spec import BARMAN_PLUGIN
from components.settings import Settings


def scheduled_backup_spec(settings: Settings) -> dict[str, Any]:
    """The spec of the ScheduledBackup.

    The method is always said: left out, it is one that the operator drops in 1.31 and that needs another section.
    """
    cluster = settings.postgres.cluster
    return {
        "cluster": {"name": cluster.name},
        "schedule": cluster.backup.schedule,
        "suspend": cluster.backup.suspend,
        # Without a base backup, the archive alone recovers nothing: the first night is too late.
        "immediate": True,
        "backupOwnerReference": "none",
        "method": "plugin",
        "pluginConfiguration": {"name": BARMAN_PLUGIN},
    }
