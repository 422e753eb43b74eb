"""`ff flags validate` and `schema`: the catalogue by itself."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from flagops.commands.flags.catalogue.load import load
from flagops.commands.flags.catalogue.model import schema as made
from flagops.commands.flags.catalogue.options import (
    CATALOGUE,
    CatalogueArgument,
    NamedOption,
    StrictOption,
    one_of,
    read,
)
from flagops.commands.flags.catalogue.problems import CatalogueError, CatalogueFinding
from flagops.commands.flags.catalogue.rules import check
from flagops.console import progress
from flagops.terminal.options import JsonOption, print_json


def validate(
    *,
    catalogue: CatalogueArgument = CATALOGUE,
    named: NamedOption = None,
    strict: StrictOption = False,
    as_json: JsonOption = False,
) -> None:
    """Check the catalogue: each problem with its file, line, column and key; exits with 1 when there is one."""
    catalogue = one_of(catalogue, named)
    if as_json:
        report = _report(catalogue, strict=strict)
        print_json(report)
        if not report.is_right:
            raise typer.Exit(1)
        return
    declared, _ = read(catalogue, strict=strict)
    counts = f"{len(declared.flags)} flags and {len(declared.segments)} segments"
    progress().print(f"{catalogue} is right: {counts} for {', '.join(declared.environments)}.", style="green")


@dataclass(frozen=True)
class CatalogueReport:
    """What is wrong with a catalogue; `is_right` is whether it can be used."""

    catalogue: str
    is_right: bool
    problems: tuple[CatalogueFinding, ...]


def _report(path: Path, *, strict: bool) -> CatalogueReport:
    try:
        declared, source = load(path)
    except CatalogueError as error:
        return CatalogueReport(str(path), is_right=False, problems=error.findings)
    found = tuple(map(source.finding, check(declared, datetime.now(UTC).date())))
    return CatalogueReport(str(path), not any(strict or not item.is_warning for item in found), found)


def schema() -> None:
    """Print the JSON Schema of a catalogue, for editors; flags/catalogue.schema.json holds it."""
    print_json(made())
