"""How a status is shown to people."""

from rich.console import Console
from rich.markup import escape

from flagops.commands.status.model import WHAT, Status
from flagops.terminal.listing import Column, Gives, Listing


def show(console: Console, status: Status) -> None:
    """Print it as a table, trouble in red."""
    where = "served nowhere: the nodes are simulated" if status.is_simulated else f"at {escape(status.url)}"
    console.print(
        f"[bold]{escape(status.stack)}[/bold]: {WHAT[status.role]} {status.version} {where}, "
        f"namespace {status.namespace}, context {escape(status.context)}"
    )
    table = Listing([Column(""), Column("OBJECT"), Column("STATE", Gives.BELOW)])
    for row in status.rows:
        kind, _, _ = row.kind.partition(" (")  # whose pod it is, its name says
        style = "" if row.is_fine else "red"
        table.add("ok" if row.is_fine else "!!", f"{kind}/{row.name}", row.state, style=style)
    console.print(table)
