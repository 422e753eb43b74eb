"""How backups and drills are shown to people."""

from collections.abc import Sequence

from rich.console import Console

from flagops.commands.db.backups.backup import Backup
from flagops.commands.db.backups.base.archive import BaseBackup
from flagops.commands.db.backups.drill import Drill
from flagops.terminal.listing import Column, Gives, Listing

MIB = 1024 * 1024


def show_backups(console: Console, found: Sequence[Backup]) -> None:
    """Print the backups as a table."""
    if not found:
        console.print("There are no backups yet.")
        return
    table = Listing(
        [
            Column("NAME"),
            Column("SIZE", is_number=True),
            Column("ENCRYPTED"),
            Column("FLAGSMITH"),
            Column("WHEN (UTC)", Gives.LEFT_OUT),
            Column("POSTGRESQL", Gives.LEFT_OUT),
            Column("STACK", Gives.LEFT_OUT),
        ]
    )
    for item in found:
        when, size = f"{item.started:%Y-%m-%d %H:%M}", f"{item.bytes / MIB:.1f} MiB"
        encrypted = "yes" if item.is_encrypted else "no"
        table.add(item.name, size, encrypted, item.release, when, item.server.split()[0], item.stack)
    console.print(table)


def show_base_backups(console: Console, found: Sequence[BaseBackup]) -> None:
    """Print the base backups as a table."""
    if not found:
        console.print("There are no base backups yet.")
        return
    table = Listing(
        [
            Column("NAME"),
            Column("STATE"),
            Column("STARTED (UTC)"),
            Column("ENDED (UTC)", Gives.LEFT_OUT),
            Column("ID", Gives.LEFT_OUT),
            Column("POSTGRESQL", Gives.LEFT_OUT),
        ]
    )
    for item in found:
        times = [f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in (item.started, item.ended)]
        table.add(item.name, item.state, *times, item.id, str(item.major or ""))
    console.print(table)
    for item in found:
        if item.error:
            console.print(f"{item.name}: {item.error}", markup=False)


def show_drill(console: Console, found: Drill) -> None:
    """Print what came of a drill."""
    console.print(f"{found.name} can be restored, in {found.seconds} s.")
    console.print(f"Its age is {found.age_hours} h: what changed since would be lost.")
    console.print(f"{len(found.rows)} tables, {sum(found.rows.values())} rows, {_as(found)}.")
    console.print(f"{found.migrations} migrations, {len(found.pending)} that a restore would apply.")
    if found.unknown:
        listed = ", ".join(found.unknown[:5])
        console.print(f"It is of a newer release: the live database lacks {len(found.unknown)} of them ({listed}).")


def _as(found: Drill) -> str:
    """What the rows were compared with, and what could not be."""
    if not found.is_base:
        return "all that were dumped"
    if not found.changed:
        return "as in the live database"
    return f"as in the live database but for {', '.join(found.changed)}, which changed while they were counted"
