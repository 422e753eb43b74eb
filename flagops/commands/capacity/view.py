"""How the answer is shown to people."""

import json
from typing import Any

from rich.console import Console

from flagops.commands.capacity.model import Capacity
from flagops.terminal.listing import Column, Gives, Listing

GI = 1024**3
PREFIX = "feature-flags:"


def show(console: Console, found: Capacity) -> None:
    """Print what it takes as a table, the edge in a sentence, and the settings to copy."""
    console.print(_table(found))
    console.print(_edge(found))
    console.print("\nIn the stack's file:\n")
    console.out(block(found.settings), highlight=False)
    for note in found.notes:
        console.print(f"\n{note}", markup=False)


def _table(found: Capacity) -> Listing:
    table = Listing([Column("WHAT"), Column("TAKES"), Column("FROM", Gives.BELOW)])
    asked, need, disk = found.requests, found.need, found.disk
    table.add("GET a second", f"{asked.gets:,.1f}", "in the busiest hour")
    table.add("POST with traits", f"{asked.posts:,.1f}", "in the busiest hour")
    table.add("documents", f"{asked.documents:,.1f}", "a second, all day")
    table.add("reports", f"{asked.reports:,.1f}", "a second, all day")
    table.add("size", need.size, f"twice {need.cores:,.1f} cores, {need.database_cores:,.1f} PostgreSQL's")
    table.add("API", f"{need.replicas} pods", f"{found.workers} workers x {found.threads} threads each")
    table.add("task processors", str(found.task_processors), "by the size; not measured")
    table.add("connections", f"{found.connections} of {found.max_connections}", "at most, in a rolling update")
    table.add("PostgreSQL", f"{found.servers} x {found.postgres_cpu} CPU, {found.postgres_memory}", "by the size")
    table.add("disk", f"{disk.storage} GiB", "twice what follows, in steps of 10")
    table.add("  single reports", _gib(disk.raw), f"{disk.raw_rows_a_day:,} rows a day at most")
    table.add("  sums, tasks", _gib(disk.bucketed + disk.tasks), "")
    table.add("  users", _gib(disk.identities), "for ever")
    table.add("  audit log", _gib(disk.audit), "of 5 years")
    return table


def _gib(amount: int) -> str:
    return f"{amount / GI:,.1f} GiB"


def _edge(found: Capacity) -> str:
    edge, alone = found.edge, found.need_alone
    change = (
        f"{edge.proxies} proxies leave {edge.need.replicas} API pods of size {edge.need.size} "
        f"in place of {alone.replicas} of {alone.size}"
    )
    verdict = "pays" if edge.pays else "does not pay"
    return f"\nThe edge {verdict} for this load: {change}. docs/edge.md says what it cannot do."


def block(settings: dict[str, Any]) -> str:
    """The settings as lines of a stack's file, below `config:`; the values are JSON, which is YAML."""
    return "\n".join(
        ["config:", *(line for key, value in settings.items() for line in _lines(f"{PREFIX}{key}", value, 1))]
    )


def _lines(key: str, value: Any, depth: int) -> list[str]:
    start = f"{'  ' * depth}{key}:"
    if isinstance(value, dict):
        return [start, *(line for name, below in value.items() for line in _lines(name, below, depth + 1))]
    return [f"{start} {value if isinstance(value, str) else json.dumps(value)}"]
