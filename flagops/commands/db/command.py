"""`ff db`: the database, embedded or external."""

from typing import Annotated

import typer

from flagops.commands.db import connections as logic
from flagops.commands.db import view as db_report
from flagops.commands.db.backups import view as backups_report
from flagops.commands.db.backups.backup import backup as run_backup
from flagops.commands.db.backups.backup import backups as run_backups
from flagops.commands.db.backups.drill import drill as run_drill
from flagops.commands.db.backups.restore import restore as run_restore
from flagops.commands.db.psql import psql as run_psql
from flagops.commands.db.recovery import recover as run_recover
from flagops.commands.db.switchover import switchover as run_switchover
from flagops.commands.db.upgrade import check as check_upgrade
from flagops.commands.db.upgrade import upgrade as run_upgrade
from flagops.commands.deploy.command import deploy
from flagops.console import output, progress
from flagops.engines.deployer import EngineName
from flagops.errors import BadInputError
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.complete import quietly
from flagops.terminal.confirm import require_terminal, type_name
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import EngineOption, StackOption, YesOption

TROUBLE = 1
# The others are known to a Job that is made to list them, and a shell that completes makes nothing.
LATEST = quietly(lambda _: ["latest"])


FromStackOption = Annotated[
    str | None,
    typer.Option(
        "--from-stack",
        metavar="HOST",
        help="Take a backup of another stack, by its host; `unknown` for one in a bucket that does not say whose.",
        show_default=False,
    ),
]


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


def backup(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """Make a backup now, and keep it where the stack keeps its backups."""
    with open_instance(stack, needs_containers=True) as instance:
        made = run_backup(instance, on_line=_step)
    if as_json:
        print_json(made)
    else:
        output().print(f"{made.name}: {made.bytes} bytes, SHA-256 {made.sha256}")


def backups(*, stack: StackOption = LOCAL, as_json: JsonOption = False) -> None:
    """List the backups, the newest first."""
    with open_instance(stack, needs_containers=True) as instance:
        found = run_backups(instance)
    if as_json:
        print_json(found)
    else:
        backups_report.show_backups(output(), found)


def restore(
    *,
    wanted: Annotated[
        str | None,
        typer.Argument(
            metavar="BACKUP",
            help="A backup's name, `latest`, or a file from pg_dump.",
            autocompletion=LATEST,
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="TIME",
            help="In place of a backup, with a Cluster whose log is archived: the moment to go back to, such as "
            "2026-11-28T13:05:00Z.",
        ),
    ] = None,
    stack: StackOption = LOCAL,
    engine: EngineOption = None,
    owner: FromStackOption = None,
    yes: YesOption = False,
) -> None:
    """Replace the whole database with a backup. Flagsmith is down meanwhile; what is live now is backed up first.

    With --to, a Cluster of CloudNativePG is recovered beside the one that is live, which is kept; Flagsmith moves to it
    pod by pod.
    """
    if (wanted is None) is (to is None):
        raise BadInputError("Name a backup, or with --to a moment.", hint="`ff db backups` lists the backups.")
    if to is not None:
        _recover(to, stack, engine, yes=yes)
    else:
        _restore(str(wanted), stack, owner, yes=yes)


def _recover(to: str, stack: str, engine: EngineName | None, *, yes: bool) -> None:
    with open_instance(stack, needs_containers=True) as instance:
        progress().print(
            f"This makes a new Cluster with the database of the stack {stack} ({instance.context}) as it was at {to}, "
            "and moves Flagsmith to it. What is changed meanwhile is lost, and what was changed since then is in the "
            "old Cluster alone, which is kept.",
            style="yellow",
        )
        if not yes:
            _confirm("A restore", stack)
        done = run_recover(instance, to, lambda: deploy(stack, engine), _step)
        remove = f"{instance.kubectl} delete cluster {done.before}"
    output().print(f"{done.cluster} is live, as of {done.moment}. {done.before} is kept.", markup=False)
    output().print(
        f"When nobody needs it, take it out of postgres.cluster.kept, deploy, and: {remove}   (its volumes go with it)",
        markup=False,
    )


def _restore(wanted: str, stack: str, owner: str | None, *, yes: bool) -> None:
    with open_instance(stack, needs_containers=True) as instance:
        progress().print(
            f"This replaces the whole database of the stack {stack} ({instance.context}) by {wanted}. Flagsmith serves "
            "nothing meanwhile. What is live now is backed up first.",
            style="yellow",
        )
        if not yes:
            _confirm("A restore", stack)
        done = run_restore(instance, wanted, owner=owner, on_line=_step)
    output().print(f"{done.name} is live: {done.rows} rows. What was live before is the backup {done.safety}.")


def drill(
    *,
    wanted: Annotated[str, typer.Argument(metavar="BACKUP", help="A backup's name.", autocompletion=LATEST)] = "latest",
    stack: StackOption = LOCAL,
    owner: FromStackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try a backup in a scratch PostgreSQL: is it whole, how old is it, how long does a restore take?"""
    with open_instance(stack, needs_containers=True) as instance:
        found = run_drill(instance, wanted, owner=owner, on_line=_step)
    if as_json:
        print_json(found)
    else:
        backups_report.show_drill(output(), found)


def upgrade(
    *,
    version: Annotated[
        str, typer.Argument(help="A tag of the postgres image of a newer major, such as 18.0-bookworm.")
    ],
    stack: StackOption = LOCAL,
    engine: EngineOption = None,
    yes: YesOption = False,
) -> None:
    """Move the embedded PostgreSQL and its data to another major version. Flagsmith is down meanwhile."""
    with open_instance(stack, needs_containers=True) as instance:
        check_upgrade(instance, version)
        old = instance.settings.postgres.version
        progress().print(
            f"This moves the database of the stack {stack} ({instance.context}) from PostgreSQL {old} to {version}. "
            "Flagsmith serves nothing meanwhile. A backup is made first, and the old data is kept on the volume.",
            style="yellow",
        )
        if not yes:
            _confirm("An upgrade", stack)
        made = run_upgrade(instance, version, lambda: deploy(stack, engine), _step)
        major = old.partition(".")[0]
        remove = (
            f"{instance.kubectl} exec flagsmith-postgres-0 -- bash -c 'rm -r \"$DATA_VOLUME\"/.before-upgrade-{major}'"
        )
    output().print(f"PostgreSQL {version} serves. The backup from before is {made}.")
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
        if not yes:
            _confirm("A switchover", stack)
        done = run_switchover(instance, to, _step)
    output().print(f"{done.primary} is the primary, {done.before} was. It took {done.seconds:.0f} s.", markup=False)


def _step(line: str) -> None:
    progress().print(line, markup=False)


def _confirm(what: str, stack: str) -> None:
    require_terminal(what)
    type_name("Type the stack's name to go on", stack, called="the stack's name")
