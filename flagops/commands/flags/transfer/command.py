"""`ff flags export`, `diff` and `promote`: from a server into git, and from one environment to the next."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from flagops.commands.flags.catalogue.complete import environments, flags, flags_and_segments
from flagops.commands.flags.catalogue.options import CATALOGUE, CatalogueOption, ProjectOption, UrlOption, read
from flagops.commands.flags.catalogue.write import text_of
from flagops.commands.flags.reconcile.desired import desired
from flagops.commands.flags.reconcile.view import in_quotes, on_or_off
from flagops.commands.flags.server.read import read as snapshot
from flagops.commands.flags.transfer import differ
from flagops.commands.flags.transfer.export import export as exported
from flagops.commands.flags.transfer.follow import follow
from flagops.commands.flags.transfer.promote import promote as promoted
from flagops.commands.flags.transfer.settle import settled
from flagops.console import output, progress
from flagops.errors import BadInputError, NotFoundError, RefusedError
from flagops.flagsmith_api.connect import connect
from flagops.project import path_of
from flagops.terminal.listing import Column, Gives, Listing
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import SomeStackOption

Source = Annotated[
    str, typer.Argument(help="The environment to take from, such as staging.", autocompletion=environments)
]
Target = Annotated[
    str, typer.Argument(help="The environment to compare or change, such as production.", autocompletion=environments)
]


def export(
    *,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    project: ProjectOption = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write; standard output without it.")
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            "--like",
            help="A catalogue from which to take what only git knows: owners, kinds, access, expiry not applied yet.",
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="FLAG",
            help="Bring this flag or segment into the catalogue as it is live, and change nothing else; repeat.",
            autocompletion=flags_and_segments,
        ),
    ] = None,
) -> None:
    """Write a live project as a catalogue; `ff flags plan` then finds nothing to change.

    With --only, it writes what was changed by hand of single flags into the project's catalogue, or that of --like.
    """
    if only:
        if out is not None:
            raise BadInputError("--only changes the catalogue in place.", hint="Name it with --like, and leave --out.")
        follow_live(path_of(CATALOGUE) if like is None else like, only, stack=stack, url=url, project=project)
        return
    if out is not None and out.exists() and not force:
        raise RefusedError(f"{out} exists already.", hint="Add --force to write over it, or give another --out.")
    known = read(like)[0] if like else None
    with connect(stack=stack, url=url, project=project) as connection:
        found = snapshot(connection, [item.name for item in connection.environments])
        done = settled(exported(found, connection.name, known), found, out or CATALOGUE)
    for line in done.left_out:
        progress().print(f"Left out: {line}", style="yellow", markup=False, soft_wrap=True)
    for line in done.differing:
        progress().print(f"Differs: {line}", style="yellow", markup=False, soft_wrap=True)
    text = text_of(done.content)
    if out is None:
        output().out(text, highlight=False, end="")
        return
    out.write_text(text, encoding="utf-8")
    progress().print(f"{out}: {len(done.content['flags'])} flags.", style="green", markup=False)


def follow_live(path: Path, only: list[str], *, stack: str | None, url: str | None, project: str | None) -> None:
    """Make a catalogue say what is live of single flags and segments, and show the difference."""
    declared, _ = read(path)
    with connect(stack=stack, url=url, project=project or declared.project) as connection:
        found = snapshot(connection, declared.environments)
        places = {name: item for name, item in found.environments.items() if name in declared.environments}
        found = replace(found, environments=places)
        done = settled(exported(found, connection.name, declared), found, path)
    followed = follow(path, declared, done, found, only)
    for title, lines in (("Left out", done.left_out), ("Differs", done.differing)):
        for line in lines:
            if line.partition(": ")[0].split()[-1] in only:
                progress().print(f"{title}: {line}", style="yellow", markup=False, soft_wrap=True)
    if not followed.flags:
        progress().print(f"{path} says it already: nothing changed.", style="green", markup=False)
        return
    path.write_bytes(followed.text.encode())
    output().out(followed.diff, highlight=False)
    names = ", ".join(followed.flags)
    progress().print(f"{path}: {names} as live. Review and commit it.", style="green", markup=False)


def diff(
    *,
    source: Source,
    target: Target,
    catalogue: CatalogueOption = CATALOGUE,
    live: Annotated[bool, typer.Option("--live", help="Compare what is served instead of what is declared.")] = False,
    stack: SomeStackOption = None,
    url: UrlOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how two environments differ; exits with 2 if they do."""
    if not live and (stack or url):
        raise BadInputError("--stack and --url are for what is served.", hint="Add --live.")
    declared, _ = read(catalogue)
    if live:
        with connect(stack=stack, url=url, project=declared.project) as connection:
            for name in (source, target):
                connection.environment(name)
            found = snapshot(connection, (source, target))
        states, segments = differ.live_states(found), {name: str(item.rules) for name, item in found.segments.items()}
    else:
        for name in (source, target):
            if name not in declared.environments:
                raise NotFoundError(
                    f"{catalogue} has no environment {name!r}; there are: {', '.join(declared.environments)}."
                )
        wanted = desired(declared)
        states, segments = differ.declared_states(wanted), {k: str(item.rules) for k, item in wanted.segments.items()}
    rows = differ.differences(states, source, target, segments)
    if as_json:
        print_json(rows)
    elif rows:
        output().print(table(rows, source, target))
    else:
        progress().print(f"{source} and {target} are the same.", style="green")
    if rows:
        raise typer.Exit(2)


def table(rows: Iterable[differ.FlagDifference], source: str, target: str) -> Listing:
    """The differences for people."""
    sides = (Column(source.upper(), Gives.BELOW), Column(target.upper(), Gives.BELOW))
    made = Listing([Column("FLAG"), Column("FIELD"), *sides])
    for row in rows:
        words = on_or_off if row.field == "enabled" else in_quotes
        made.add(row.flag, row.field, words(row.one), words(row.other))
    return made


def promote(
    *,
    source: Source,
    target: Target,
    catalogue: CatalogueOption = CATALOGUE,
    only: Annotated[
        list[str] | None,
        typer.Option("--flag", help="A flag to promote; repeat. Default: all.", autocompletion=flags),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference, and change nothing.")] = False,
) -> None:
    """Copy flags from one environment of the catalogue to another: states, values, weights, targeting."""
    declared, _ = read(catalogue)
    done = promoted(catalogue, declared, source, target, only or ())
    if not done.flags:
        progress().print(f"{target} has all that {source} has: nothing changed.", style="green")
        return
    output().out(done.diff, highlight=False)
    if done.is_laid_out_anew:
        progress().print("Its layout cannot be kept: other lines change too, and say the same.", style="yellow")
    if dry_run:
        return
    catalogue.write_bytes(done.text.encode())
    read(catalogue)
    progress().print(
        f"{catalogue}: {target} is as {source} now, in {', '.join(done.flags)}.", style="green", markup=False
    )
    progress().print("Review and commit it; `ff flags apply` brings it to Flagsmith.")
