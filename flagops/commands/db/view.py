"""How connections are shown to people."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flagops.commands.db.connections import DatabaseConnections


def show(console: Console, found: DatabaseConnections) -> None:
    """Print them as a table, the largest groups first."""
    table = Table(box=None, pad_edge=False)
    for title in ("COUNT", "STATE", "FOR", "CLIENT", "USER", "APPLICATION"):
        table.add_column(title, overflow="fold")
    for row in found.rows:
        seconds = f"{row['longest_seconds']:.0f} s" if row["longest_seconds"] is not None else ""
        words = (str(row["count"]), row["state"], seconds, row["client"], row["user"], row["application"])
        table.add_row(*(escape(str(word)) for word in words))
    console.print(table)
    console.print(
        f"PostgreSQL {escape(found.version)}: {found.used} of {found.limit} connections in use, "
        f"{found.reserved} reserved for superusers"
    )
