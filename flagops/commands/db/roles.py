"""The roles of the embedded PostgreSQL outside of a deployment: the Jobs that the last one ran, once more."""

from collections.abc import Callable

from components.kit import names
from flagops.pods import jobs
from flagops.stacks.deployed import Instance

SECONDS = 960.0  # the Jobs' own limit, and a little
OnLine = Callable[[str], None]


def make(instance: Instance, on_line: OnLine) -> None:
    """Make the roles, and `flagsmith` the owner of everything; nothing for an external database."""
    _again(instance, names.ROLES, on_line)


def grant(instance: Instance, on_line: OnLine) -> None:
    """Give the readers their grants, which new tables lack; nothing for an external database."""
    _again(instance, names.GRANTS, on_line)


def _again(instance: Instance, name: str, on_line: OnLine) -> None:
    if not instance.settings.postgres.is_own:
        return
    job = jobs.start_like(instance, jobs.deployed(instance, f"{name}-"), f"{name}-again", lambda pod: pod)
    jobs.wait(instance, job, seconds=SECONDS, on_line=on_line)
    jobs.remove(instance, job)
