"""How connections are shown to people."""

from rich.console import Console
from rich.markup import escape

from flagops.commands.db.connections import DatabaseConnections
from flagops.terminal.listing import Column, Gives, Listing


def show(console: Console, found: DatabaseConnections) -> None:
    """Print them as a table, the largest groups first."""
    table = Listing(
        [
            Column("COUNT", is_number=True),
            Column("STATE"),
            Column("FOR", is_number=True),
            Column("USER", Gives.SHORTENED),
            Column("APPLICATION", Gives.SHORTENED),
            Column("CLIENT", Gives.LEFT_OUT),
        ]
    )
    for row in found.rows:
        seconds = f"{row['longest_seconds']:.0f} s" if row["longest_seconds"] is not None else ""
        words = (str(row["count"]), row["state"], seconds, row["user"], row["application"], row["client"])
        table.add(*(str(word) for word in words))
    console.print(table)
    console.print(
        f"PostgreSQL {escape(found.version)}: {found.used} of {found.limit} connections in use, "
        f"{found.reserved} reserved for superusers"
    )
