"""How the plan of an upgrade is shown to people."""

from rich.console import Console
from rich.markup import escape

from ops.upgrade.plan import Plan

SHOWN = 40


def show(console: Console, plan: Plan) -> None:
    """Print what it migrates and what it changes."""
    console.print(f"[bold]{plan.before} to {plan.after}[/]")
    if plan.warning:
        console.print(f"[yellow]{escape(plan.warning)}[/]")
    console.print(f"{len(plan.migrations)} migrations" + (":" if plan.migrations else "."))
    for name in plan.migrations[:SHOWN]:
        console.print(f"  {escape(name)}")
    if len(plan.migrations) > SHOWN:
        console.print(f"  … and {len(plan.migrations) - SHOWN} more")
    console.print(f"{len(plan.differences)} objects change:")
    for item in plan.differences:
        console.print(f"  {item.action:8} {escape(item.name)}")
