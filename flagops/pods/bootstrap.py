"""Runs the bootstrap outside of a deployment, from the Job that the last deployment ran: Flagsmith learns the keys."""

import json
from collections.abc import Callable
from typing import Any

from components.kit import names
from flagops.errors import FailedError
from flagops.kubernetes.objects import Manifest
from flagops.pods import jobs
from flagops.stacks.deployed import Instance

SECONDS = 660.0  # the Job's own limit, and a little
WANTED, CHECK = "BOOTSTRAP", "BOOTSTRAP_CHECK"
REFUSED = "Nothing is changed: "  # how the script begins its last words
OnLine = Callable[[str], None]


def write_keys(instance: Instance, on_line: OnLine, *, image: str | None = None) -> None:
    """Write the keys that the stack's Secrets hold by now into Flagsmith; `image` is another one than the deployed.

    Raises OpsError with the last log lines when that fails, also when a key cannot be written: then none is.
    """
    _run(instance, names.BOOTSTRAP_AGAIN, on_line, {}, image)


def check_keys(instance: Instance) -> tuple[list[str], str | None]:
    """What the next deployment's bootstrap would say of environments, and why it would end; it writes nothing.

    Of a stack whose bootstrap writes no keys there is nothing to say.
    """
    (container,) = jobs.deployed(instance, f"{names.BOOTSTRAP}-")["spec"]["template"]["spec"]["containers"]
    if "ownNames" not in _wanted(container):
        return [], None
    lines: list[str] = []
    try:
        _run(instance, names.BOOTSTRAP_CHECK, lines.append, {CHECK: "true"}, None)
    except FailedError:
        refused = "\n".join(lines).partition(REFUSED)[2]
        if not refused:
            raise
        return [], refused
    return [line for line in lines if line.startswith(("environment ", "project: none"))], None


def _wanted(container: Manifest) -> dict[str, Any]:
    texts = [item["value"] for item in container["env"] if item["name"] == WANTED]
    return dict(json.loads(texts[0])) if texts else {}


def _run(instance: Instance, name: str, on_line: OnLine, env: dict[str, str], image: str | None) -> None:
    def changed(pod: Manifest) -> Manifest:
        (container,) = pod["spec"]["containers"]
        added = [{"name": key, "value": value} for key, value in env.items()]
        container = {**container, "env": [*container["env"], *added]} | ({} if image is None else {"image": image})
        return {**pod, "spec": {**pod["spec"], "containers": [container]}}

    job = jobs.start_like(instance, jobs.deployed(instance, f"{names.BOOTSTRAP}-"), name, changed)
    jobs.wait(instance, job, seconds=SECONDS, on_line=on_line)
    jobs.remove(instance, job)
