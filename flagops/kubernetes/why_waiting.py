"""Why an object is waited for, in one line: what keeps its newest pod from being ready."""

from collections.abc import Callable

from flagops.kubernetes.client import Client
from flagops.kubernetes.diagnose import containers_of, is_well, log_or_reason, pods_behind
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.readiness import condition
from flagops.kubernetes.refusals import ApiError

IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
CRASHES = ("CrashLoopBackOff", "RunContainerError", "StartError")
LONGEST = 200  # characters of what a scheduler, a registry or a program says
PULLING, PULLED = "Pulling", ("Pulled", "Failed", "BackOff")


def why(client: Client, live: Manifest, mask: Callable[[str], str]) -> str:
    """What keeps the object's newest pod that is not ready from being so, secrets masked; empty if nothing is known.

    What cannot be read is left out: it only explains.
    """
    try:
        for pod in pods_behind(client, live):
            if not is_well(pod):
                said = _of_pod(client, pod)
                # Before it is shortened: half a secret is none that is known.
                return _short(mask(said)) if said else ""
    except ApiError:
        pass
    return ""


def is_pulling(client: Client, live: Manifest) -> bool:
    """Whether an image of the object's newest pod that is not ready is being pulled now, and has not failed."""
    try:
        waiting = [pod for pod in pods_behind(client, live) if not is_well(pod)][:1]
        return any(_pulled_image(client, pod) for pod in waiting)
    except ApiError:
        return False


def _of_pod(client: Client, pod: Manifest) -> str:
    name = pod["metadata"]["name"]
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        return f"{name}: {scheduled.get('reason', 'Unschedulable')}: {scheduled.get('message', '')}"
    for status in containers_of(pod):
        waiting = (status.get("state") or {}).get("waiting") or {}
        reason = waiting.get("reason", "")
        if reason in IMAGE_REASONS:
            return f"{name}: {reason}: {status.get('image') or _image(pod, status['name'])}"
        if reason in CRASHES:
            return f"{name}: {reason}: {_last_line(client, pod, status['name'])}"
        if reason not in ("", "ContainerCreating", "PodInitializing"):
            return f"{name}: {reason}: {waiting.get('message', '')}".rstrip(": ")
    image = _pulled_image(client, pod)
    return f"{name}: pulling {image}" if image else ""


def _last_line(client: Client, pod: Manifest, container: str) -> str:
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    lines = log_or_reason(client, namespace, name, container, lines=5, previous=True).strip().splitlines()
    return lines[-1] if lines else "it printed nothing"


def _image(pod: Manifest, container: str) -> str:
    both = [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]
    return next((str(item.get("image")) for item in both if item["name"] == container), "its image")


def _pulled_image(client: Client, pod: Manifest) -> str:
    """The image that the pod's node pulls now, as the last of its events on images says; empty for none."""
    if not any("waiting" in (status.get("state") or {}) for status in containers_of(pod)):
        return ""
    selector = f"involvedObject.uid={pod['metadata']['uid']}"
    events = client.list("v1", "Event", pod["metadata"]["namespace"], fieldSelector=selector)
    told = [event for event in events if event.get("reason") in (PULLING, *PULLED)]
    told.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    if not told or told[-1].get("reason") != PULLING:
        return ""
    return str(told[-1].get("message", "")).partition('"')[2].rstrip('"') or "an image"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
