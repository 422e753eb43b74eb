"""The Jobs of the backups, and what they say last."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from components.kit import names
from flagops.errors import AnswerError, UnsupportedError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.readiness import condition
from flagops.pods import jobs
from flagops.pods.last_success import LAST_SUCCESS
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

BACKUP, LIST, RESTORE, DRILL = names.BACKUP, names.BACKUPS, names.RESTORE, names.DRILL
SECONDS = 4 * 3600.0 + 60  # the Jobs' own limit, and a little
END_SECONDS = 120.0  # a pod's grace period, 30 s, and what its node and the garbage collector take
OnLine = Callable[[str], None]


def ignore(_: str) -> None:
    """Nobody reads along."""


def run(instance: Instance, template: str, env: Mapping[str, str], on_line: OnLine) -> dict[str, Any]:
    """Run a Job of the template to its end; the JSON document of its last line.

    Raises OpsError when backups are switched off, or the Job fails, with its last log lines.
    """
    require_backups(instance)
    name = jobs.start(instance, template, env=env)
    return finish(instance, name, on_line)


def finish(instance: Instance, name: str, on_line: OnLine) -> dict[str, Any]:
    """Wait for a Job's end; the JSON document of its last line."""

    def shown(line: str) -> None:
        if not line.startswith("{"):
            on_line(line)

    pod = jobs.wait(instance, name, seconds=SECONDS, on_line=shown)
    lines = jobs.log(instance, pod).strip().splitlines()
    try:
        found = json.loads(lines[-1])
    except (ValueError, IndexError):
        raise AnswerError(
            f"The Job {name} ended well, but its log does not end with its result.",
            hint=f"{instance.kubectl} logs job/{name}",
        ) from None
    jobs.remove(instance, name)
    return dict(found)


def end(instance: Instance, name: str, on_line: OnLine) -> None:
    """Delete a Job that is still at work, and wait until its pods are gone. One that has ended stays, with its log.

    Raises OpsError when it cannot be deleted, or its pods do not end.
    """
    job = instance.get(jobs.API_VERSION, "Job", name)
    if job is None or any(condition(job, kind).get("status") == "True" for kind in ("Complete", "Failed")):
        return
    on_line(f"Ending the Job {name}…")
    ref = Ref(jobs.API_VERSION, "Job", instance.namespace, name)
    # The Job itself stays until the cluster has deleted its pods.
    instance.client.delete(ref, dependents_first=True)

    def gone() -> NotYet | None:
        return None if instance.client.get(ref) is None else NotYet("its pod is on its way out")

    until(gone, END_SECONDS, late=f"The Job {name} is not gone", hint=f"{instance.kubectl} describe job {name}")


def of(owner: str | None) -> dict[str, str]:
    """The variables of a Job that looks at the backups of the stack with the host `owner`; None for its own."""
    return {} if owner is None else {"FROM_STACK": owner}


def require_backups(instance: Instance) -> None:
    """Raise OpsError when the stack has no backups."""
    if not instance.settings.backup.enabled:
        base = " Base backups of its Cluster are taken with --base." if instance.settings.archives else ""
        raise UnsupportedError(
            "Backups are switched off in this stack's settings.",
            hint=f"Set backup.enabled to true in Pulumi.{instance.stack.name}.yaml, "
            f"then ff up --stack {instance.stack.name}.{base}",
        )


def template(instance: Instance) -> Manifest | None:
    """The CronJob that makes the backups."""
    return instance.get(jobs.API_VERSION, "CronJob", BACKUP)


def note_success(instance: Instance) -> None:
    """Note on the CronJob that a backup was made, since its status tells of its own Jobs alone."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    instance.client.merge(
        Ref(jobs.API_VERSION, "CronJob", instance.namespace, BACKUP),
        {"metadata": {"annotations": {LAST_SUCCESS: moment}}},
    )
