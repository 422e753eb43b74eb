"""How an HTTPRoute stands with each Gateway that it names: its conditions are below `status.parents`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagops.kubernetes.objects import Manifest

KEYS = ("name", "namespace", "sectionName", "port")


@dataclass(frozen=True)
class Attachment:
    """A route at one of its parents.

    Attributes:
        parent: What the route names, a `parentRef`.
        conditions: What a controller says of it, of the route as it is now; empty where none has.
    """

    parent: Mapping[str, Any]
    conditions: tuple[Mapping[str, Any], ...]

    @property
    def place(self) -> str:
        """The Gateway, and its listener if one is named, for messages."""
        listener = self.parent.get("sectionName") or self.parent.get("port")
        namespace = self.parent.get("namespace")
        name = f"{namespace}/{self.parent['name']}" if namespace else str(self.parent["name"])
        return f"{name}, listener {listener}" if listener else name

    def condition(self, kind: str) -> Mapping[str, Any]:
        """The condition of this type, or an empty one."""
        return next((item for item in self.conditions if item.get("type") == kind), {})


def attachments(route: Manifest) -> Iterator[Attachment]:
    """The route at each parent that it names. What is said of others, or of an older form of it, is no matter."""
    generation = route["metadata"].get("generation", 0)
    states = (route.get("status") or {}).get("parents") or []
    for parent in route["spec"].get("parentRefs") or []:
        same = [state for state in states if _is_same(parent, state.get("parentRef") or {}, route)]
        said = [item for state in same for item in state.get("conditions") or []]
        yield Attachment(parent, tuple(item for item in said if _is_of_now(item, generation)))


def _is_same(wanted: Mapping[str, Any], said: Mapping[str, Any], route: Manifest) -> bool:
    own = {"namespace": route["metadata"].get("namespace")}
    return all({**own, **wanted}.get(key) == {**own, **said}.get(key) for key in KEYS)


def _is_of_now(item: Mapping[str, Any], generation: int) -> bool:
    # A controller that does not say which form it means is believed.
    return int(item.get("observedGeneration", generation)) >= generation
