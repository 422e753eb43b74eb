"""The dump that a major upgrade of the embedded PostgreSQL leaves on the volume, when it was killed and given up."""

from collections.abc import Callable

from flagops.errors import FailedError
from flagops.pods.exec import run
from flagops.pods.pods import PodComponent, running
from flagops.pods.writers import left_stopped, resume
from flagops.stacks.deployed import Instance

SECONDS = 60.0
# Of the server that answers, as start-postgres.sh takes it: the stack's file may name the next version by now.
SERVING = "$PG_MAJOR"
OnStep = Callable[[str], None]


def forget_script(major: int | str) -> str:
    """What removes a dump of the major version, and what a newer server had made of it."""
    return f'rm -rf "$DATA_VOLUME"/.upgrading "$DATA_VOLUME"/upgrade-{major}.*'


def forget_given_up(instance: Instance, on_step: OnStep) -> None:
    """Remove the dump of a run that was killed, where the version serves again that it was of.

    From here on it is not what the database holds, and a later version would take it for that. To be called before
    anybody writes. Raises OpsError when it cannot be removed; where nothing runs there is none.
    """
    if instance.is_simulated or not instance.settings.postgres.embedded or not left_stopped(instance):
        return
    on_step("Removing what an upgrade of PostgreSQL that was given up may have left on its volume…")
    pod = running(instance, PodComponent.DATABASE)
    done = run(instance, pod, ["bash", "-c", forget_script(SERVING)], seconds=SECONDS)
    if done.code:
        raise FailedError(f"The dump cannot be removed: {instance.masker()(done.err.strip() or done.out.strip())}")


def start_again(instance: Instance, on_step: OnStep) -> None:
    """Start what a run that was killed has stopped, whatever run that was, without what it would have gone on with.

    Raises OpsError when it does not start.
    """
    forget_given_up(instance, on_step)
    resume(instance, on_step)
