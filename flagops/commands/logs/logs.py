"""The logs of a stack's pods, secrets masked."""

import json
import threading
from collections.abc import Callable, Sequence
from queue import Empty, Queue

from flagops.errors import NotFoundError, OpsError
from flagops.kubernetes.objects import Manifest
from flagops.kubernetes.refusals import ApiError
from flagops.pods.pods import PodComponent, container, pods, require_component
from flagops.stacks.deployed import Instance

SERVERS = (PodComponent.API, PodComponent.TASK_PROCESSOR, PodComponent.DATABASE, PodComponent.CACHE)
REQUESTS = (PodComponent.API, PodComponent.TASK_PROCESSOR)
LOOK_AGAIN_SECONDS = 3.0  # how soon a new pod's log is followed too
OnLine = Callable[[str, str], None]


def servers(instance: Instance) -> Sequence[PodComponent]:
    """Whose logs are shown where nobody says: of an edge alone, its proxies'."""
    return (PodComponent.EDGE,) if instance.settings.is_edge else SERVERS


def of_request(request_id: str, on_line: OnLine) -> OnLine:
    """Hand on only the lines of the request with this id: those that Flagsmith wrote it in, as JSON."""

    def hand_on(pod: str, line: str) -> None:
        try:
            entry = json.loads(line)
        except ValueError:
            return
        if isinstance(entry, dict) and entry.get("request_id") == request_id:
            on_line(pod, line)

    return hand_on


def show(instance: Instance, components: Sequence[PodComponent], *, lines: int, on_line: OnLine) -> None:
    """Hand each of the pods' last lines to `on_line`, with the pod's name, one pod after the other.

    Raises OpsError when there is no pod of any of the components, nothing to read in any, or, after what the others
    said, when one cannot be read.
    """
    mask, wanted, is_empty = instance.masker(), _wanted(instance, components), True
    unread: list[ApiError] = []
    for pod in wanted:
        name = str(pod["metadata"]["name"])
        try:
            found = instance.client.log(instance.namespace, name, container(pod), lines=lines)
        except ApiError as error:
            unread.append(error)
            continue
        for line in found.splitlines():
            is_empty = False
            on_line(name, mask(line))
    if unread:
        raise unread[0]
    if is_empty:
        names = ", ".join(str(pod["metadata"]["name"]) for pod in wanted)
        raise NotFoundError(
            f"There is nothing to read in the log of {names}: nothing was printed yet, or nothing runs there.",
            hint=f"`ff status --stack {instance.stack.name}` shows what runs.",
        )


def follow(
    instance: Instance,
    components: Sequence[PodComponent],
    *,
    lines: int,
    on_line: OnLine,
    stop: threading.Event | None = None,
) -> None:
    """As `show`, and then each new line of all pods as it comes, also of pods that are made later; until `stop`."""
    mask, queue = instance.masker(), Queue[tuple[str, str]]()
    ended = stop or threading.Event()
    followed: dict[str, threading.Thread] = {}
    first = _wanted(instance, components)
    while not ended.is_set():
        for pod in first or [pod for component in components for pod in pods(instance, component)]:
            name = str(pod["metadata"]["name"])
            if name not in followed or not followed[name].is_alive():
                # Of a pod that is followed again, only what is new; one whose container restarted begins anew.
                tail = lines if name not in followed else 0
                followed[name] = threading.Thread(target=_feed, args=(instance, pod, tail, queue), daemon=True)
                followed[name].start()
        first = []
        try:
            while not ended.is_set():
                name, line = queue.get(timeout=LOOK_AGAIN_SECONDS)
                on_line(name, mask(line))
        except Empty:
            continue


def _wanted(instance: Instance, components: Sequence[PodComponent]) -> list[Manifest]:
    instance.require_containers()
    for component in components:
        require_component(instance, component)
    found = [pod for component in components for pod in pods(instance, component)]
    if not found:
        named = ", ".join(components)
        raise NotFoundError(
            f"There is no pod of {named} in {instance.namespace} (context {instance.context!r}).",
            hint=f"`ff status --stack {instance.stack.name}` shows what there is.",
        )
    return found


def _feed(instance: Instance, pod: Manifest, lines: int, queue: "Queue[tuple[str, str]]") -> None:
    name = str(pod["metadata"]["name"])
    try:
        for line in instance.client.follow(instance.namespace, name, container(pod), lines=lines):
            queue.put((name, line))
    except OpsError:
        return  # not started yet, or gone: the next look tells
