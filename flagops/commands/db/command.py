"""`ff db`: the database, embedded or external."""

from typing import Annotated

import typer

from flagops.commands.db import connections as logic
from flagops.commands.db import view as db_report
from flagops.commands.db.psql import psql as run_psql
from flagops.commands.db.steps import confirm, step
from flagops.commands.db.switchover import check as check_switchover
from flagops.commands.db.switchover import switchover as run_switchover
from flagops.commands.db.upgrade import check as check_upgrade
from flagops.commands.db.upgrade import go_on, is_unfinished
from flagops.commands.db.upgrade import upgrade as run_upgrade
from flagops.commands.deploy.command import deploy
from flagops.commands.deploy.moving import DATA_STEPS, UNDER_WAY, alone, refuse_moving
from flagops.console import output, progress
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import EngineOption, StackOption, YesOption

TROUBLE = 1


def check(*, stack: StackOption = LOCAL) -> None:
    """Run Django's check of the database in an API pod (`manage.py check --database default`)."""
    with open_instance(stack, needs_containers=True) as instance:
        output().out(logic.check(instance), highlight=False)


def connections(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """Show who is connected, by state and client, and how many the server allows; exits with 1 from 70 % on."""
    with open_instance(stack, needs_containers=True) as instance:
        found = logic.connections(instance)
    if as_json:
        facts = {name: value for name, value in vars(found).items() if name != "rows"}
        print_json({**facts, "share": found.share, "is_fine": found.is_fine, "connections": found.rows})
    else:
        db_report.show(output(), found)
    if not found.is_fine:
        progress().print(
            f"{found.share:.0%} of the connections are in use: lower gunicorn.workers, gunicorn.threads or "
            "replicas, or raise postgres.maxConnections (feature-flags settings).",
            style="red",
        )
        raise typer.Exit(TROUBLE)


def psql(
    *,
    stack: StackOption = LOCAL,
    superuser: Annotated[
        bool,
        typer.Option(
            "--superuser",
            help="Connect as the embedded server's superuser, to the database `postgres`. Without it "
            "you have Flagsmith's rights.",
        ),
    ] = False,
    arguments: Annotated[list[str] | None, typer.Argument(help="Arguments for psql, after `--`.")] = None,
) -> None:
    """Open an SQL prompt on the database, with the rights that Flagsmith has."""
    with open_instance(stack, needs_containers=True) as instance:
        code = run_psql(instance, arguments or [], as_superuser=superuser)
    raise typer.Exit(code)


def upgrade(
    *,
    version: Annotated[
        str,
        typer.Argument(
            help="A tag of a newer major: of the postgres image, such as 18.0-bookworm; with a Cluster, of "
            "CloudNativePG's, such as 18.4-system-trixie."
        ),
    ],
    stack: StackOption = LOCAL,
    engine: EngineOption = None,
    yes: YesOption = False,
) -> None:
    """Move the stack's own PostgreSQL and its data to another major version. Flagsmith is down meanwhile."""
    with open_instance(stack, needs_containers=True) as instance:
        refuse_moving(instance.stack, UNDER_WAY)
        if is_unfinished(instance, version):
            with alone(instance):
                go_on(instance, lambda: deploy(stack, engine), step)
            output().print(f"PostgreSQL {version} serves. `ff db backups` lists the backup from before.")
            return
        check_upgrade(instance, version)
        postgres = instance.settings.postgres
        old = postgres.cluster.version if postgres.clustered else postgres.version
        kept = "all servers stop" if postgres.clustered else "the old data is kept on the volume"
        progress().print(
            f"This moves the database of the stack {stack} ({instance.context}) from PostgreSQL {old} to {version}. "
            f"Flagsmith serves nothing meanwhile. A backup is made first, and {kept}.",
            style="yellow",
        )
        if not yes:
            confirm("An upgrade", stack)
        try:
            with alone(instance):
                made = run_upgrade(instance, version, lambda: deploy(stack, engine), step)
        except KeyboardInterrupt:
            step(f"Stopped. `ff db upgrade {version} --stack {stack}` goes on; until then, what was stopped stays so.")
            raise
        major = old.partition(".")[0]
        remove = (
            f"{instance.kubectl} exec flagsmith-postgres-0 -- bash -c 'rm -r \"$DATA_VOLUME\"/.before-upgrade-{major}'"
        )
    output().print(f"PostgreSQL {version} serves. The backup from before is {made}.")
    if not postgres.clustered:
        output().print(f"When you trust it, remove the old data: {remove}", markup=False)


def switchover(
    *,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="POD", help="The server that takes over. Default: a standby that is ready."),
    ] = None,
    stack: StackOption = LOCAL,
    yes: YesOption = False,
) -> None:
    """Make a standby of a Cluster of CloudNativePG the primary, and wait until all is well.

    For some seconds nothing can be written; flags are served from caches meanwhile.
    """
    with open_instance(stack, needs_containers=True) as instance:
        refuse_moving(instance.stack, DATA_STEPS)
        target = check_switchover(instance, to)
        progress().print(
            f"This makes {target} the primary of the stack {stack} ({instance.context}). Nothing can be written "
            "meanwhile.",
            style="yellow",
        )
        if not yes:
            confirm("A switchover", stack)
        with alone(instance):
            done = run_switchover(instance, target, step)
    output().print(f"{done.primary} is the primary, {done.before} was. It took {done.seconds:.0f} s.", markup=False)
