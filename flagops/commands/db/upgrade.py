"""Moves PostgreSQL to another major version: the embedded one by a dump on its volume, from which the new one starts.

A Cluster's operator moves it itself: `major.py`.
"""

from collections.abc import Callable

from flagops.commands.db import major
from flagops.commands.db.administrator import as_administrator
from flagops.commands.db.backups.backup import backup
from flagops.errors import BadInputError, FailedError, OpsError, RefusedError, UnsupportedError
from flagops.pods.exec import run
from flagops.pods.given_up import forget_script
from flagops.pods.pods import PodComponent, pods, running
from flagops.pods.writers import left_stopped, resume, stopped
from flagops.stacks.deployed import Instance
from flagops.stacks.edit import set_settings

LABEL = "before-upgrade"
DUMP_SECONDS = 4 * 3600.0
SHORT_SECONDS = 60.0
MAKES = "makes its data"
# As start-postgres.sh has it: beside the data until it is whole.
STATE = f"""
    if [ -s "$PGDATA/PG_VERSION" ]; then cat "$PGDATA/PG_VERSION"
    elif [ -d "$DATA_VOLUME/.upgrading" ]; then echo "{MAKES}"; fi
"""
# The dump, and the new data beside the old.
ROOM = 1.5
SIZE = "SELECT sum(pg_database_size(oid))::bigint FROM pg_database WHERE datallowconn"
# Those that nobody but a superuser can make; the application makes the others with the rest of its database.
EXTENSIONS = """
    SELECT pg_catalog.format('CREATE EXTENSION IF NOT EXISTS %I;', e.extname) FROM pg_catalog.pg_extension e
    WHERE e.extname <> 'plpgsql' AND NOT EXISTS (SELECT FROM pg_catalog.pg_available_extension_versions v
        WHERE v.name = e.extname AND v.version = e.extversion AND v.trusted)
"""
OnStep = Callable[[str], None]


def check(instance: Instance, version: str) -> int:
    """The wanted major version. Raises OpsError when the database cannot be moved to `version`."""
    postgres = instance.settings.postgres
    if postgres.clustered:
        return major.check(instance, version)
    if not postgres.embedded:
        raise UnsupportedError(
            "The database of this stack is external.", hint="Whoever runs it moves it to another major version."
        )
    found = version.split("-")[0].split(".")[0]
    if not found.isdigit():
        raise BadInputError(f"{version!r} must be a tag of the postgres image, such as 18.0-bookworm.")
    wanted = int(found)
    if wanted == postgres.major:
        raise BadInputError(
            f"{version} has the major version {wanted}, as {postgres.version} has.",
            hint=f"Set postgres.version to {version}, and `ff up --stack {instance.stack.name}`.",
        )
    if wanted < postgres.major:
        raise BadInputError(f"{version} is older than {postgres.version}, and cannot read its dumps.")
    return wanted


def is_unfinished(instance: Instance, version: str) -> bool:
    """Whether a run that moved the database to `version` was killed: its settings say so, and Flagsmith is stopped."""
    postgres = instance.settings.postgres
    stated = postgres.cluster.version if postgres.clustered else postgres.version
    return postgres.is_own and stated == version and bool(left_stopped(instance))


def go_on(instance: Instance, deploy: Callable[[], None], on_step: OnStep) -> None:
    """Do what is left of a run that was killed. Raises OpsError when a step fails."""
    on_step("Going on with an upgrade that was not finished…")
    deploy()
    if instance.settings.postgres.clustered:
        major.analyze(instance, on_step)
    resume(instance, on_step)


def upgrade(instance: Instance, version: str, deploy: Callable[[], None], on_step: OnStep) -> str:
    """Move the database; the backup that was made before. Flagsmith is stopped meanwhile.

    If it fails, the settings and the old version are put back, and the dump is removed; not while the new server is
    still at work on it, and not once the data is the new version's. If it is interrupted, Flagsmith stays stopped until
    the next run has gone on.

    Raises OpsError when a step fails.
    """
    # The settings' model takes a second to import.
    from flagops.commands.images.renew import lock_new_images

    if instance.settings.postgres.clustered:
        return major.upgrade(instance, version, deploy, on_step)
    wanted, postgres = check(instance, version), instance.settings.postgres
    _require_room(instance)
    on_step("Making a backup…")
    made = backup(instance, label=LABEL, on_line=on_step)
    # Interrupted, nobody writes before the next run: it would be lost with the dump that has it not.
    with stopped(instance, on_step, stay_if_interrupted=True):
        on_step(f"Dumping the database of PostgreSQL {postgres.major} onto its own volume…")
        _in_server(instance, dump_script(postgres.major), DUMP_SECONDS, "The database cannot be dumped")
        set_settings(instance.stack, {"postgres.version": version, "postgres.dataMajor": str(wanted)})
        try:
            lock_new_images(instance.stack, on_step)
            deploy()
        except OpsError as error:
            raise _put_back(instance, wanted, made.name, error, deploy, on_step) from None
    return made.name


def _put_back(
    instance: Instance, wanted: int, made: str, error: OpsError, deploy: Callable[[], None], on_step: OnStep
) -> OpsError:
    """Put the old version back, where its data is still what there is; what is to be said of the failure then."""
    postgres, backup_from_before = instance.settings.postgres, f"The backup from before is {made}."
    goes_on = f"`ff up --stack {instance.stack.name}` goes on. {backup_from_before}"
    state = _new_server(instance)
    if state == MAKES:
        return error.reworded(
            f"{error.message}\nPostgreSQL {wanted} still makes its data from the dump, and nothing is put back: that "
            "would end it half-way.",
            hint=goes_on,
        )
    if state == str(wanted):
        return error.reworded(
            f"{error.message}\nThe data is PostgreSQL {wanted}'s by now, so that the old version does not come back.",
            hint=f"Correct the cause, then {goes_on}",
        )
    on_step(f"Putting PostgreSQL {postgres.version} back…")
    set_settings(instance.stack, {"postgres.version": postgres.version, "postgres.dataMajor": str(postgres.major)})
    try:
        deploy()
        # From here on it is not what the database holds, and a later version would take it for that.
        _in_server(instance, forget_script(postgres.major), SHORT_SECONDS, "The dump cannot be removed")
    except OpsError as second:
        return error.reworded(
            f"{error.message}\nPutting PostgreSQL {postgres.version} back failed too: {second.message}",
            hint=f"`ff up --stack {instance.stack.name}` tries again. {backup_from_before}",
        )
    return error.reworded(
        f"{error.message}\nPostgreSQL {postgres.version} serves again, with its own data.", hint=backup_from_before
    )


def _new_server(instance: Instance) -> str:
    """What the server's container has: a major version's data, MAKES, or nothing, where none runs or it has failed."""
    pod = next(iter(pods(instance, PodComponent.DATABASE)), None)
    if pod is None or any(item.get("restartCount") for item in pod.get("status", {}).get("containerStatuses") or []):
        return ""
    try:
        # It is not ready as long as it makes its data.
        return run(instance, pod, ["bash", "-c", STATE], seconds=SHORT_SECONDS).out.strip()
    except OpsError:
        return ""


def _in_server(instance: Instance, script: str, seconds: float, what: str) -> str:
    """What a script prints that runs in the database's own container."""
    done = run(instance, running(instance, PodComponent.DATABASE), as_administrator(script), seconds=seconds)
    if done.code:
        raise FailedError(f"{what}: {instance.masker()(done.err.strip() or done.out.strip())}")
    return done.out.strip()


def _require_room(instance: Instance) -> None:
    script = f'on_server --command="{SIZE}" && df --output=avail -B1 "$DATA_VOLUME" | tail -n 1'
    size, free = (int(line) for line in _in_server(instance, script, 60, "The volume cannot be looked at").split())
    if free < ROOM * size:
        raise RefusedError(
            f"The volume has {free} bytes free, and the upgrade needs {ROOM * size:.0f}: a dump, and the new data "
            f"beside the old ({size} bytes).",
            hint=f"Raise postgres.storage.size, and `ff up --stack {instance.stack.name}`.",
        )


def dump_script(major: int) -> str:
    """What leaves a dump on the volume of a server of the major version, as start-postgres.sh looks for it.

    The schema of the audit's exporter is the administrator's, and is made anew: its numbers are of the old server.
    The server's own pg_dump leaves out what a newer release would not know of its catalogue (`marks.py`).
    """
    target = f'"$DATA_VOLUME"/upgrade-{major}'
    return (
        f"set -e; keep_settings; pg_dumpall --database=postgres --roles-only --file={target}.roles.sql; "
        f'in_database --command="{EXTENSIONS}" > {target}.extensions.sql; '
        f"pg_dump --format=custom --exclude-schema=feature_flags_audit --file={target}.partial; "
        f"pg_restore --list {target}.partial > /dev/null; mv {target}.partial {target}.dump"
    )
