"""How findings are shown to people."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from flagops.commands.doctor.model import DoctorFinding


def show(console: Console, findings: Sequence[DoctorFinding]) -> None:
    """Print each: what, evidence, fix."""
    for finding in findings:
        console.print(f"[bold red]{finding.name}[/]  {escape(finding.what)}")
        for line in finding.evidence:
            console.print(f"  seen  {escape(line)}")
        console.print(f"  [bold]fix[/]   {escape(finding.fix)}")
