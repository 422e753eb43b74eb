"""Limits that are too small for a container to work."""

from collections.abc import Iterator

from components.settings.least import Least, least, most_connections, server_memory
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


def warnings(settings: Settings) -> Iterator[str]:
    """Yield what a PostgreSQL of the stack's own lacks for all connections that the stack can open."""
    if not settings.postgres.is_own or settings.is_edge:
        return
    number, limit = most_connections(settings), settings.postgres_resources.limits.memory
    needed = server_memory(settings, number)
    if parse_memory(limit) < needed:
        yield (
            f"postgres.resources.limits.memory is {limit}: the stack can open {number} connections. With so many "
            f"PostgreSQL takes {format_memory(needed)} or more; then it is killed, and every running query fails. "
            "Raise it, or lower replicas, autoscaling.maxReplicas or gunicorn.workers (docs/capacity.md#the-least)"
        )
