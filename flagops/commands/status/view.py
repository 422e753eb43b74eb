"""How a status is shown to people."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flagops.commands.status.model import WHAT, Status


def show(console: Console, status: Status) -> None:
    """Print it as a table, trouble in red."""
    where = "served nowhere: the nodes are simulated" if status.is_simulated else f"at {escape(status.url)}"
    console.print(
        f"[bold]{escape(status.stack)}[/bold]: {WHAT[status.role]} {status.version} {where}, "
        f"namespace {status.namespace}, context {escape(status.context)}"
    )
    table = Table(box=None, pad_edge=False)
    for title in ("", "KIND", "NAME"):
        table.add_column(title, no_wrap=True)  # names are copied from here
    table.add_column("STATE", overflow="fold")
    for row in status.rows:
        style = "" if row.is_fine else "red"
        table.add_row("ok" if row.is_fine else "!!", row.kind, escape(row.name), escape(row.state), style=style)
    console.print(table)
