"""A move of the database that somebody wrote down and nobody made: the live database would be a new one."""

from collections.abc import Callable

from components.kit import names
from components.settings import Settings
from components.settings.beside import beside


def begins_empty(settings: Settings, is_there: Callable[[str, str], bool]) -> str | None:
    """Why Flagsmith would begin with an empty database although there is one beside it; None where it would not.

    Args:
        settings: the stack's.
        is_there: whether the cluster has the object of a kind and a name.
    """
    other = beside(settings)
    if other is None:
        return None
    live, stays = (_database(found) for found in (settings, other))
    if is_there(*live) or not is_there(*stays):
        return None
    return (
        f"postgres.mode is {settings.postgres.mode}, whose database ({' '.join(live)}) is not there, and the data is "
        f"in {' '.join(stays)}: Flagsmith would begin with an empty one. Set postgres.mode to {other.postgres.mode}, "
        "remove postgres.move, and let `ff db move` bring the data over."
    )


def _database(settings: Settings) -> tuple[str, str]:
    """The kind and name of what the live database is in."""
    if settings.postgres.clustered:
        return "Cluster", settings.postgres.cluster.name
    return "PersistentVolumeClaim", names.POSTGRES_DATA
