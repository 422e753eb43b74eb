"""Prints entries of the audit log as JSON lines, the newest last. Runs in Flagsmith's image, beside audit_entries.py.

The variables say which: SOURCE, LIMIT, and SINCE, UNTIL (times), ACTOR, FEATURE, ENVIRONMENT (names), where set. The
last line says how many there are, since a log may be cut.
"""

import json
import os
import sys
from typing import Any

import psycopg2
from audit_changes import Row
from audit_entries import connected, described, read

PAGE = 500


def conditions() -> tuple[list[str], list[str]]:
    """What the database can tell by itself."""
    known = {"SINCE": "entry.created_date >= %s", "UNTIL": "entry.created_date < %s", "ENVIRONMENT": "place.name = %s"}
    known["FEATURE"] = "feature.name = %s"
    given = {name: os.environ[name] for name in known if os.environ.get(name)}
    return [known[name] for name in given], list(given.values())


def is_wanted(row: Row, who: str | None) -> bool:
    """Whether it was the person or API key that is asked for."""
    key = row["key"] or {}
    names = {row["email"], key.get("name"), key.get("prefix"), "server" if row["is_system_event"] else None}
    return who is None or who.lower() in {name.lower() for name in names if name}


def main() -> None:
    """Go back page by page until there are enough, and print them."""
    limit, who = int(os.environ["LIMIT"]), os.environ.get("ACTOR") or None
    fixed, values = conditions()
    found: list[dict[str, Any]] = []
    below = None
    with connected() as connection:
        while len(found) < limit:
            parts = [*fixed, "entry.id < %s"] if below is not None else fixed
            given = [*values, below] if below is not None else values
            rows = read(connection, " AND ".join(parts) or "true", given, limit=PAGE, newest_first=True)
            found += [row for row in rows if is_wanted(row, who)]
            if len(rows) < PAGE:
                break
            below = rows[-1]["id"]
        chosen = sorted(found[:limit], key=lambda row: (row["created_date"], row["id"]))
        for start in range(0, len(chosen), PAGE):
            for entry in described(connection, chosen[start : start + PAGE], os.environ["SOURCE"]):
                print(json.dumps(entry))
    print(json.dumps({"entries": len(chosen)}))


try:
    main()
except psycopg2.Error as error:
    print(f"The audit log cannot be read: {str(error).strip()}", file=sys.stderr)
    sys.exit(1)
