"""Makes an upgrade, and takes it back."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from components.kit import names
from flagops.commands.db.backups.backup import backup
from flagops.commands.upgrade import record
from flagops.commands.upgrade.plan import with_version
from flagops.commands.upgrade.record import Upgrade
from flagops.errors import NotFoundError, OpsError
from flagops.pods import migration
from flagops.pods.python_in_pod import run_python
from flagops.stacks.deployed import Instance
from flagops.stacks.edit import set_settings

SCRIPT: Final = Path(__file__).with_name("in_pod") / "database_time.py"

LABEL = "before-upgrade"
ROLL_BACK = ("python", "manage.py", "rollbackmigrationsappliedafter")
SILENT = "It printed nothing: the deployment's migration tells whether all of it is back."
OnStep = Callable[[str], None]
Deploy = Callable[[], None]


def upgrade(instance: Instance, version: str, deploy: Deploy, on_step: OnStep) -> Upgrade:
    """Back up, set the release in the stack's file, deploy. What was there is noted for the way back.

    If the deployment fails, the file says again what it said: the old pods go on serving.

    Raises OpsError when a step fails; the hint says how to go on or back.
    """
    # The settings' model takes a second to import.
    from flagops.commands.images.renew import lock_new_images

    before = instance.settings.version
    on_step("Making a backup…")
    made = backup(instance, label=LABEL, on_line=on_step)
    moment = run_python(instance, SCRIPT, what="The database cannot be asked for the time")["now"]
    noted = Upgrade(before, version, moment, made.name)
    record.note(instance, noted)
    on_step(f"Setting version to {version} in {instance.stack.path.name}…")
    set_settings(instance.stack, {"version": version})
    try:
        lock_new_images(instance.stack, on_step)
        deploy()
    except OpsError as error:
        set_settings(instance.stack, {"version": before})
        raise error.reworded(
            f"{error.message}\n{instance.stack.path.name} says {before} again, whose pods go on serving.",
            hint=f"`ff upgrade --back --stack {instance.stack.name}` takes back what was migrated; "
            f"the backup from before is {made.name}.",
        ) from None
    return noted


def back(instance: Instance, deploy: Deploy, on_step: OnStep) -> Upgrade:
    """Undo the last upgrade: its migrations by the newer release, then the older image.

    Raises OpsError when there is none to undo, or a step fails.
    """
    # The settings' model takes a second to import.
    from flagops.commands.images.renew import lock_new_images

    last = last_upgrade(instance)
    on_step(f"Taking back what {last.after} migrated since {last.at}…")
    newer = with_version(instance.stack, last.after).settings.image_reference
    try:
        text = migration.output(instance, names.ROLL_BACK, command=[*ROLL_BACK, last.at], image=newer)
    except OpsError as error:
        raise error.reworded(
            f"{error.message}\nNothing else was changed.",
            hint=f"The backup from before the upgrade is {last.backup}: set version to {last.before} in "
            f"{instance.stack.path.name}, then `ff db restore {last.backup}`, then `ff up --older`.",
        ) from None
    for line in text.strip().splitlines()[-3:] or [
        "It printed nothing: the next migration tells whether it is all back."
    ]:
        on_step(line)
    if instance.settings.version != last.before:
        set_settings(instance.stack, {"version": last.before})
    lock_new_images(instance.stack, on_step)
    deploy()
    with suppress(OpsError):
        record.forget_last(instance)
    return last


def last_upgrade(instance: Instance) -> Upgrade:
    """The upgrade that `back` undoes. Raises OpsError when there is none."""
    found = record.upgrades(instance)
    current = instance.settings.version
    if not found or current not in (found[-1].after, found[-1].before):
        raise NotFoundError(
            f"No upgrade to {current} was recorded that could be undone.",
            hint="`ff upgrade` records only its own. A backup from before is the way back: `ff db backups`, "
            "`ff db restore NAME`, with the older version in the settings.",
        )
    return found[-1]
