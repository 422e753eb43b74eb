"""Keeps a stack locked when its settings get another version."""

from collections.abc import Callable

from components.settings import SettingsError, read_lock
from components.settings.lock import LOCK_FILE, Lock
from flagops.commands.images.file import write_lock
from flagops.commands.images.locking import changes
from flagops.commands.images.names import place
from flagops.commands.images.use import Use, uses
from flagops.errors import BadInputError, OpsError
from flagops.stacks.files import Stack, load_stack


def lock_new_images(stack: Stack, on_step: Callable[[str], None]) -> None:
    """Lock the images of `stack`, as its file is now, that the lock file lacks; none where nothing is locked.

    An image whose registry cannot be asked from here is deployed by its tag, which is said.
    """
    root = stack.path.parent
    try:
        lock = read_lock(root)
    except SettingsError as error:
        raise BadInputError(str(error)) from None
    missing = [use for use in uses([load_stack(stack.name, root)], lock) if use.image.digest is None]
    if not lock or not missing:
        return
    try:
        wanted = changes(missing, lock, on_step, from_mirror=_is_from_mirrors(lock), keeps_others=True)
    except OpsError as error:
        on_step(f"{_names(missing)} is not locked, and is deployed by its tag: {error.message}")
        on_step(f"`ff images lock --stack {stack.name}` where the registry can be asked; then `ff up`.")
        return
    write_lock(root, wanted.lock)
    on_step(f"{_names(missing)} is locked in {LOCK_FILE}; commit it.")


def _is_from_mirrors(lock: Lock) -> bool:
    return any(item.source != place(name).registry for name, item in lock.items())


def _names(found: list[Use]) -> str:
    return ", ".join(use.image.source for use in found)
