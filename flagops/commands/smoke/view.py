"""How the results are shown: a table for people, JUnit's XML for CI."""

from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.text import Text

from flagops.commands.smoke.model import CheckResult, CheckStatus
from flagops.files import make_directory
from flagops.terminal.listing import Column, Gives, Listing

STYLES = {CheckStatus.PASSED: "green", CheckStatus.FAILED: "red", CheckStatus.SKIPPED: "yellow"}


def show(console: Console, results: Sequence[CheckResult]) -> None:
    """Print the table."""
    table = Listing(
        [Column("CHECK"), Column("RESULT"), Column("SECONDS", is_number=True), Column("DETAIL", Gives.BELOW)]
    )
    for result in results:
        outcome = Text(str(result.outcome), STYLES[result.outcome])
        table.add(result.name, outcome, f"{result.seconds:.1f}", result.detail)
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
