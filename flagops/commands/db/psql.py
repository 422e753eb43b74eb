"""An SQL prompt."""

from collections.abc import Sequence
from pathlib import Path

import components
from components.kit import names
from flagops.commands.db.administrator import as_administrator
from flagops.errors import UnsupportedError
from flagops.pods import jobs
from flagops.pods.pods import PodComponent, running
from flagops.pods.terminal import interactive
from flagops.stacks.deployed import Instance

DATABASE_URL = Path(components.__file__).parent / "backup" / "in_pod" / "database-url.sh"
TOOLBOX = names.TOOLBOX
START_SECONDS = 120.0  # the image may have to be pulled
# Whoever looks at what the application made runs what it made: so he is no more than the application.
EMBEDDED = ("psql", "--username=flagsmith_operator", "--dbname=flagsmith")


def external(arguments: Sequence[str] = ()) -> list[str]:
    """The command that connects as DATABASE_URL says, without its password in the process list."""
    split = DATABASE_URL.read_text(encoding="utf-8")
    return ["bash", "-c", f'{split}exec psql "$URL" "$@"', "psql", *arguments]


def superuser(arguments: Sequence[str] = ()) -> list[str]:
    """The command that connects as the superuser to the server's own database.

    In any database the settings are the server's own, and names are found in pg_catalog alone.
    """
    return as_administrator('keep_settings && exec psql --dbname=postgres "$@"', arguments)


def psql(instance: Instance, arguments: Sequence[str] = (), *, as_superuser: bool = False) -> int:
    """Open psql on this terminal; its exit code.

    In the pod of the embedded database; for another one in a pod of its own, made for this and removed at the end.

    Raises OpsError when `as_superuser` asks for what another database's is not.
    """
    if instance.settings.postgres.embedded:
        command = superuser(arguments) if as_superuser else [*EMBEDDED, *arguments]
        return interactive(instance, running(instance, PodComponent.DATABASE), command)
    if as_superuser and instance.settings.postgres.clustered:
        raise UnsupportedError(
            "A Cluster of CloudNativePG lets no superuser in over the network, and ff has no other way to one.",
            hint="Without --superuser you log in as Flagsmith does; `kubectl cnpg psql` opens a prompt as postgres in "
            "the primary's pod.",
        )
    if as_superuser:
        raise UnsupportedError(
            "The database of this stack is external, and ff has no superuser for it.",
            hint="Without --superuser you log in as Flagsmith does; whoever runs the database has its superuser.",
        )
    job = jobs.start(instance, TOOLBOX)
    try:
        return interactive(instance, jobs.started(instance, job, seconds=START_SECONDS), external(arguments))
    finally:
        jobs.remove(instance, job)
