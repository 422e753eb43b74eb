"""How backups and drills are shown to people."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from flagops.commands.db.backups.backup import Backup
from flagops.commands.db.backups.drill import Drill

MIB = 1024 * 1024


def show_backups(console: Console, found: Sequence[Backup]) -> None:
    """Print the backups as a table."""
    if not found:
        console.print("There are no backups yet.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("NAME", "WHEN (UTC)", "SIZE", "FLAGSMITH", "POSTGRESQL", "ENCRYPTED", "STACK"):
        table.add_column(title, no_wrap=True)
    for item in found:
        when, size = f"{item.started:%Y-%m-%d %H:%M}", f"{item.bytes / MIB:.1f} MiB"
        encrypted = "yes" if item.is_encrypted else "no"
        table.add_row(item.name, when, size, item.release, item.server.split()[0], encrypted, item.stack)
    console.print(table)


def show_drill(console: Console, found: Drill) -> None:
    """Print what came of a drill."""
    console.print(f"{found.name} can be restored, in {found.seconds} s.")
    console.print(f"Its age is {found.age_hours} h: what changed since would be lost.")
    console.print(f"{len(found.rows)} tables, {sum(found.rows.values())} rows, all that were dumped.")
    console.print(f"{found.migrations} migrations, {len(found.pending)} that a restore would apply.")
    if found.unknown:
        listed = ", ".join(found.unknown[:5])
        console.print(f"It is of a newer release: the live database lacks {len(found.unknown)} of them ({listed}).")
