"""What the commands of `ff flags` share: where the catalogue is, which Flagsmith is meant, and how it is read."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.flags.catalogue.complete import CATALOGUE as CATALOGUE
from flagops.commands.flags.catalogue.complete import placed
from flagops.commands.flags.catalogue.load import load, refused
from flagops.commands.flags.catalogue.rules import check
from flagops.console import progress
from flagops.errors import BadInputError
from flagops.project import path_of

if TYPE_CHECKING:
    from flagops.commands.flags.catalogue.load import CatalogueFile
    from flagops.commands.flags.catalogue.model import Catalogue


WARNINGS = 10
CatalogueArgument = Annotated[
    Path, typer.Argument(help="The catalogue's file.", metavar="[CATALOGUE]", callback=placed)
]
CatalogueOption = Annotated[Path, typer.Option("--catalogue", "-c", help="The catalogue's file.", callback=placed)]
NamedOption = Annotated[
    Path | None,
    typer.Option(
        "--catalogue", "-c", help="The catalogue's file, in place of the argument.", show_default=False, metavar="PATH"
    ),
]
UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="The address of a Flagsmith, with an organisation's API key in FLAGSMITH_API_KEY; in place of a stack.",
        show_default=False,
    ),
]
ProjectOption = Annotated[
    str | None,
    typer.Option("--project", help="The project's name. Default: the stack's, or the only one.", show_default=False),
]
StrictOption = Annotated[bool, typer.Option("--strict", help="Treat warnings, such as expired flags, as errors.")]


def one_of(argument: Path, option: Path | None) -> Path:
    """The catalogue that was named, as an argument or by `--catalogue`. Raises OpsError where both are."""
    if option is None:
        return argument
    if argument != CATALOGUE:
        raise BadInputError(f"The catalogue is named twice: {argument} and --catalogue {option}.", hint="Name one.")
    return option


def read(path: Path, *, strict: bool = False) -> "tuple[Catalogue, CatalogueFile]":
    """The catalogue, checked; its warnings are printed. Raises CatalogueError when it is wrong."""
    declared, source = load(path)
    found = check(declared, datetime.now(UTC).date())
    errors = [problem for problem in found if strict or not problem.is_warning]
    warnings = [problem for problem in found if problem.is_warning and not strict]
    for problem in warnings[:WARNINGS]:
        progress().print(f"Warning: {source.line(problem)}", style="yellow", markup=False, soft_wrap=True)
    if len(warnings) > WARNINGS:
        progress().print(f"Warning: and {len(warnings) - WARNINGS} more; --strict names all.", style="yellow")
    if errors:
        raise refused(source, errors)
    return declared, source


KnownOption = Annotated[
    Path | None,
    typer.Option(
        "--catalogue",
        "-c",
        help=f"The catalogue, which knows owners and expiry. Default: {CATALOGUE}, if it is there.",
        show_default=False,
    ),
]


def known(path: Path | None) -> "Catalogue | None":
    """The catalogue at `path`; without one that of the default place, if there is one."""
    if path is None:
        path = path_of(CATALOGUE)
        if not path.exists():
            return None
    return read(path)[0]
