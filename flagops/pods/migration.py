"""Runs Flagsmith's migrations outside of a deployment: from the Job that the last deployment ran."""

from collections.abc import Callable, Sequence

from components.kit import names
from flagops.kubernetes.objects import Manifest
from flagops.pods import jobs
from flagops.stacks.deployed import Instance

SECONDS = 1860.0  # the Job's own limit, and a little
OnLine = Callable[[str], None]


def migrate(instance: Instance, on_line: OnLine, *, image: str | None = None) -> None:
    """Migrate the database as a deployment does, or as one of another image would.

    Raises OpsError with the last log lines when that fails.
    """
    name = start(instance, names.MIGRATE_AGAIN, image=image)
    jobs.wait(instance, name, seconds=SECONDS, on_line=on_line)
    jobs.remove(instance, name)


def output(instance: Instance, name: str, *, command: Sequence[str], image: str) -> str:
    """What a command prints, run in a pod like the migration's, with its environment.

    Args:
        instance: Where.
        name: How the Job's name begins.
        command: The program and its arguments.
        image: The image to run it in.

    Raises:
        OpsError: It failed, with its last lines.
    """
    job = start(instance, name, command=command, image=image)
    pod = jobs.wait(instance, job, seconds=SECONDS)
    text = jobs.log(instance, pod)
    jobs.remove(instance, job)
    return text


def start(instance: Instance, name: str, *, command: Sequence[str] | None = None, image: str | None = None) -> str:
    """Start a Job like the last deployment's migration; its name."""
    return jobs.start_like(
        instance, jobs.deployed(instance, f"{names.MIGRATE}-"), name, lambda pod: _changed(pod, command, image)
    )


def _changed(pod: Manifest, command: Sequence[str] | None, image: str | None) -> Manifest:
    spec = dict(pod["spec"])
    (container,) = spec["containers"]
    before = spec.pop("initContainers", [])
    if command is not None:
        # What compares the database with the release belongs to its own command alone.
        container = {key: value for key, value in container.items() if key != "args"} | {"command": list(command)}
        before = []
    own = {} if image is None else {"image": image}
    spec["containers"] = [container | own]
    if before:
        spec["initContainers"] = [item | own for item in before]
    return {**pod, "spec": spec}
