"""`ff audit`: who changed which flag, segment or environment, and when."""

import json
from pathlib import Path
from typing import Annotated

import typer

from flagops.commands.audit import read, view
from flagops.commands.audit.trace import traced
from flagops.commands.flags.catalogue.complete import environments, flags
from flagops.commands.flags.history.applies import of_file, of_stack
from flagops.console import output, progress
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.stack_options import StackOption

MOST = 10_000
"""Entries of one question. A container's log is kept to 10 MiB by default, which holds some 10,000 usual entries."""


def audit(
    *,
    stack: StackOption = LOCAL,
    since: Annotated[
        str | None, typer.Option("--since", help="The earliest time, in UTC, or how long ago, such as 24h.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="The latest time, in the same form.")] = None,
    actor: Annotated[
        str | None, typer.Option("--actor", help="A person's e-mail, an API key's name or prefix, or `server`.")
    ] = None,
    feature: Annotated[str | None, typer.Option("--feature", help="A flag's name.", autocompletion=flags)] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", help="An environment's name.", autocompletion=environments)
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=MOST, help="How many of the newest entries.")] = 100,
    applies: Annotated[
        list[Path] | None,
        typer.Option("--applies", help="A file of `ff flags apply --record`, beside what the stack keeps; repeat."),
    ] = None,
    repository: Annotated[
        str | None, typer.Option("--repository", help="The address where commits can be seen. Default: as recorded.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one line for each entry.")] = False,
) -> None:
    """Show who changed which flag, segment or environment, from what to what; the newest last.

    The open-source edition keeps an audit log but does not show it. A Job reads it from the stack's database, with a
    role that may read nothing else. Changes by `ff flags apply` are shown with their commit.
    """
    kept = [run for path in applies or () for run in of_file(path)]
    wanted = read.EntryFilter(
        since=None if since is None else read.moment(since, "--since"),
        until=None if until is None else read.moment(until, "--until"),
        actor=actor,
        feature=feature,
        environment=environment,
        limit=limit,
    )
    with open_instance(stack, needs_containers=True) as instance:
        entries = traced(read.read(instance, wanted), [*kept, *of_stack(instance)], repository=repository)
    if as_json:
        for entry in entries:
            output().out(json.dumps(entry), highlight=False)
    elif entries:
        view.show(output(), entries)
    else:
        progress().print("The audit log has no such entry.")
