"""What an evaluated program is: Kubernetes objects, their order, and the secrets in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any, TypeVar

from flagops.evaluation.advisory import Advisory
from flagops.kubernetes.objects import Manifest, Ref

T = TypeVar("T", bound=tuple[Any, ...])


@dataclass(frozen=True)
class KubeObject:
    """One Kubernetes object the program wants.

    `component` is the chain of its parents' names below the stack, outermost first. `needs` are the objects that
    must be ready before it. `timeout` is the program's own limit for it to become ready, in seconds. `ignored` are
    the fields whose changes the program ignores once the object is there, as paths of plain keys.
    """

    ref: Ref
    manifest: Manifest
    component: tuple[str, ...]
    needs: frozenset[Ref]
    protect: bool = False
    retain: bool = False
    timeout: float | None = None
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Program:
    """An evaluated program.

    `generated` holds every generated value the program used, old and new, by resource name; `secrets` every string
    that must not be shown. `objects` come in dependency order, the same in every evaluation.
    """

    project: str
    stack: str
    objects: tuple[KubeObject, ...]
    generated: Mapping[str, str]
    secrets: frozenset[str]
    outputs: Mapping[str, object]
    secret_outputs: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()
    advisories: tuple[Advisory, ...] = ()
    api_versions: tuple[str, ...] = field(default=())

    @cached_property
    def by_ref(self) -> dict[Ref, KubeObject]:
        """The objects by their reference."""
        return {item.ref: item for item in self.objects}

    @property
    def shown_outputs(self) -> dict[str, object]:
        """The stack's outputs as people may see them: a secret one is only named."""
        return {k: "<secret>" if k in self.secret_outputs else v for k, v in self.outputs.items()}


def dependency_order(needs: Mapping[T, Iterable[T]]) -> list[T]:
    """The keys of `needs`, each after what it needs; ties in sorted order, so that it is always the same order.

    Raises graphlib.CycleError when there is no such order.
    """
    sorter = TopologicalSorter({item: [need for need in wanted if need in needs] for item, wanted in needs.items()})
    sorter.prepare()
    order: list[T] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(ready)
        sorter.done(*ready)
    return order
