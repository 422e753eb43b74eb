"""Back to a moment: a new Cluster from the archive of the one that is there, which is kept beside it."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from components.kit import names
from flagops.commands.cache import caches
from flagops.commands.db.backups.base import archive
from flagops.errors import BadInputError, OpsError, RefusedError
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.refusals import ApiError
from flagops.pods.bootstrap import write_keys
from flagops.stacks.deployed import Instance
from flagops.stacks.edit import set_settings

CLUSTER: Final = (names.CNPG_API_VERSION, "Cluster")
# A segment of the log is closed after 5 minutes at the latest, and then archived. PostgreSQL refuses to end a recovery
# at a moment that the archive does not reach.
NOT_ARCHIVED: Final = timedelta(minutes=10)
LONGEST_NAME: Final = 50
OnLine = Callable[[str], None]


@dataclass(frozen=True)
class Recovered:
    """What came of it.

    Attributes:
        cluster: The Cluster that is live now.
        before: The one before, which is kept.
        moment: Up to when it was recovered.
    """

    cluster: str
    before: str
    moment: str


def check(instance: Instance, wanted: str) -> datetime:
    """The moment `wanted`. Raises OpsError when it cannot be recovered; nothing is changed for it."""
    cluster = archive.require_cluster(instance)
    moment = _moment(wanted)
    before = instance.settings.postgres.cluster.name
    name = new_name(before, moment)
    if name == before:
        raise RefusedError(
            f"{instance.stack.path.name} says already that the database is {name}, recovered from that minute.",
            hint=f"Was a run ended before it was done? `ff up --stack {instance.stack.name}` goes on. Else "
            "choose another minute.",
        )
    _require_reached(instance, cluster, moment)
    if instance.get(*CLUSTER, name) is not None:
        raise RefusedError(
            f"There is a Cluster {name} already, from an earlier recovery.",
            hint=f"If nobody needs it: `{instance.kubectl} delete clusters.postgresql.cnpg.io {name}`, which deletes "
            "its volumes. Else choose another minute.",
        )
    return moment


def recover(instance: Instance, wanted: str, deploy: Callable[[], None], on_line: OnLine) -> Recovered:
    """Recover the moment `wanted` into a new Cluster, and move Flagsmith to it; the one before is kept.

    Args:
        instance: The stack.
        wanted: A moment in UTC, such as `2026-11-28T13:05:00Z`.
        deploy: Deploys the stack as its file says.
        on_line: Gets each step.

    Raises:
        OpsError: Nothing can be recovered, or a step failed; the message says where it stands, the hint the way back.
    """
    moment = check(instance, wanted)
    before = instance.settings.postgres.cluster.name
    name = new_name(before, moment)
    stated = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    stated_postgres: Any = instance.stack.values.get(f"{instance.stack.project}:postgres") or {}
    cluster = dict(stated_postgres.get("cluster") or {})
    wanted_cluster = {
        **cluster,
        "name": name,
        "kept": [*dict.fromkeys([*cluster.get("kept", ()), before])],
        "recovery": {"cluster": before, "targetTime": stated},
    }
    on_line(f"Setting postgres.cluster in {instance.stack.path.name}: {name}, recovered from {before}…")
    set_settings(instance.stack, {"postgres.cluster": json.dumps(wanted_cluster)})
    try:
        deploy()
    except OpsError as error:
        raise error.reworded(error.message, hint=_way_back(instance, cluster, name, error.hint)) from None
    _afterwards(instance, on_line)
    return Recovered(name, before, stated)


def new_name(before: str, moment: datetime) -> str:
    """The name of a Cluster that is recovered at a moment: that of the one before, with the minute."""
    base = re.sub(r"-\d{12}$", "", before)
    minute = f"-{moment:%Y%m%d%H%M}"
    return f"{base[: LONGEST_NAME - len(minute)].rstrip('-')}{minute}"


def _moment(wanted: str) -> datetime:
    # Of the first and the last day that there is, not each moment has one in UTC.
    with suppress(ValueError, OverflowError):
        found = datetime.fromisoformat(wanted)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    raise BadInputError(f"{wanted!r} must be a moment with its time zone, such as 2026-11-28T13:05:00Z.")


def _require_reached(instance: Instance, cluster: Manifest, moment: datetime) -> None:
    """Raise OpsError for a moment that the archive does not reach, where the Cluster would never come up."""
    latest = datetime.now(UTC) - NOT_ARCHIVED
    if moment > latest:
        raise BadInputError(
            f"{moment:%Y-%m-%dT%H:%M:%SZ} may not be archived yet: it must be {latest:%Y-%m-%dT%H:%M:%SZ} or earlier."
        )
    first, _ = archive.window(instance, cluster)
    if moment < first:
        raise BadInputError(
            f"{moment:%Y-%m-%dT%H:%M:%SZ} is before the first moment that can be recovered, {first:%Y-%m-%dT%H:%M:%SZ}."
        )


def _way_back(instance: Instance, cluster: dict[str, Any], name: str, hint: str | None) -> str:
    way_back = (
        f"Flagsmith's pods that are not replaced still use the old Cluster. To go on, `ff up --stack "
        f"{instance.stack.name}` again. To go back, set postgres.cluster to {json.dumps(cluster)} in "
        f"{instance.stack.path.name}, with kept: [{name}], then `ff up --stack {instance.stack.name}`."
    )
    return f"{hint} {way_back}" if hint else way_back


def _afterwards(instance: Instance, on_line: OnLine) -> None:
    """What Flagsmith keeps of the database outside of it: the keys in the stack's Secrets, and the caches."""
    on_line("Writing the environments' keys…")
    try:
        write_keys(instance, on_line, image=None)
    except (OpsError, ApiError) as error:
        on_line(f"The keys in the stack's Secrets are not all its own: {error} `ff keys adopt` reads them.")
    if instance.settings.redis.mode != "none":
        on_line("Emptying the caches…")
        caches.flush(instance, caches.chosen([]))
