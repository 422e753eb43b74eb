"""Looks into the caches, measures them, and empties them; all from an API pod, as Flagsmith itself reaches them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from components.flagsmith.caches import CACHES
from flagops.errors import BadInputError, UnsupportedError
from flagops.pods.python_in_pod import run_python
from flagops.stacks.deployed import Instance

SCRIPT: Final = Path(__file__).with_name("in_pod") / "caches.py"


def shared() -> dict[str, str]:
    """The caches in Redis by name, with the variable that holds where each is."""
    return {name: cache.location for name, cache in CACHES.items() if cache.database is not None}


def info(instance: Instance) -> dict[str, Any]:
    """What Redis says of itself, and the number of keys of each cache."""
    return _ask(instance, "info", list(shared()), "Redis cannot be asked")


def latency(instance: Instance) -> dict[str, Any]:
    """Measured round trips in milliseconds, and the slow events that Redis remembers."""
    return _ask(instance, "latency", list(shared())[:1], "Redis' latency cannot be measured")


def flush(instance: Instance, names: Sequence[str]) -> dict[str, Any]:
    """Empty these caches; what each held."""
    return _ask(instance, "flush", names, "The caches cannot be emptied")


def chosen(names: Sequence[str]) -> list[str]:
    """The caches called so, all if none is named. Raises OpsError for an unknown name."""
    known = shared()
    for name in names:
        if name not in known:
            raise BadInputError(f"There is no cache {name!r} in Redis; there are: {', '.join(known)}.")
    return list(names or known)


def _ask(instance: Instance, action: str, names: Sequence[str], what: str) -> dict[str, Any]:
    if not instance.settings.redis.enabled:
        raise UnsupportedError(
            f"The stack {instance.stack.name!r} has no Redis (feature-flags:redis.mode is none).",
            hint="Each process keeps its own caches, in memory; a restart of the API empties them: `ff restart`.",
        )
    known = shared()
    answer: dict[str, Any] = run_python(
        instance, SCRIPT, [action, *(f"{name}={known[name]}" for name in names)], what=what
    )
    return answer
