"""An SQL prompt."""

from collections.abc import Sequence

from ops.access import jobs
from ops.access.pods import Component, running
from ops.access.site import Site
from ops.access.terminal import interactive

TOOLBOX = "flagsmith-toolbox"
START_SECONDS = 120.0  # the image may have to be pulled
EMBEDDED = ("psql", "--username=postgres", "--dbname=flagsmith")
# The URL is in the environment of the container, and so in no process list.
EXTERNAL = ("sh", "-c", 'exec psql "$DATABASE_URL"')


def psql(site: Site, arguments: Sequence[str] = ()) -> int:
    """Open psql on this terminal; its exit code.

    In the pod of the embedded database; for an external one in a pod of its own, made for this and removed at the end.
    """
    if site.settings.postgres.mode == "embedded":
        return interactive(site, running(site, Component.DATABASE), [*EMBEDDED, *arguments])
    job = jobs.start(site, TOOLBOX)
    try:
        return interactive(site, jobs.started(site, job, seconds=START_SECONDS), [*EXTERNAL, *arguments])
    finally:
        jobs.remove(site, job)
