"""Pods that do not run, and what keeps them from it."""

from collections.abc import Iterator
from typing import Any

from components.kit import names
from flagops.commands.doctor.model import DoctorFinding, Examination
from flagops.kubernetes.diagnose import log_or_reason
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import condition
from flagops.kubernetes.scheduling import Lacks, why_unscheduled
from flagops.pods.pods import is_ready

IMAGE_TROUBLE = frozenset(["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"])
CONFIG_TROUBLE = frozenset(["CreateContainerConfigError", "CreateContainerError"])
LOG_LINES = 5


def pods(examination: Examination) -> Iterator[DoctorFinding]:
    """Pods that cannot be placed, whose image is missing, or that crash; one finding for each component and cause."""
    seen: set[tuple[str, str]] = set()
    for pod in examination.pods:
        if is_ready(pod) or pod.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            continue
        for finding in _troubles(examination, pod):
            key = (finding.name, _component(pod))
            if key not in seen:
                seen.add(key)
                yield finding


def _troubles(examination: Examination, pod: Manifest) -> Iterator[DoctorFinding]:
    scheduled = condition(pod, "PodScheduled")
    lacks = why_unscheduled(pod)
    if lacks is not None:
        yield _unscheduled(examination, pod, lacks, str(scheduled.get("message", "")))
    for status in _containers(pod):
        waiting: dict[str, Any] = status.get("state", {}).get("waiting") or {}
        reason = waiting.get("reason", "")
        if reason in IMAGE_TROUBLE:
            yield _image(examination, pod, status, waiting)
        elif reason in CONFIG_TROUBLE:
            yield _configuration(examination, pod, waiting)
        elif reason == "CrashLoopBackOff" or _was_killed(status):
            yield _crash(examination, pod, status)


def _unscheduled(examination: Examination, pod: Manifest, lacks: Lacks, message: str) -> DoctorFinding:
    name = pod["metadata"]["name"]
    volumes = lacks is Lacks.VOLUME
    return DoctorFinding(
        "volume-pending" if volumes else "pod-pending",
        f"The pod {name} waits for {'its volume' if volumes else 'a node that can take it'}.",
        (message,),
        f"{examination.instance.kubectl} describe pod {name}"
        + ("" if volumes else "   (add a node, or lower the requests in the settings)"),
    )


def _image(examination: Examination, pod: Manifest, status: Manifest, waiting: Manifest) -> DoctorFinding:
    name = pod["metadata"]["name"]
    evidence = (f"{waiting['reason']}: {waiting.get('message', '')}".rstrip(": "), *examination.said_of(name))
    return DoctorFinding(
        "image-not-pulled",
        f"The image {status['image']} of {_component(pod)} cannot be pulled.",
        evidence,
        f"correct version, image or imagePullSecrets in Pulumi.{examination.instance.stack.name}.yaml, then "
        f"ff up --stack {examination.instance.stack.name}",
    )


def _configuration(examination: Examination, pod: Manifest, waiting: Manifest) -> DoctorFinding:
    return DoctorFinding(
        "pod-misconfigured",
        f"A container of {_component(pod)} cannot be made.",
        (f"{waiting['reason']}: {examination.mask(waiting.get('message', ''))}",),
        f"{examination.instance.kubectl} get secrets   (is the one named there, with its keys?)",
    )


def _crash(examination: Examination, pod: Manifest, status: Manifest) -> DoctorFinding:
    ended: dict[str, Any] = (status.get("lastState") or {}).get("terminated") or {}
    name, component = pod["metadata"]["name"], _component(pod)
    stack = examination.instance.stack.name
    if ended.get("reason") == "OOMKilled":
        return DoctorFinding(
            "out-of-memory",
            f"{component} is killed again and again: it needs more memory than its limit.",
            (f"{name}: OOMKilled, {status.get('restartCount', 0)} restarts",),
            f"raise the memory limit of {component} in Pulumi.{stack}.yaml, then ff up --stack {stack}",
        )
    lines = [
        f"log: {examination.mask(line)}" for line in _log(examination, name, status).strip().splitlines()[-LOG_LINES:]
    ]
    code = f", exit code {ended['exitCode']}" if "exitCode" in ended else ""
    return DoctorFinding(
        "crash-loop",
        f"{component} starts and stops again and again.",
        (f"{name}: {status.get('restartCount', 0)} restarts{code}", *lines),
        f"ff logs --stack {stack} --component {component}",
    )


def _log(examination: Examination, pod: str, status: Manifest) -> str:
    """What the container said before it ended last, or says now where that is gone."""
    client, namespace, name = examination.instance.client, examination.instance.namespace, status["name"]
    before = log_or_reason(client, namespace, pod, name, lines=LOG_LINES, previous=True)
    return before if before.strip() else log_or_reason(client, namespace, pod, name, lines=LOG_LINES)


def _was_killed(status: Manifest) -> bool:
    ended = (status.get("lastState") or {}).get("terminated") or {}
    return ended.get("reason") == "OOMKilled" and not status.get("ready")


def _containers(pod: Manifest) -> list[Manifest]:
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _component(pod: Manifest) -> str:
    return str((pod["metadata"].get("labels") or {}).get(names.COMPONENT, pod["metadata"]["name"]))


def _wanted(examination: Examination) -> tuple[str, ...]:
    """The Deployments without which the stack does not do what it is for."""
    settings = examination.instance.settings
    flagsmith = () if settings.is_edge else (names.API, names.TASK_PROCESSOR)
    return (*flagsmith, names.EDGE) if settings.edge.enabled else flagsmith


def rollouts(examination: Examination) -> Iterator[DoctorFinding]:
    """Deployments whose pods cannot even be made, such as for a quota, or that are missing."""
    for deployment in examination.deployments:
        failure = condition(deployment, "ReplicaFailure")
        if failure.get("status") == "True":
            yield DoctorFinding(
                "pods-refused",
                f"The cluster refuses the pods of {deployment['metadata']['name']}.",
                (f"{failure.get('reason', '')}: {failure.get('message', '')}",),
                f"{examination.instance.kubectl} describe resourcequota,limitrange",
            )
    found = {deployment["metadata"]["name"] for deployment in examination.deployments}
    for name in _wanted(examination):
        if name not in found:
            stack = examination.instance.stack.name
            yield DoctorFinding(
                "workload-missing",
                f"There is no Deployment {name}.",
                (f"{examination.instance.namespace} has: {', '.join(sorted(found)) or 'none'}",),
                f"ff up --stack {stack}",
            )


def autoscalers(examination: Examination) -> Iterator[DoctorFinding]:
    """Autoscalers that see no metrics, and so never scale."""
    for item in examination.instance.items("autoscaling/v2", "HorizontalPodAutoscaler"):
        active = condition(item, "ScalingActive")
        if active.get("status") == "False" and active.get("reason") != "ScalingDisabled":
            yield DoctorFinding(
                "autoscaler-blind",
                f"The autoscaler {item['metadata']['name']} gets no metrics and does not scale.",
                (f"{active.get('reason', '')}: {active.get('message', '')}",),
                f"{examination.instance.kubectl_anywhere} get apiservice v1beta1.metrics.k8s.io",
            )


def jobs(examination: Examination) -> Iterator[DoctorFinding]:
    """Migration and bootstrap that failed."""
    for job in examination.jobs:
        failed = condition(job, "Failed")
        component = (job["metadata"].get("labels") or {}).get(names.COMPONENT, "")
        if failed.get("status") != "True" or component not in ("migration", "bootstrap"):
            continue
        name, stack = job["metadata"]["name"], examination.instance.stack.name
        yield DoctorFinding(
            f"{component}-failed",
            f"The {component} failed; the pods of the release before it go on serving.",
            (f"{failed.get('reason', '')}: {failed.get('message', '')}", *_last_lines(examination, name)),
            f"ff up --stack {stack}   (once you have corrected the cause; it runs the {component} again)",
        )


def _last_lines(examination: Examination, job: str) -> Iterator[str]:
    pods = [
        pod
        for pod in examination.pods
        if (pod["metadata"].get("labels") or {}).get("batch.kubernetes.io/job-name") == job
        and pod.get("status", {}).get("phase") == "Failed"
    ]
    for pod in sorted(pods, key=lambda item: str(item["metadata"]["creationTimestamp"]))[-1:]:
        container = pod["spec"]["containers"][0]["name"]
        instance, name = examination.instance, pod["metadata"]["name"]
        log = log_or_reason(instance.client, instance.namespace, name, container, lines=LOG_LINES)
        yield from (f"log: {examination.mask(line)}" for line in log.strip().splitlines())
