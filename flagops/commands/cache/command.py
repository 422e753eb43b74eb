"""`ff cache`: Flagsmith's caches in Redis."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from flagops.commands.cache import caches
from flagops.console import output, progress
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.complete import quietly
from flagops.terminal.confirm import agree
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import StackOption, YesOption

MIB = 1024 * 1024
NAMES = quietly(lambda _: caches.shared())


def info(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """Show Redis' memory, hits and evictions, and how many keys each cache has."""
    with open_instance(stack, needs_containers=True) as instance:
        found = caches.info(instance)
    if as_json:
        print_json(found)
        return
    server = found["server"]
    hits, misses = server.get("keyspace_hits", 0), server.get("keyspace_misses", 0)
    output().print(
        f"Redis {server['redis_version']}: {server['used_memory'] / MIB:.1f} MiB of "
        f"{server.get('maxmemory', 0) / MIB:.0f} MiB ({server['maxmemory_policy']}), {server['evicted_keys']} evicted, "
        f"{hits / max(1, hits + misses):.0%} of {hits + misses} look-ups hit, {server['connected_clients']} clients"
    )
    for name, cache in found["caches"].items():
        output().print(f"  {name}: {cache['keys']} keys (database {cache['database']})")


def flush(
    *,
    names: Annotated[
        list[str] | None, typer.Argument(help="Which caches to empty. Default: all.", autocompletion=NAMES)
    ] = None,
    stack: StackOption = LOCAL,
    yes: YesOption = False,
) -> None:
    """Empty caches, after saying what that drops. It is safe: Flagsmith fills them again from the database."""
    chosen = caches.chosen(names or [])
    with open_instance(stack, needs_containers=True) as instance:
        known = caches.info(instance)["caches"]
        dropped = ", ".join(
            f"{name} ({known[name]['keys']} keys, database {known[name]['database']})" for name in chosen
        )
        progress().print(f"This empties, in the Redis of {stack} ({instance.context}): {dropped}.")
        agree("Emptying caches", "Empty them?", yes=yes)
        done = caches.flush(instance, chosen)["dropped"]
    output().print(f"Dropped {sum(item['keys'] for item in done.values())} keys.")


def latency(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """Measure Redis' round trips from an API pod, and show the slow events it remembers."""
    with open_instance(stack, needs_containers=True) as instance:
        found = caches.latency(instance)
    if as_json:
        print_json(found)
        return
    times = found["milliseconds"]
    output().print(
        f"{found['pings']} round trips: median {times['median']:.2f} ms, p99 {times['p99']:.2f} ms, "
        f"longest {times['max']:.2f} ms"
    )
    threshold = found["threshold_milliseconds"]
    if not threshold:
        output().print("Redis remembers no slow events: its latency-monitor-threshold is 0.")
    for name, events in found["events"].items():
        for event in events:
            output().print(f"  {_when(event['time'])}  {name}: {event['milliseconds']} ms")
    if threshold and not found["events"]:
        output().print(f"No event took longer than {threshold} ms since Redis started.")


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(sep=" ", timespec="seconds")
