"""`ff flags`: the flags of a stack."""

from pathlib import Path
from typing import Annotated

import typer

from ops.commands.options import JsonOption, print_json
from ops.commands.stack import StackOption
from ops.console import output, progress
from ops.errors import OpsError
from ops.project import LOCAL

app = typer.Typer(no_args_is_help=True, help="The flags: what is served, and what is declared in git.")
CATALOGUE = Path("flags/catalogue.yaml")
CatalogueOption = Annotated[Path, typer.Argument(help="The catalogue's file.", metavar="[CATALOGUE]")]


@app.command()
def validate(
    *,
    catalogue: CatalogueOption = CATALOGUE,
    strict: Annotated[bool, typer.Option("--strict", help="Take warnings, such as expired flags, for errors.")] = False,
) -> None:
    """Check the catalogue: each problem with its file, line and key; exits with 1 when there is one."""
    from datetime import UTC, datetime

    from ops.flags.load import load, refused
    from ops.flags.rules import check

    declared, source = load(catalogue)
    found = check(declared, datetime.now(UTC).date())
    errors = [problem for problem in found if strict or not problem.is_warning]
    for problem in found:
        if problem not in errors:
            progress().print(f"Warning: {source.line(problem)}", style="yellow", markup=False, soft_wrap=True)
    if errors:
        raise refused(source, errors)
    counts = f"{len(declared.flags)} flags and {len(declared.segments)} segments"
    progress().print(f"{catalogue} is right: {counts} for {', '.join(declared.environments)}.", style="green")


@app.command()
def schema() -> None:
    """Print the JSON Schema of a catalogue, for editors; flags/catalogue.schema.json holds it."""
    from ops.flags.model import schema as made

    print_json(made())


@app.command()
def get(
    *,
    stack: StackOption = LOCAL,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="The environment's name.", show_default=False)
    ] = None,
    environment_key: Annotated[
        str | None,
        typer.Option("--environment-key", help="The environment's client-side key, in place of its name."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what an environment serves now to a client that says nothing about its user."""
    from rich.markup import escape
    from rich.table import Table

    from ops.access.site import open_site
    from ops.flagsmith import served
    from ops.flagsmith.deployed import flagsmith

    if (environment is None) == (environment_key is None):
        raise OpsError("Which environment?", hint="Give --environment NAME or --environment-key KEY, one of them.")
    with open_site(stack) as site, flagsmith(site) as client:
        key = environment_key or served.key_of(site, client, str(environment))
        found = served.flags(client, key)
    if as_json:
        print_json(found)
        return
    table = Table(box=None, pad_edge=False)
    for title in ("FLAG", "STATE", "VALUE", "TYPE"):
        table.add_column(title, overflow="fold")
    for flag in found:
        value = "" if flag.value is None else str(flag.value)
        table.add_row(escape(flag.name), "on" if flag.enabled else "off", escape(value), flag.kind)
    output().print(table)
