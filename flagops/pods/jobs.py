"""One-off Jobs, made from the templates that the program deploys as CronJobs."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from flagops.errors import ConflictError, FailedError, NotFoundError
from flagops.kubernetes.diagnose import diagnose
from flagops.kubernetes.objects import Manifest, Ref
from flagops.kubernetes.refusals import ApiError
from flagops.pods.pods import container as container_of
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

API_VERSION = "batch/v1"
LOG_LINES = 15
LINES_READ = 1000
STARTED_BY = "feature-flags/started-by"
KEPT_SECONDS = 86_400  # of a Job that failed, to be looked at
# What a Job's controller wrote into its pods' labels, and would refuse in another Job.
GENERATED_LABELS = frozenset(
    ["controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name"]
)
OnLine = Callable[[str], None]


def _ignore(_: str) -> None:
    """Nobody reads along."""


def start(instance: Instance, template: str, *, env: Mapping[str, str] | None = None) -> str:
    """Start a Job from the CronJob called `template`, as `kubectl create job --from` does; the Job's name.

    Args:
        instance: Where.
        template: The CronJob's name.
        env: Variables set in all of its containers, over those of the template; no secrets.

    Raises:
        SimulatedError: Nothing would run in it.
        OpsError: There is no such CronJob, or the Job is refused.
    """
    instance.require_containers()
    cron = instance.get(API_VERSION, "CronJob", template)
    if cron is None:
        raise NotFoundError(
            f"There is no CronJob {instance.namespace}/{template} in context {instance.context!r}, which this needs.",
            hint="Did an older version of the program deploy the stack? "
            f"`ff up --stack {instance.stack.name}` brings it.",
        )
    return str(instance.client.create(from_template(cron, secrets.token_hex(3), env or {}))["metadata"]["name"])


def deployed(instance: Instance, start: str) -> Manifest:
    """The Job of the last deployment whose name begins with `start`. Raises OpsError when there is none."""
    found = [
        job
        for job in instance.items(API_VERSION, "Job")
        if job["metadata"]["name"].startswith(start) and STARTED_BY not in (job["metadata"].get("annotations") or {})
    ]
    if not found:
        raise NotFoundError(
            f"There is no Job {start}… in {instance.namespace} to start another one from.",
            hint=f"ff up --stack {instance.stack.name}",
        )
    return max(found, key=lambda job: str(job["metadata"]["creationTimestamp"]))


def start_like(instance: Instance, job: Manifest, name: str, change: Callable[[Manifest], Manifest]) -> str:
    """Start a Job with the pod template of another one, changed; its name, which begins with `name`."""
    instance.require_containers()
    pod = job["spec"]["template"]
    labels = {key: value for key, value in pod["metadata"]["labels"].items() if key not in GENERATED_LABELS}
    template = change({**pod, "metadata": {"labels": labels, "annotations": pod["metadata"].get("annotations") or {}}})
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "Job",
        "metadata": {
            "name": f"{name}-{secrets.token_hex(3)}",
            "namespace": instance.namespace,
            "labels": job["metadata"].get("labels") or {},
            "annotations": {STARTED_BY: "ff"},
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": job["spec"].get("activeDeadlineSeconds"),
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": template,
        },
    }
    return str(instance.client.create(manifest)["metadata"]["name"])


def from_template(cron: Manifest, suffix: str, env: Mapping[str, str]) -> Manifest:
    """The Job that the CronJob's template describes."""
    template = cron["spec"]["jobTemplate"]
    metadata = template.get("metadata") or {}
    pod = template["spec"]["template"]
    containers = {
        kind: [_with_env(item, env) for item in pod["spec"][kind]]
        for kind in ("initContainers", "containers")
        if kind in pod["spec"]
    }
    spec = {**template["spec"], "template": {**pod, "spec": {**pod["spec"], **containers}}}
    return {
        "apiVersion": API_VERSION,
        "kind": "Job",
        "metadata": {
            "name": f"{cron['metadata']['name']}-{suffix}",
            "namespace": cron["metadata"]["namespace"],
            "labels": metadata.get("labels") or {},
            "annotations": {**(metadata.get("annotations") or {}), STARTED_BY: "ff"},
            # As `kubectl create job --from` has it: it goes with the CronJob, and holds no volume after that.
            "ownerReferences": [
                {
                    "apiVersion": API_VERSION,
                    "kind": "CronJob",
                    "name": cron["metadata"]["name"],
                    "uid": cron["metadata"]["uid"],
                    "controller": True,
                }
            ],
        },
        "spec": spec,
    }


def _with_env(container: Manifest, env: Mapping[str, str]) -> Manifest:
    kept = [entry for entry in container.get("env") or [] if entry["name"] not in env]
    return {**container, "env": [*kept, *({"name": name, "value": value} for name, value in env.items())]}


def wait(instance: Instance, name: str, *, seconds: float, on_line: OnLine = _ignore) -> Manifest:
    """Wait until a Job has succeeded; the Job's pod.

    Args:
        instance: Where.
        name: The Job.
        seconds: How long it may take.
        on_line: Gets each new line of the log, secrets masked.

    Raises:
        OpsError: It failed, with its last log lines; or it has not ended in time. The Job stays, to be looked at.
    """
    shown: dict[str, int] = {}
    mask = instance.masker()

    def succeeded() -> Manifest | NotYet:
        job = instance.get(API_VERSION, "Job", name)
        if job is None:
            raise ConflictError(f"The Job {instance.namespace}/{name} is gone: somebody deleted it.")
        ended = next((kind for kind in ("Complete", "Failed") if _condition(job, kind)), None)
        pod = newest_pod(instance, name)
        try:
            found, unread = (_logs(instance, pod) if pod else {}), ""
        except ApiError as error:
            found, unread = {}, error.message
        # Counted for each container: a log that could not be read for a moment must not hide lines of the next.
        for container, lines in found.items():
            for line in lines[shown.get(container, 0) :]:
                on_line(mask(line))
            shown[container] = max(shown.get(container, 0), len(lines))
        if ended == "Complete" and pod is not None:
            return pod
        if ended == "Failed":
            last = [line for lines in found.values() for line in lines][-LOG_LINES:]
            tail = "\n".join(f"  {mask(line)}" for line in last) or f"  ({unread or 'its log is empty'})"
            reason = _condition(job, "Failed").get("message", "")
            raise FailedError(f"The Job {name} failed ({reason}). Its last log lines:\n{tail}")
        return _not_yet(pod)

    return until(
        succeeded,
        seconds,
        late=f"The Job {name} has not ended",
        hint=f"It goes on. See {instance.kubectl} describe job {name}, "
        f"and its log with {instance.kubectl} logs -f job/{name}.",
    )


def started(instance: Instance, name: str, *, seconds: float) -> Manifest:
    """Wait until the Job's pod runs; that pod. Raises OpsError when it does not in time, saying why."""

    def runs(pod: Manifest) -> bool:
        return bool(pod.get("status", {}).get("phase") == "Running")

    return _pod_when(instance, name, runs, seconds, f"The Job {name} has no running pod")


def running(instance: Instance, name: str, container: str, *, seconds: float) -> Manifest:
    """Wait until a container of the Job's pod runs; that pod. Raises OpsError when it does not in time."""

    def runs(pod: Manifest) -> bool:
        statuses = pod.get("status", {}).get("containerStatuses") or []
        return any(item["name"] == container and "running" in item["state"] for item in statuses)

    return _pod_when(instance, name, runs, seconds, f"The Job {name} has not got to {container!r}")


def _pod_when(instance: Instance, job: str, holds: Callable[[Manifest], bool], seconds: float, late: str) -> Manifest:
    """The Job's newest pod, as soon as something holds of it. Raises with `late` and why."""
    pod: Manifest | None = None

    def found() -> Manifest | NotYet:
        nonlocal pod
        pod = newest_pod(instance, job)
        if pod is not None and holds(pod):
            return pod
        return _not_yet(pod)

    def explain() -> str:
        return diagnose(instance.client, pod, instance.masker()) if pod else ""

    return until(found, seconds, late=late, explain=explain)


def newest_pod(instance: Instance, job: str) -> Manifest | None:
    """The Job's last pod."""
    found = instance.items("v1", "Pod", labelSelector=f"batch.kubernetes.io/job-name={job}")
    return max(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), default=None)


def log(instance: Instance, pod: Manifest, *, lines: int = LINES_READ) -> str:
    """The last lines of the logs of the pod's containers: those that ran first first, its main one last."""
    return "\n".join(line for found in _logs(instance, pod, lines).values() for line in found)


def _logs(instance: Instance, pod: Manifest, count: int = LINES_READ) -> dict[str, list[str]]:
    spec, last = pod["spec"], container_of(pod)
    everything = [*(spec.get("initContainers") or []), *spec["containers"]]
    names = [item["name"] for item in everything if item["name"] != last] + [last]
    name = pod["metadata"]["name"]
    return {item: instance.client.log(instance.namespace, name, item, lines=count).splitlines() for item in names}


def remove(instance: Instance, name: str) -> None:
    """Delete a Job and its pods; one that is gone already is fine."""
    instance.client.delete(Ref(API_VERSION, "Job", instance.namespace, name))


def _condition(job: Manifest, kind: str) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = job.get("status", {}).get("conditions") or []
    return next((item for item in conditions if item["type"] == kind and item["status"] == "True"), {})


def _not_yet(pod: Manifest | None) -> NotYet:
    return NotYet(f"its pod is {pod.get('status', {}).get('phase', 'Unknown')}" if pod else "it has no pod yet")
