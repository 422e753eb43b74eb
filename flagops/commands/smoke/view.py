"""How the results are shown: a table for people, JUnit's XML for CI."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flagops.commands.smoke.model import CheckResult, CheckStatus
from flagops.files import make_directory

STYLES = {CheckStatus.PASSED: "green", CheckStatus.FAILED: "red", CheckStatus.SKIPPED: "yellow"}


def show(console: Console, results: Sequence[CheckResult]) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False)
    for title in ("CHECK", "RESULT", "SECONDS"):
        table.add_column(title, no_wrap=True, justify="right" if title == "SECONDS" else "left")
    table.add_column("DETAIL", overflow="fold")
    for result in results:
        style = STYLES[result.outcome]
        table.add_row(result.name, f"[{style}]{result.outcome}[/]", f"{result.seconds:.1f}", escape(result.detail))
    console.print(table)


def show_unseen(console: Console, results: Sequence[CheckResult]) -> None:
    """Say which checks saw nothing, and why: that nothing failed says nothing of them."""
    for result in results:
        if result.outcome is CheckStatus.SKIPPED:
            console.print(f"Not seen: {result.name}: {result.detail}.", style="yellow", markup=False)


def totals(results: Sequence[CheckResult]) -> str:
    """How many passed, failed and were skipped."""
    counts = {outcome: sum(1 for result in results if result.outcome is outcome) for outcome in CheckStatus}
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)


def write_junit(path: Path, results: Sequence[CheckResult], *, suite: str) -> None:
    """Write JUnit's XML, as CI systems read it; the directory is made."""
    make_directory(path.parent, hint="Name a file in a directory you can write to.")
    failures = [result for result in results if result.outcome is CheckStatus.FAILED]
    skipped = [result for result in results if result.outcome is CheckStatus.SKIPPED]
    root = ElementTree.Element(
        "testsuite",
        name=suite,
        tests=str(len(results)),
        failures=str(len(failures)),
        skipped=str(len(skipped)),
        errors="0",
        time=f"{sum(result.seconds for result in results):.3f}",
    )
    for result in results:
        case = ElementTree.SubElement(root, "testcase", classname=suite, name=result.name, time=f"{result.seconds:.3f}")
        if result.outcome is CheckStatus.FAILED:
            ElementTree.SubElement(case, "failure", message=result.detail).text = result.detail
        elif result.outcome is CheckStatus.SKIPPED:
            ElementTree.SubElement(case, "skipped", message=result.detail)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
