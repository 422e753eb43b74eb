"""Rules of resources: no container without a share of the node, and none without a bound."""

from collections.abc import Iterator

from policies.model import MISSING, Enforcement, Finding, Objects, Rule
from policies.pods import Container, Pod, pods
from policies.unknown import apart

BOUNDS = (("requests", "cpu"), ("requests", "memory"), ("limits", "cpu"), ("limits", "memory"))


def _bounds(objects: Objects) -> Iterator[Finding]:
    for pod in pods(objects):
        for container in pod.containers():
            for kind, name in BOUNDS:
                yield from apart(_bound(pod, container, kind, name))


def _bound(pod: Pod, container: Container, kind: str, name: str) -> Iterator[Finding]:
    resources = container.fields.get("resources") or {}
    if not (resources.get(kind) or {}).get(name):
        yield Finding(pod.object, f"{container.path}.resources.{kind}.{name}", MISSING, "a quantity")


RULES = (
    Rule(
        id="resources",
        title="Every container, those of Jobs and those that run first included, has requests and limits",
        description="Without a request a pod is placed on a full node and is the first to be evicted; without a limit "
        "one leak takes the node's other pods with it.",
        enforcement=Enforcement.MANDATORY,
        remedy="State CPU and memory, as requests and as limits.",
        check=_bounds,
    ),
)
