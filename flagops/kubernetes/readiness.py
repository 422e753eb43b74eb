"""When an object counts as rolled out: the rules by which Pulumi's Kubernetes provider waits, as pure functions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from flagops.kubernetes.attached import attachments
from flagops.kubernetes.objects import Manifest

SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT = "pulumi.com/timeoutSeconds"
ROUTE_CONDITIONS = ("Accepted", "ResolvedRefs")
DEFAULT_SECONDS = 600.0  # the provider's own default for workloads


class Phase(Enum):
    """Where an object is on its way."""

    READY = auto()
    WAITING = auto()
    FAILED = auto()


@dataclass(frozen=True)
class Readiness:
    """A phase, and what is waited for or what failed, in words."""

    phase: Phase
    message: str = ""


READY = Readiness(Phase.READY)


def assess(live: Manifest, binding_mode: str = "Immediate") -> Readiness:
    """How far a live object is. `binding_mode` is that of a claim's storage class."""
    if skips_await(live):
        return READY
    if live["metadata"].get("deletionTimestamp"):
        return _waiting("it is being deleted")
    if live["kind"] == "PersistentVolumeClaim":
        return _claim(live, binding_mode)
    rule = _RULES.get(live["kind"])
    return rule(live) if rule else READY


def skips_await(live: Manifest) -> bool:
    """Whether nobody is to wait for an object."""
    return _annotation(live, SKIP_AWAIT) == "true"


def time_limit(live: Manifest, own: float | None = None) -> float:
    """Seconds an object may take to become ready: its annotation, else the program's timeout, else ten minutes."""
    annotated = _annotation(live, TIMEOUT)
    try:
        return float(annotated) if annotated else own or DEFAULT_SECONDS
    except ValueError:
        return own or DEFAULT_SECONDS


def condition(live: Manifest, kind: str) -> dict[str, Any]:
    """The condition of this type, or an empty one."""
    conditions: list[dict[str, Any]] = live.get("status", {}).get("conditions") or []
    return next((item for item in conditions if item.get("type") == kind), {})


def job_has_failed(live: Manifest) -> bool:
    """Whether a Job is over and done with, in vain; it will never run again by itself."""
    return condition(live, "Failed").get("status") == "True"


def is_late(live: Manifest) -> bool:
    """Whether a Deployment's own deadline passed, which its controller does not take for the end."""
    return condition(live, "Progressing").get("reason") == "ProgressDeadlineExceeded"


def _annotation(live: Manifest, key: str) -> str:
    return str((live["metadata"].get("annotations") or {}).get(key, ""))


def _waiting(message: str) -> Readiness:
    return Readiness(Phase.WAITING, message)


def _failed(message: str) -> Readiness:
    return Readiness(Phase.FAILED, message)


def _is_observed(live: Manifest) -> bool:
    return int(live.get("status", {}).get("observedGeneration", 0)) >= int(live["metadata"].get("generation", 0))


def _deployment(live: Manifest) -> Readiness:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    if not _is_observed(live):
        return _waiting("the controller has not seen the change yet")
    progressing = condition(live, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return _failed(progressing.get("message") or "its progress deadline passed")
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated < wanted:
        return _waiting(f"{updated} of {wanted} replicas are updated")
    if status.get("replicas", 0) > updated:
        return _waiting(f"{status['replicas'] - updated} old replicas are still to end")
    if available < wanted:
        return _waiting(f"{available} of {wanted} replicas are available")
    return READY


def _stateful_set(live: Manifest) -> Readiness:
    status, spec = live.get("status", {}), live["spec"]
    wanted = spec.get("replicas", 1)
    if not _is_observed(live):
        return _waiting("the controller has not seen the change yet")
    if status.get("readyReplicas", 0) < wanted:
        return _waiting(f"{status.get('readyReplicas', 0)} of {wanted} replicas are ready")
    strategy = spec.get("updateStrategy", {})
    if strategy.get("type") == "OnDelete":
        return READY
    expected = max(wanted - strategy.get("rollingUpdate", {}).get("partition", 0), 0)
    if status.get("updateRevision") != status.get("currentRevision") and status.get("updatedReplicas", 0) < expected:
        return _waiting(f"{status.get('updatedReplicas', 0)} of {expected} replicas are updated")
    if status.get("availableReplicas", wanted) < wanted:
        return _waiting(f"{status['availableReplicas']} of {wanted} replicas are available")
    return READY


def _job(live: Manifest) -> Readiness:
    if job_has_failed(live):
        failure = condition(live, "Failed")
        return _failed(f"{failure.get('reason', 'Failed')}: {failure.get('message', 'the Job failed')}")
    if condition(live, "Complete").get("status") == "True" or live["spec"].get("suspend"):
        return READY
    status, wanted = live.get("status", {}), live["spec"].get("completions") or 1
    return _waiting(f"{status.get('succeeded', 0)} of {wanted} completions, {status.get('failed', 0)} failed pods")


def _claim(live: Manifest, binding_mode: str) -> Readiness:
    phase = live.get("status", {}).get("phase", "Pending")
    if phase == "Bound" or (phase == "Pending" and binding_mode == "WaitForFirstConsumer"):
        return READY
    if phase == "Lost":
        return _failed("its volume is lost")
    storage_class = live["spec"].get("storageClassName")
    return _waiting(f"no volume is bound to it (storage class: {storage_class or 'none'})")


def _service(live: Manifest) -> Readiness:
    if live["spec"].get("type") != "LoadBalancer":
        return READY
    return _has_address(live, "the load balancer has no address yet")


def _ingress(live: Manifest) -> Readiness:
    return _has_address(live, "the ingress controller has given it no address yet")


def _has_address(live: Manifest, message: str) -> Readiness:
    return READY if live.get("status", {}).get("loadBalancer", {}).get("ingress") else _waiting(message)


def _namespace(live: Manifest) -> Readiness:
    return READY if live.get("status", {}).get("phase") == "Active" else _waiting("it is not active yet")


def _definition(live: Manifest) -> Readiness:
    return READY if condition(live, "Established").get("status") == "True" else _waiting("it is not served yet")


def _pod(live: Manifest) -> Readiness:
    phase = live.get("status", {}).get("phase")
    if phase == "Failed":
        return _failed(live["status"].get("message") or "the pod failed")
    done = phase == "Succeeded" or condition(live, "Ready").get("status") == "True"
    return READY if done else _waiting(f"it is {phase}")


def _external_secret(live: Manifest) -> Readiness:
    ready, status = condition(live, "Ready"), live.get("status", {})
    if ready.get("status") == "False":
        return _waiting(f"{ready.get('reason', 'not ready')}: {ready.get('message', 'no Secret is made')}")
    # The operator notes the generation that it made the Secret from; the condition is from before until then.
    synced, _, _ = str(status.get("syncedResourceVersion", "")).partition("-")
    if ready.get("status") == "True" and synced == str(live["metadata"].get("generation")):
        return READY
    return _waiting("the External Secrets Operator has not made its Secret yet")


def _gateway(live: Manifest) -> Readiness:
    generation = int(live["metadata"].get("generation", 0))
    said = [condition(live, kind) for kind in ("Programmed", "Accepted")]
    programmed, accepted = (item if int(item.get("observedGeneration", 0)) >= generation else {} for item in said)
    if programmed.get("status") == "True":
        return READY
    # One that refuses a Gateway may leave out whether it is programmed.
    told = accepted if accepted.get("status") == "False" else programmed
    return _waiting(_said(told) if told else "no controller has taken it up yet")


def _route(live: Manifest) -> Readiness:
    for attachment in attachments(live):
        for kind in ROUTE_CONDITIONS:
            found = attachment.condition(kind)
            if not found:
                return _waiting(f"the controller of the Gateway {attachment.place} has not said {kind} yet")
            if found.get("status") != "True":
                return _waiting(f"Gateway {attachment.place}: {_said(found)}")
    return READY


def _said(found: Mapping[str, Any]) -> str:
    return f"{found.get('reason', 'not ' + str(found.get('type')))}: {found.get('message', '')}".rstrip(": ")


def _pooler(live: Manifest) -> Readiness:
    status = live.get("status", {})
    said = status.get("error") or status.get("phaseReason") or status.get("phase") or "its operator has not taken it up"
    return READY if status.get("phase") == "active" and not status.get("error") else _waiting(str(said))


_RULES: dict[str, Callable[[Manifest], Readiness]] = {
    "Deployment": _deployment,
    "StatefulSet": _stateful_set,
    "Job": _job,
    "Service": _service,
    "Ingress": _ingress,
    "Namespace": _namespace,
    "CustomResourceDefinition": _definition,
    "Pod": _pod,
    "ExternalSecret": _external_secret,
    "Gateway": _gateway,
    "HTTPRoute": _route,
    "Pooler": _pooler,
}
