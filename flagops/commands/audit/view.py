"""How entries of the audit log are shown to people."""

import json
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from components.text.quoting import printable
from flagops.commands.audit.read import Entry
from flagops.terminal.listing import Column, Gives, Listing

LONGEST = 60  # characters of a value in the table; --json has all of it
NOTHING = "—"


def show(console: Console, entries: Sequence[Entry]) -> None:
    """Print them as a table, the newest last."""
    is_traced = any("apply" in entry for entry in entries)
    table = Listing(
        [
            Column("TIME"),
            Column("WHO", Gives.SHORTENED),
            Column("WHERE", Gives.SHORTENED),
            Column("WHAT"),
            Column("CHANGE", Gives.BELOW),
            *([Column("COMMIT", Gives.BELOW)] if is_traced else []),
        ]
    )
    for entry in entries:
        words = [_time(entry), _who(entry), _where(entry), _what(entry), _changes(entry)]
        if is_traced:
            words.append(_commit(entry))
        # Not as markup, and no control characters: whoever may name a flag must not write on somebody's terminal.
        table.add(*(Text(printable(word)) for word in words))
    console.print(table)


def _time(entry: Entry) -> str:
    return str(entry["time"])[:19].replace("T", " ")


def _who(entry: Entry) -> str:
    actor = entry["actor"]
    return f"key {actor['name']} ({actor['id']})" if actor["kind"] == "api-key" else str(actor["name"])


def _where(entry: Entry) -> str:
    return str(entry["environment"]["name"]) if entry["environment"] else "the project"


def _what(entry: Entry) -> str:
    target = entry["segment"]["name"] if entry["segment"] and entry["kind"] != "segment" else entry["identity"]
    about = f" for {target}" if target and target != entry["name"] else ""
    return f"{entry['kind']} {entry['name']}{about} {entry['action']}"


def _commit(entry: Entry) -> str:
    run = entry.get("apply")
    return "" if run is None else str(run["link"] or run["commit"] or "not committed")


def _changes(entry: Entry) -> str:
    if entry["action"] == "created":
        return "; ".join(f"{item['field']}: {_value(item['new'])}" for item in entry["changes"])
    if entry["action"] == "deleted":
        return "; ".join(f"{item['field']} was {_value(item['old'])}" for item in entry["changes"])
    return "; ".join(f"{item['field']}: {_value(item['old'])} → {_value(item['new'])}" for item in entry["changes"])


def _value(value: Any) -> str:
    if value is None:
        return NOTHING
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
