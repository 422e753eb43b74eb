"""An SQL prompt."""

from collections.abc import Sequence

from ops.access import jobs
from ops.access.pods import Component, running
from ops.access.site import Site
from ops.access.terminal import interactive
from ops.project import ROOT

SCRIPTS = ROOT / "components" / "scripts"
TOOLBOX = "flagsmith-toolbox"
START_SECONDS = 120.0  # the image may have to be pulled
EMBEDDED = ("psql", "--username=postgres", "--dbname=flagsmith")


def external(arguments: Sequence[str] = ()) -> list[str]:
    """The command that connects as DATABASE_URL says, without its password in the process list."""
    split = (SCRIPTS / "database-url.sh").read_text(encoding="utf-8")
    return ["bash", "-c", f'{split}exec psql "$URL" "$@"', "psql", *arguments]


def psql(site: Site, arguments: Sequence[str] = ()) -> int:
    """Open psql on this terminal; its exit code.

    In the pod of the embedded database; for an external one in a pod of its own, made for this and removed at the end.
    """
    if site.settings.postgres.mode == "embedded":
        return interactive(site, running(site, Component.DATABASE), [*EMBEDDED, *arguments])
    job = jobs.start(site, TOOLBOX)
    try:
        return interactive(site, jobs.started(site, job, seconds=START_SECONDS), external(arguments))
    finally:
        jobs.remove(site, job)
