"""How the plan of an upgrade is shown to people."""

from rich.console import Console
from rich.markup import escape

from flagops.commands.upgrade.plan import UpgradePlan

SHOWN = 40


def show(console: Console, plan: UpgradePlan) -> None:
    """Print what it migrates and what it changes."""
    console.print(f"[bold]{plan.before} to {plan.after}[/]")
    if plan.warning:
        console.print(f"[yellow]{escape(plan.warning)}[/]")
    if plan.migrations is None:
        console.print(f"[yellow]What {plan.after} migrates is not known: the Job that asks it printed no plan.[/]")
    else:
        _show_migrations(console, plan.migrations)
    for line in plan.keys:
        console.print(f"[yellow]{escape(line)}[/]")
    if plan.refusal is not None:
        console.print(f"[red]The deployment would end after its migration: {escape(plan.refusal)}[/]")
    console.print(f"{len(plan.differences)} objects change:")
    for item in plan.differences:
        console.print(f"  {item.action:8} {escape(item.name)}")


def _show_migrations(console: Console, migrations: list[str]) -> None:
    console.print(f"{len(migrations)} migrations" + (":" if migrations else "."))
    for name in migrations[:SHOWN]:
        console.print(f"  {escape(name)}")
    if len(migrations) > SHOWN:
        console.print(f"  … and {len(migrations) - SHOWN} more")
