"""Pulumi's SDK finds the same out again and again while a program is evaluated: here it is found out once, or sooner.

Each answers as the SDK's own does. `ff` and the programs that tests start have the SDK as it is.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any, Final
from unittest import mock

from pulumi import Resource, _types, _utils
from pulumi.runtime import known_types, resource_cycle_breaker, rpc


def reachable(from_resource: Resource, to_resource: Resource) -> bool:
    """Whether one resource depends on another; the SDK's goes through as many nested generators as the way is long."""
    near, seen = {from_resource}, set[Resource]()
    while near:
        if to_resource in near:
            return True
        seen |= near
        name = resource_cycle_breaker._DEPENDENCIES_PROPERTY  # noqa: SLF001
        near = set[Resource]().union(*(getattr(resource, name, ()) for resource in near)) - seen
    return False


def contains_unknowns(value: Any) -> bool:
    """Whether a value is not known, or something in it; most are texts and numbers, in which nothing can be."""
    return _within(value) if isinstance(value, dict | list) else known_types.is_unknown(value)


def setting(self: Any, instance: object, _: object) -> Any:
    """A setting of the run, which the SDK's own looks up twice: its lock, for each value of a resource."""
    value = None if instance is None else self.fget()
    return self if instance is None or isinstance(value, dict) else value


Replaced = tuple[Any, str, Any]
SHORTCUTS: Final[tuple[Replaced, ...]] = (
    (_types, "unwrap_type", cache(_types.unwrap_type)),
    (resource_cycle_breaker, "_reachable", reachable),
    (rpc, "contains_unknowns", contains_unknowns),
    (_utils.ContextProperty, "__get__", setting),
)
SDK: Final[tuple[Replaced, ...]] = tuple((place, name, getattr(place, name)) for place, name, _ in SHORTCUTS)
_within = rpc.contains_unknowns


@contextmanager
def replaced(by: tuple[Replaced, ...]) -> Iterator[None]:
    """Use these, for as long as the block runs."""
    with ExitStack() as stack:
        for place, name, other in by:
            stack.enter_context(mock.patch.object(place, name, other))
        yield
