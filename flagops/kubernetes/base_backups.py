"""From when on a Cluster of CloudNativePG can be recovered: by its plugin's word, or by the backups themselves."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import condition

ARCHIVE_RESTS: Final = timedelta(minutes=1)
"""How long a log may not be archived before that is a fault: a new primary's is not for 1 to 3 s (seen, 1.30.0)."""


def recovery_window(
    store: Manifest | None, backups: Iterable[Manifest], cluster: str, place: str
) -> tuple[datetime, datetime] | None:
    """The first moment that can be recovered, and when the last base backup was done; None where there is none yet.

    The plugin writes both into its ObjectStore once a base backup is made. It does not try again when somebody else
    has changed the object meanwhile (seen with 0.14.0, whose sidecars write there too), and then says nothing until
    the next backup. So what the operator says of a backup counts as well.

    Args:
        store: The ObjectStore.
        backups: The Backups, of other Clusters too.
        cluster: The Cluster's name.
        place: The name of its archive in the store: that of the Cluster, and the major version of its servers.
    """
    told = (store or {}).get("status", {}).get("serverRecoveryWindow", {}).get(place, {})
    first = told.get("firstRecoverabilityPoint")
    if first:
        return datetime.fromisoformat(first), datetime.fromisoformat(told.get("lastSuccessfulBackupTime") or first)
    ended = [
        datetime.fromisoformat(state["stoppedAt"])
        for item in backups
        if item["spec"]["cluster"]["name"] == cluster
        and (state := item.get("status", {})).get("phase") == "completed"
        and str(state.get("majorVersion")) == place.rpartition("-")[2]
        and state.get("stoppedAt")
    ]
    return (min(ended), max(ended)) if ended else None


def archive_fails(cluster: Manifest) -> bool:
    """Whether a Cluster's log is not archived, for longer than a change of its primary takes."""
    state = condition(cluster, "ContinuousArchiving")
    since = state.get("lastTransitionTime")
    if state.get("status") != "False":
        return False
    return since is None or datetime.now(UTC) - datetime.fromisoformat(since) >= ARCHIVE_RESTS
