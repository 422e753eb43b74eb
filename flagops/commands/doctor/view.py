"""How findings are shown to people."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape

from flagops.commands.doctor.model import DoctorFinding
from flagops.console import first_few


def show(console: Console, findings: Sequence[DoctorFinding], *, every: bool = False) -> None:
    """Print what, evidence, fix: those of one name together, the first few of them or with `every` all."""
    for name in dict.fromkeys(finding.name for finding in findings):
        texts = ["\n".join(_lines(finding)) for finding in findings if finding.name == name]
        for text in first_few(texts, "--verbose", every=every):
            console.print(text)


def _lines(finding: DoctorFinding) -> Iterator[str]:
    yield f"[bold red]{finding.name}[/]  {escape(finding.what)}"
    for line in finding.evidence:
        yield f"  seen  {escape(line)}"
    yield f"  [bold]fix[/]   {escape(finding.fix)}"
