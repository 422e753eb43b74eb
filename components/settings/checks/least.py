"""Limits that are too small for a container to work."""

from collections.abc import Iterator

from components.settings.least import Least, least
from components.settings.model import Settings
from components.settings.problems import Problem
from components.settings.quantities import format_cpu, format_memory, parse_cpu, parse_memory


def problems(settings: Settings) -> Iterator[Problem]:
    """Yield each limit of CPU and memory below what its container needs."""
    for item in least(settings):
        yield from _problems(item)


def _problems(item: Least) -> Iterator[Problem]:
    limits = item.resources.limits
    if parse_memory(limits.memory) < item.memory:
        yield Problem(
            path=(*item.path, "limits", "memory"),
            value=limits.memory,
            text=f"must be at least {format_memory(item.memory)} {item.memory_for}",
        )
    if parse_cpu(limits.cpu) < item.cpu:
        yield Problem(
            path=(*item.path, "limits", "cpu"),
            value=limits.cpu,
            text=f"must be at least {format_cpu(item.cpu)}, {item.cpu_for}",
        )
