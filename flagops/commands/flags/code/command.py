"""`ff flags codegen` and `references`: from the catalogue to code, and back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flagops.commands.flags.catalogue.options import CATALOGUE, CatalogueOption, read
from flagops.commands.flags.code import codegen as python_module
from flagops.commands.flags.code import typescript as typescript_module
from flagops.commands.flags.code.openfeature import SCHEMA, manifest
from flagops.commands.flags.code.references import references as find
from flagops.console import output, progress
from flagops.errors import BadInputError, FailedError, RefusedError
from flagops.files import make_directory, text_there
from flagops.terminal.listing import Column, Gives, Listing
from flagops.terminal.options import JsonOption, print_json

if TYPE_CHECKING:
    from flagops.commands.flags.catalogue.problems import FileLine
    from flagops.commands.flags.code.references import References

STDOUT = Path("-")
SHOWN = 3  # places of a flag in the table; --json has all


def codegen(
    *,
    catalogue: CatalogueOption = CATALOGUE,
    python: Annotated[
        Path | None, typer.Option("--python", help="The Python module to write; - for stdout.", show_default=False)
    ] = None,
    typescript: Annotated[
        Path | None,
        typer.Option("--typescript", help="The TypeScript module to write; - for stdout.", show_default=False),
    ] = None,
    openfeature: Annotated[
        Path | None,
        typer.Option("--openfeature", help="The OpenFeature manifest to write; - for stdout.", show_default=False),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 when a file is not what it would be.")
    ] = False,
) -> None:
    """Write the flags as a typed module for Python or TypeScript, and as a manifest for the OpenFeature CLI."""
    makers = ((python, python_module.module), (typescript, typescript_module.module), (openfeature, manifest))
    wanted = [path for path, _ in makers if path is not None]
    if not wanted:
        hint = "Give --python FILE, --typescript FILE, --openfeature FILE, or several."
        raise BadInputError("There is nothing to write.", hint=hint)
    places = [path.resolve() for path in wanted]
    for path in wanted:
        if places.count(path.resolve()) > 1:
            raise BadInputError(f"{path} is given twice: each needs a file of its own.")
    if check and STDOUT in wanted:
        raise BadInputError("--check compares files, and - is not a file.", hint="Name the file that is in git.")
    declared, _ = read(catalogue)
    # All is made before anything is written.
    files = {path: make(declared) for path, make in makers if path is not None}
    if check:
        _check(files)
        return
    for path, text in files.items():
        _write(path, text)


def _check(files: Mapping[Path, str]) -> None:
    old = [path for path, text in files.items() if _current(path) != text]
    if old:
        state = [f"{path} {'is not what the catalogue says' if path.exists() else 'is missing'}." for path in old]
        raise FailedError("\n".join(state), hint="Run the same command without --check, and commit what it writes.")
    progress().print(f"{', '.join(map(str, files))}: up to date.", style="green", markup=False, soft_wrap=True)


def _write(path: Path, text: str) -> None:
    if path == STDOUT:
        output().out(text, end="", highlight=False)
        return
    current = _current(path)
    if current == text:
        progress().print(f"{path} is up to date.", markup=False, soft_wrap=True)
        return
    if current and python_module.MARK not in current and SCHEMA not in current:
        raise RefusedError(f"{path} was not written by this command.", hint="Name another file, or remove this one.")
    make_directory(path.parent, hint="Name another file.")
    path.write_text(text, encoding="utf-8")
    progress().print(f"{path} was written.", markup=False, soft_wrap=True)


def _current(path: Path) -> str | None:
    return text_there(path)


def references(
    paths: Annotated[list[Path], typer.Argument(help="Files and directories with source code.", metavar="PATH...")],
    *,
    catalogue: CatalogueOption = CATALOGUE,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 also for unused flags, and for expired ones in use.")
    ] = False,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", help="A name that looks like a flag but is not one; repeat for more.", metavar="NAME"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show where code uses each flag; exits with 1 when it uses one that is not declared."""
    declared, _ = read(catalogue)
    today = datetime.now(UTC).date()
    found = find(declared, paths, own=catalogue, today=today, ignored=ignore or ())
    if as_json:
        print_json(_plain(found))
    else:
        days = {name: str(flag.expires) for name, flag in declared.flags.items()}
        _show(found, days)
    if found.undeclared or (strict and (found.unused or found.expired)):
        raise typer.Exit(1)


def _plain(found: "References") -> dict[str, object]:
    def places(some: "Mapping[str, tuple[FileLine, ...]]") -> dict[str, list[dict[str, object]]]:
        return {name: [{"file": str(one.path), "line": one.line} for one in all_] for name, all_ in some.items()}

    return {
        "files": found.files,
        "uses": places(found.uses),
        "undeclared": places(found.undeclared),
        "unused": found.unused,
        "expired": found.expired,
    }


def _show(found: "References", days: Mapping[str, str]) -> None:
    output().print(table(found.uses))
    undeclared = [f"{name}  {_first(places)}" for name, places in found.undeclared.items()]
    expired = [f"{name}  since {days[name]}, {_first(found.uses[name])}" for name in found.expired]
    sections = {
        "Used, and not declared": undeclared,
        "Declared, and not used": found.unused,
        "Past their day, and still used": expired,
    }
    for title, lines in sections.items():
        if lines:
            output().print("\n".join(["", f"{title}:", *(f"  {line}" for line in lines)]), markup=False)


def table(uses: "Mapping[str, tuple[FileLine, ...]]") -> Listing:
    """The flags that are used, for people."""
    made = Listing([Column("FLAG"), Column("USES", is_number=True), Column("PLACES", Gives.BELOW)])
    for name, places in uses.items():
        made.add(name, str(len(places)), _first(places))
    return made


def _first(places: "tuple[FileLine, ...]") -> str:
    more = [f"and {len(places) - SHOWN} more"] if len(places) > SHOWN else []
    return ", ".join([*map(str, places[:SHOWN]), *more])
