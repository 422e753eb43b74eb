"""Why an object does not become ready: its pods' states, the last events, the last log lines, secrets masked."""

from collections.abc import Iterator
from typing import Any

from flagops.kubernetes.client import Client
from flagops.kubernetes.masking import Masker
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.postgres_cluster import is_postgres_cluster, pods_of
from flagops.kubernetes.readiness import condition
from flagops.kubernetes.refusals import ApiError

PODS, EVENTS, LOG_LINES = 3, 6, 10


def diagnose(client: Client, live: Manifest, mask: Masker) -> str:
    """Lines for people, indented; what cannot be read is left out, since this explains another error."""
    try:
        pods = [pod for pod in pods_behind(client, live) if not is_well(pod)][:PODS]
        sections = [
            ("Pods", [line for pod in pods for line in _states(pod)]),
            ("Last events", _events(client, live)),
            *((f"Last log lines of {name}", lines) for name, lines in _logs(client, pods)),
        ]
    except ApiError as error:
        sections = [("No details", [str(error)])]
    shown = [f"  {title}:\n" + "\n".join(f"    {line}" for line in lines) for title, lines in sections if lines]
    return mask("\n".join(shown))


def pods_behind(client: Client, live: Manifest) -> list[Manifest]:
    """The object's pods, the newest first."""
    if live["kind"] == "Pod":
        return [live]
    selector = _selector(live)
    if not selector:
        return []
    pods = client.list("v1", "Pod", live["metadata"]["namespace"], labelSelector=selector)
    return sorted(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), reverse=True)


def _selector(live: Manifest) -> str:
    """The labels of an object's pods; empty for one that has none, or does not say."""
    if is_postgres_cluster(live):
        return pods_of(live)
    labels = (live.get("spec", {}).get("selector") or {}).get("matchLabels")
    if live["kind"] not in {"Deployment", "StatefulSet", "Job"} or not labels:
        return ""
    return ",".join(f"{key}={value}" for key, value in labels.items())


def is_well(pod: Manifest) -> bool:
    """Whether a pod is ready, or has ended well."""
    return condition(pod, "Ready").get("status") == "True" or pod.get("status", {}).get("phase") == "Succeeded"


def _states(pod: Manifest) -> Iterator[str]:
    """One line for the pod, one for each container that has a reason to be named."""
    scheduled = condition(pod, "PodScheduled")
    phase = pod.get("status", {}).get("phase", "Unknown")
    unscheduled = (
        f": {scheduled.get('reason')}: {scheduled.get('message')}" if scheduled.get("status") == "False" else ""
    )
    yield f"{pod['metadata']['name']} is {phase}{unscheduled}"
    for status in containers_of(pod):
        state: dict[str, Any] = status.get("state", {})
        restarts = f", {status['restartCount']} restarts" if status.get("restartCount") else ""
        if "waiting" in state:
            waiting = state["waiting"]
            yield (
                f"  {status['name']}: {waiting.get('reason', 'waiting')} {waiting.get('message', '')}".rstrip()
                + restarts
            )
        elif "terminated" in state:
            ended = state["terminated"]
            reason = ended.get("reason", "ended")
            yield f"  {status['name']}: {reason}, exit code {ended.get('exitCode')} {ended.get('message', '')}".rstrip()
        elif not status.get("ready", True):
            yield f"  {status['name']}: running, not ready{restarts}"


def containers_of(pod: Manifest) -> list[dict[str, Any]]:
    """The states of its containers, those that run first before all others."""
    status = pod.get("status", {})
    return [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]


def _events(client: Client, live: Manifest) -> list[str]:
    """The last events of the object and of what its controllers made for it, which they name after it."""
    name, namespace = live["metadata"]["name"], live["metadata"].get("namespace", "")
    if not namespace:
        return []
    related = [
        event
        for event in client.list("v1", "Event", namespace)
        if event["involvedObject"].get("name") == name or event["involvedObject"].get("name", "").startswith(f"{name}-")
    ]
    related.sort(key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    # A cause that repeats itself, as for each replica, is one line.
    lines = {
        f"{event.get('type', 'Normal')} {event.get('reason', '')} ({event['involvedObject'].get('kind', '')} "
        f"{event['involvedObject'].get('name', '')}): {event.get('message', '')}": None
        for event in related
        if event.get("type") == "Warning" or live["kind"] != "Deployment"
    }
    return list(lines)[-EVENTS:]


def log_or_reason(
    client: Client,
    namespace: str,
    pod: str,
    container: str,
    *,
    lines: int,
    previous: bool = False,
    since: int | None = None,
) -> str:
    """The last lines of a log that explains something else, or why it cannot be read."""
    try:
        return client.log(namespace, pod, container, lines=lines, previous=previous, since=since)
    except ApiError as error:
        return f"(the log cannot be read: {error.detail})"


def _logs(client: Client, pods: list[Manifest]) -> Iterator[tuple[str, list[str]]]:
    for pod in pods:
        for status in containers_of(pod):
            if "waiting" in status.get("state", {}) and not status.get("restartCount"):
                continue  # it has never run
            namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
            has_restarted = bool(status.get("restartCount")) and "running" not in status.get("state", {})
            text = log_or_reason(client, namespace, name, status["name"], lines=LOG_LINES, previous=has_restarted)
            if text.strip():
                yield f"{name}/{status['name']}", text.strip().splitlines()
