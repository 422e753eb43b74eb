"""Renews one generated secret: raises its number in the stack's file, deploys, and looks whether all is well."""

from collections.abc import Callable

from flagops.commands.admin import reset
from flagops.commands.cache import caches
from flagops.commands.db import connections
from flagops.commands.db.live_cluster import require_primary
from flagops.commands.secrets import record
from flagops.commands.secrets.catalogue import Generated
from flagops.errors import OpsError, UnsupportedError
from flagops.pods.pods import PodComponent, running
from flagops.stacks.deployed import Instance
from flagops.stacks.edit import set_settings

OnStep = Callable[[str], None]
DATABASE = frozenset({"postgres", "database", "audit", "analytics"})


def require_generated(instance: Instance, item: Generated) -> None:
    """Raise OpsError when the program does not generate the secret, saying where it is renewed."""
    # The settings' model takes a second to import.
    from components.settings import sources

    reason = sources.elsewhere(instance.settings, item.name)
    if reason is not None:
        raise UnsupportedError(
            f"The secret {item.name!r} of the stack {instance.stack.name!r} is not generated: {reason}.",
            hint="Renew it where it comes from, then restart who reads it: "
            f"`ff doctor --stack {instance.stack.name}` names them.",
        )


def next_number(instance: Instance, item: Generated) -> int:
    """The number of the rotation that `rotate` makes: one more, or the same when that one is not finished."""
    number = int(getattr(instance.settings.rotations, item.name))
    last = record.rotations(instance).get(item.name)
    unfinished = last is not None and last.number == number and not last.finished
    return number if unfinished else number + 1


def require_checkable(instance: Instance, item: Generated, number: int) -> None:
    """Raise OpsError, before anything is changed, when nobody could see whether who reads the secret works.

    A rotation that was not finished goes on as it stands: what cannot be asked now may be what it mends.
    """
    if number == getattr(instance.settings.rotations, item.name):
        return
    try:
        if item.name in DATABASE and instance.settings.postgres.clustered:
            require_primary(instance)
        if item.name == "admin":
            running(instance, PodComponent.API)
        else:
            _check(instance, item, lambda _: None)
    except OpsError as error:
        said = f"Nothing was changed, since it could not be checked afterwards. {error.message}"
        again = f"`ff doctor --stack {instance.stack.name}` says what is wrong; correct that, and run this again."
        raise error.reworded(said, hint=error.hint or again) from None


def rotate(instance: Instance, item: Generated, deploy: Callable[[], None], on_step: OnStep) -> int:
    """Renew the secret; the rotation's number. A second run goes on with one that was not finished.

    Raises:
        OpsError: A step failed; the message says where it stands, the hint how to go on.
    """
    require_generated(instance, item)
    number = next_number(instance, item)
    record.begin(instance, item.name, number)
    if number != getattr(instance.settings.rotations, item.name):
        on_step(f"Setting rotations.{item.name} to {number} in {instance.stack.path.name}…")
        set_settings(instance.stack, {f"rotations.{item.name}": str(number)})
    else:
        on_step(f"Going on with rotation {number} of {item.name}, which was not finished…")
    try:
        deploy()
        _check(instance, item, on_step)
    except OpsError as error:
        hint = (
            f"Correct the cause, then `ff secrets rotate {item.name} --stack {instance.stack.name}` again: "
            f"it goes on with rotation {number}."
        )
        raise error.reworded(
            f"{error.message}\nRotation {number} of {item.name} is not finished. {instance.stack.path.name} says "
            f"rotations.{item.name}: {number}. {item.meanwhile}",
            hint=f"{error.hint} {hint}" if error.hint else hint,
        ) from None
    record.finish(instance, item.name)
    return number


def _check(instance: Instance, item: Generated, on_step: OnStep) -> None:
    """See that who reads the secret works with it. Raises OpsError when not."""
    if item.name in DATABASE:
        on_step("Asking the database…")
        connections.connections(instance)
    elif item.name == "redis":
        on_step("Asking Redis…")
        caches.info(instance)
    elif item.name == "admin":
        on_step("Setting the password in Flagsmith…")
        reset.reset_password(instance)
