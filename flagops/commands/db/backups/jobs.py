"""The Jobs of the backups, and what they say last."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from components.kit import names
from flagops.errors import AnswerError, UnsupportedError
from flagops.kubernetes.objects import Manifest, Ref
from flagops.pods import jobs
from flagops.pods.last_success import LAST_SUCCESS
from flagops.stacks.deployed import Site

BACKUP, LIST, RESTORE, DRILL = names.BACKUP, names.BACKUPS, names.RESTORE, names.DRILL
SECONDS = 4 * 3600.0 + 60  # the Jobs' own limit, and a little
OnLine = Callable[[str], None]


def ignore(_: str) -> None:
    """Nobody reads along."""


def run(site: Site, template: str, env: Mapping[str, str], on_line: OnLine) -> dict[str, Any]:
    """Run a Job of the template to its end; the JSON document of its last line.

    Raises OpsError when backups are switched off, or the Job fails, with its last log lines.
    """
    require_backups(site)
    name = jobs.start(site, template, env=env)
    return finish(site, name, on_line)


def finish(site: Site, name: str, on_line: OnLine) -> dict[str, Any]:
    """Wait for a Job's end; the JSON document of its last line."""

    def shown(line: str) -> None:
        if not line.startswith("{"):
            on_line(line)

    pod = jobs.wait(site, name, seconds=SECONDS, on_line=shown)
    lines = jobs.log(site, pod).strip().splitlines()
    try:
        found = json.loads(lines[-1])
    except (ValueError, IndexError):
        raise AnswerError(
            f"The Job {name} ended well, but its log does not end with its result.",
            hint=f"{site.kubectl} logs job/{name}",
        ) from None
    jobs.remove(site, name)
    return dict(found)


def of(owner: str | None) -> dict[str, str]:
    """The variables of a Job that looks at the backups of the stack with the host `owner`; None for its own."""
    return {} if owner is None else {"FROM_STACK": owner}


def require_backups(site: Site) -> None:
    """Raise OpsError when the stack has no backups."""
    if not site.settings.backup.enabled:
        raise UnsupportedError(
            "Backups are switched off in this stack's settings.",
            hint=f"Set backup.enabled to true in Pulumi.{site.stack.name}.yaml, then ff up --stack {site.stack.name}.",
        )


def template(site: Site) -> Manifest | None:
    """The CronJob that makes the backups."""
    return site.get(jobs.API_VERSION, "CronJob", BACKUP)


def note_success(site: Site) -> None:
    """Note on the CronJob that a backup was made, since its status tells of its own Jobs alone."""
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    site.client.merge(
        Ref(jobs.API_VERSION, "CronJob", site.namespace, BACKUP), {"metadata": {"annotations": {LAST_SUCCESS: moment}}}
    )
