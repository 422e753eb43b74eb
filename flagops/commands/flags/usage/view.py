"""Shows the usage of flags to people and programs."""

from typing import Any

from rich.console import Console

from flagops.commands.flags.usage.usage import FlagUsage, Usage, sparkline
from flagops.terminal.listing import Column, Gives, Listing

NOT_COUNTED = (
    "Nothing was counted at all. Flagsmith counts what SDKs report (their option enable_analytics), by its task "
    "processor, once an hour, and only with the variable USE_POSTGRES_FOR_ANALYTICS, which this platform sets for each "
    "stack. `ff status` shows whether the task processor runs."
)


def show(console: Console, notes: Console, found: Usage) -> None:
    """A table of the used flags, then the unused ones; the hint that nothing was counted goes to `notes`."""
    places = ", ".join(found.environments)
    if found.used:
        days = f"{found.first} TO {found.today}"
        table = Listing(
            [Column("FLAG"), Column("TOTAL", is_number=True), Column("LAST USED"), Column(days, Gives.LEFT_OUT)]
        )
        for item in found.used:
            table.add(name_of(item), f"{item.total:,}", str(item.last), sparkline(item, found.days))
        console.print(table)
    if found.unused and found.used:
        console.print()
    if found.unused:
        console.print(f"Not used since {found.first} in {places}:", style="yellow", markup=False)
        table = Listing([Column("FLAG"), Column("AGE", is_number=True), Column("OWNER", Gives.BELOW)])
        for item in found.unused:
            table.add(name_of(item), age(item, found), item.owner or "-", style="yellow")
        console.print(table)
    if not found.used:
        notes.print(NOT_COUNTED, style="yellow", markup=False, soft_wrap=True)


def name_of(item: FlagUsage) -> str:
    """The flag's name, and whether it is archived."""
    return f"{item.name} (archived)" if item.is_archived else item.name


def age(item: FlagUsage, found: Usage) -> str:
    """For how long there is the flag."""
    days = (found.today - item.created).days
    return f"{days} day{'' if days == 1 else 's'}"


def as_json(found: Usage) -> dict[str, Any]:
    """All of it, for programs; `unused` names the flags without a single evaluation."""
    return {
        "from": str(found.first),
        "to": str(found.today),
        "environments": found.environments,
        "counted": bool(found.used),
        "flags": [
            {
                "name": item.name,
                "total": item.total,
                "last_used": str(item.last) if item.last else None,
                "created": str(item.created),
                "owner": item.owner,
                "archived": item.is_archived,
                "days": {str(day): count for day, count in item.days.items()},
            }
            for item in found.flags
        ],
        "unused": [item.name for item in found.unused],
    }
