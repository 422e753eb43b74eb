"""Moves a Cluster of CloudNativePG to another major version: its operator runs pg_upgrade, with all servers stopped."""

import re
from collections.abc import Callable
from typing import Final

from components.deployment.sorting import follows_system, system
from components.kit import names
from flagops.commands.db import marks
from flagops.commands.db.backups.backup import backup
from flagops.commands.db.backups.base import archive
from flagops.commands.db.live_cluster import live_cluster
from flagops.commands.db.psql import external
from flagops.errors import BadInputError, FailedError, OpsError, RefusedError
from flagops.kubernetes.postgres_cluster import CONTAINER, JOB_ROLE, assess_cluster, instances_of
from flagops.kubernetes.readiness import Phase
from flagops.pods import jobs
from flagops.pods.exec import run
from flagops.pods.writers import stopped
from flagops.stacks.deployed import Instance
from flagops.stacks.edit import set_settings

LABEL: Final = "before-upgrade"
START_SECONDS: Final = 120.0
ANALYZE_SECONDS: Final = 3600.0
# pg_upgrade links the tables' files, and makes all else anew: a new server takes 40 MiB, its log 80 MiB (initdb of 17).
ROOM: Final = 512 * 1024**2
EXTENSIONS: Final = "SELECT coalesce(string_agg(extname, ', ' ORDER BY extname), '') FROM pg_extension"
PLAIN: Final = frozenset({"plpgsql", "pg_stat_statements"})
"""Extensions that each of the operator's images has."""
# Of the schemas alone: what pg_upgrade writes down of the roles has their passwords' hashes in it.
OWN_LOG: Final = (
    "cd /var/lib/postgresql/data/pgdata-new/pg_upgrade_output.d || exit 0; "
    'for log in */log/pg_upgrade_dump_*.log; do [ ! -f "$log" ] || tail -n 8 "$log"; done'
)
UPGRADES: Final = f"{JOB_ROLE}=major-upgrade"
OnStep = Callable[[str], None]


def check(instance: Instance, version: str) -> int:
    """The wanted major version. Raises OpsError when the Cluster cannot be moved to `version`; nothing runs for it."""
    postgres = instance.settings.postgres
    old = postgres.cluster.version
    found = re.match(r"\d+", version)
    if found is None:
        raise BadInputError(f"{version!r} must be a tag of CloudNativePG's image, such as 18.4-system-trixie.")
    major = int(found[0])
    if major == postgres.cluster.major:
        raise BadInputError(
            f"{version} has the major version {major}, as {old} has.",
            hint=f"Set postgres.cluster.version to {version}, and `ff up --stack {instance.stack.name}`.",
        )
    if major < postgres.cluster.major:
        raise BadInputError(f"{version} is older than {old}, and cannot read its data.")
    if major > postgres.major:
        raise RefusedError(
            f"The programs that make the dumps are PostgreSQL {postgres.major}'s, and cannot read one of {major}.",
            hint=f"Set postgres.version to a tag of major version {major} or newer, `ff up --stack "
            f"{instance.stack.name}`, then this again. Newer programs read the older server.",
        )
    before, after = system(old), system(version)
    if before and after and before != after:
        raise RefusedError(
            f"{old} is made of Debian {before}, and {version} of {after}: the operator moves data within one system.",
            hint=f"Take a tag of PostgreSQL {major} with {before}.",
        )
    _require_well(instance)
    if not (before and after) and follows_system(live_cluster(instance)):
        raise RefusedError(
            "The database sorts text by the system's libraries, and "
            f"{version if before else old} does not say its system.",
            hint="Take tags that do, such as 18.4-system-trixie, and of one system: with another one indexes break.",
        )
    if not (instance.settings.backup.enabled or instance.settings.archives):
        raise RefusedError(
            "The stack has no backups, and there is no way back to the old version without one.",
            hint=f"Set backup.enabled to true, then `ff up --stack {instance.stack.name}`.",
        )
    return major


def upgrade(instance: Instance, version: str, deploy: Callable[[], None], on_step: OnStep) -> str:
    """Move the Cluster; the backup that was made before. Flagsmith is stopped meanwhile, and so is each server.

    If it fails, the settings and the old version are put back, whose data pg_upgrade does not change; not once the data
    is the new version's.

    Raises OpsError when a step fails.
    """
    # The settings' model takes a second to import.
    from flagops.commands.images.renew import lock_new_images

    major, old = check(instance, version), instance.settings.postgres.cluster.version
    _look(instance, version, on_step)
    on_step("Making a backup…")
    made = (
        backup(instance, label=LABEL, on_line=on_step).name
        if instance.settings.backup.enabled
        else archive.make(instance, on_step).name
    )
    with stopped(instance, on_step, stay_if_interrupted=True):
        set_settings(instance.stack, {"postgres.cluster.version": version})
        try:
            lock_new_images(instance.stack, on_step)
            deploy()
        except OpsError as error:
            raise _put_back(instance, major, old, made, error, deploy, on_step) from None
        analyze(instance, on_step)
    return made


def _put_back(
    instance: Instance,
    major: int,
    old: str,
    made: str,
    error: OpsError,
    deploy: Callable[[], None],
    on_step: OnStep,
) -> OpsError:
    """Put the old version back, where that is still the data's; what is to be said of the failure then."""
    if archive.data_major(live_cluster(instance)) >= major:
        return error.reworded(
            f"{error.message}\nThe data is PostgreSQL {major}'s by now, so that the old version does not come back.",
            hint=f"Correct the cause, then `ff up --stack {instance.stack.name}` goes on. The backup from before is "
            f"{made}: docs/data-tier.md#another-major-version says how it gets into a Cluster of the old version.",
        )
    if _is_at_work(instance):
        return error.reworded(
            f"{error.message}\nThe operator still moves the data, and nothing is put back: that would end it half-way, "
            "with a server that does not start.",
            hint=f"`{instance.kubectl} get jobs,pods -l {UPGRADES}` shows how far it is; then `ff up --stack "
            f"{instance.stack.name}` goes on. The backup from before is {made}.",
        )
    on_step(f"Putting PostgreSQL {old} back…")
    set_settings(instance.stack, {"postgres.cluster.version": old})
    try:
        deploy()
    except OpsError as second:
        return error.reworded(
            f"{error.message}\nPutting PostgreSQL {old} back failed too: {second.message}",
            hint=f"Its data is as it was. `ff up --stack {instance.stack.name}` tries again; the backup from before is "
            f"{made}.",
        )
    return error.reworded(
        f"{error.message}{_own_log(instance)}\nPostgreSQL {old} serves again, with its own data.",
        hint=f"The backup from before is {made}.",
    )


def _own_log(instance: Instance) -> str:
    """What pg_upgrade itself wrote of its failure, which is on the volume of the server that is the primary again."""
    try:
        primary = instance.get("v1", "Pod", str(live_cluster(instance)["status"]["currentPrimary"]))
        done = run(instance, primary, ["sh", "-c", OWN_LOG], container=CONTAINER) if primary else None
    except (OpsError, KeyError):
        return ""
    lines = instance.masker()(done.out).splitlines() if done else []
    return "".join(f"\n  {line}" for line in ["What pg_upgrade wrote:", *lines]) if lines else ""


def _is_at_work(instance: Instance) -> bool:
    """Whether pg_upgrade runs. With the image of before the operator would end it, also while it links files."""
    name = instance.settings.postgres.cluster.name
    found = instance.items("v1", "Pod", labelSelector=f"{names.CNPG_CLUSTER}={name},{UPGRADES}")
    return any(pod.get("status", {}).get("phase") == "Running" for pod in found)


def _require_well(instance: Instance) -> None:
    """Raise OpsError for a Cluster with a server missing, or that is not what the settings say yet."""
    live = live_cluster(instance)
    answer = assess_cluster(live, instance.items("v1", "Pod", labelSelector=instances_of(live)))
    if answer.phase is not Phase.READY:
        raise RefusedError(
            f"The Cluster is not well, and nothing was changed: {answer.message}.",
            hint="docs/runbook.md, section 26, says what to do.",
        )
    wanted, there = instance.settings.postgres.cluster.major, archive.data_major(live)
    if there and there != wanted:
        raise RefusedError(
            f"The data is PostgreSQL {there}'s, and the settings say {wanted}.",
            hint=f"`ff preview --stack {instance.stack.name}` shows what is not deployed yet.",
        )


def _look(instance: Instance, version: str, on_step: OnStep) -> None:
    """Look whether there is room, and say what the new image has to have. Raises OpsError where there is no room."""
    live = live_cluster(instance)
    primary = instance.get("v1", "Pod", str(live["status"]["currentPrimary"]))
    if primary is None:
        raise RefusedError("The Cluster has no primary, and nothing was changed.", hint="`ff doctor` says why.")
    volumes = ["/var/lib/postgresql/data", *(["/var/lib/postgresql/wal"] if "walStorage" in live["spec"] else [])]
    done = run(instance, primary, ["df", "--output=avail", "-B1", *volumes], container=CONTAINER)
    if done.code:
        raise RefusedError(f"The volumes cannot be looked at: {done.err.strip()}")
    for volume, free in zip(volumes, done.out.split()[1:], strict=True):
        if int(free) < ROOM:
            raise RefusedError(
                f"{volume} of {primary['metadata']['name']} has {free} bytes free, and the upgrade needs {ROOM}.",
                hint="Raise postgres.storage.size or postgres.cluster.walStorage.size, and "
                f"`ff up --stack {instance.stack.name}`.",
            )
    # In this order: a database may have no extension at all, and its line would be empty.
    marked, _, extensions = asked(instance, f"{marks.MARKED}; {EXTENSIONS}", START_SECONDS).partition("\n")
    marks.require_known(version, int(marked), setting="postgres.cluster.version", fails="pg_upgrade")
    further = {name for name in extensions.split(", ") if name} - PLAIN
    if further:
        on_step(f"The image {version} must have these extensions, or the upgrade fails: {', '.join(sorted(further))}.")
    standbys = int(live["spec"].get("instances", 1)) - 1
    if standbys:
        on_step(f"The volumes of {standbys} standbys are made anew, as copies of the primary's; then Flagsmith starts.")


def analyze(instance: Instance, on_step: OnStep) -> None:
    """Make the statistics anew, which pg_upgrade leaves behind: without them queries take the slowest ways."""
    on_step("Making statistics (ANALYZE)…")
    try:
        asked(instance, "ANALYZE", ANALYZE_SECONDS)
    except OpsError as error:
        on_step(f"That failed: {error.message} Queries are slow until `ff db psql` has run ANALYZE.")


def asked(instance: Instance, statement: str, seconds: float) -> str:
    """What psql prints that runs a statement with Flagsmith's rights, in a pod that an embedded server has not."""
    job = jobs.start(instance, names.TOOLBOX)
    try:
        pod = jobs.started(instance, job, seconds=START_SECONDS)
        arguments = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        done = run(instance, pod, external([*arguments, f"--command={statement}"]), seconds=seconds)
        if done.code:
            raise FailedError(f"The database cannot be asked: {instance.masker()(done.err.strip())}")
        return done.out.strip()
    finally:
        jobs.remove(instance, job)
