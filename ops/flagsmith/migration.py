"""Runs Flagsmith's migrations outside of a deployment: from the Job that the last deployment ran."""

from collections.abc import Callable, Sequence
from typing import Any

from ops.access import jobs
from ops.access.pods import LABEL, Component
from ops.access.site import Site
from ops.engine.model import Manifest
from ops.errors import OpsError

SECONDS = 1860.0  # the Job's own limit, and a little
OnLine = Callable[[str], None]


def migrate(site: Site, on_line: OnLine) -> None:
    """Migrate the database as a deployment does. Raises OpsError with the last log lines when that fails."""
    name = start(site, "flagsmith-migrate-again")
    jobs.wait(site, name, seconds=SECONDS, on_line=on_line)
    jobs.remove(site, name)


def output(site: Site, name: str, arguments: Sequence[str], *, image: str | None = None) -> str:
    """What a command of Flagsmith's image prints, run in the migration's pod with its environment.

    Args:
        site: Where.
        name: How the Job's name begins.
        arguments: The image's arguments.
        image: Another image than that of the last deployment.
    """
    job = start(site, name, arguments=arguments, image=image)
    pod = jobs.wait(site, job, seconds=SECONDS)
    text = jobs.log(site, pod)
    jobs.remove(site, job)
    return text


def start(site: Site, name: str, *, arguments: Sequence[str] | None = None, image: str | None = None) -> str:
    """Start a Job like the last deployment's migration; its name."""
    return jobs.start_like(site, _last(site), name, lambda pod: _changed(pod, arguments, image))


def image(site: Site) -> str:
    """The image of the last deployment's migration."""
    return str(_last(site)["spec"]["template"]["spec"]["containers"][0]["image"])


def _changed(pod: Manifest, arguments: Sequence[str] | None, image: str | None) -> Manifest:
    (container,) = pod["spec"]["containers"]
    change: dict[str, Any] = {}
    if arguments is not None:
        change["args"] = list(arguments)
    if image is not None:
        change["image"] = image
    return {**pod, "spec": {**pod["spec"], "containers": [{**container, **change}]}}


def _last(site: Site) -> Manifest:
    found = [
        job
        for job in site.items("batch/v1", "Job", labelSelector=f"{LABEL}={Component.MIGRATION}")
        if jobs.STARTED_BY not in (job["metadata"].get("annotations") or {})
    ]
    if not found:
        raise OpsError(
            f"There is no migration Job in {site.namespace} to start another one from.",
            hint=f"ff up --stack {site.stack.name}",
        )
    return max(found, key=lambda job: str(job["metadata"]["creationTimestamp"]))
