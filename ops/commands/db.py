"""`ff db`: the database, embedded or external."""

from typing import Annotated

import typer

from ops.commands.options import JsonOption, print_json
from ops.commands.stack import StackOption
from ops.console import output, progress
from ops.project import LOCAL

app = typer.Typer(no_args_is_help=True, help="Look into the database, embedded or external.")
TROUBLE = 1


@app.command()
def check(*, stack: StackOption = LOCAL) -> None:
    """Run Django's check of the database in an API pod (`manage.py check --database default`)."""
    from ops.access.site import open_site
    from ops.database import connections as logic

    with open_site(stack) as site:
        output().out(logic.check(site), highlight=False)


@app.command()
def connections(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """Show who is connected, by state and client, against how many the server takes; exits with 1 from 70 % on."""
    from ops.access.site import open_site
    from ops.database import connections as logic
    from ops.database import report

    with open_site(stack) as site:
        found = logic.connections(site)
    if as_json:
        facts = {name: value for name, value in vars(found).items() if name != "rows"}
        print_json({**facts, "share": found.share, "is_fine": found.is_fine, "connections": found.rows})
    else:
        report.show(output(), found)
    if not found.is_fine:
        progress().print(
            f"{found.share:.0%} of the connections are in use: lower gunicorn.workers, gunicorn.threads or "
            "replicas, or raise postgres.maxConnections (feature-flags settings).",
            style="red",
        )
        raise typer.Exit(TROUBLE)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def psql(
    *,
    stack: StackOption = LOCAL,
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments for psql, after `--`.")] = None,
) -> None:
    """Open an SQL prompt on the database."""
    from ops.access.site import open_site
    from ops.database.psql import psql as run

    with open_site(stack) as site:
        code = run(site, arguments or [])
    raise typer.Exit(code)
