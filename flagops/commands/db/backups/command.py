"""`ff db backup`, `backups`, `drill` and `restore`: the database's dumps, and a Cluster's base backups."""

from typing import Annotated

import typer

from flagops.commands.db.backups import listed, view
from flagops.commands.db.backups.backup import backup as run_backup
from flagops.commands.db.backups.backup import backups as run_backups
from flagops.commands.db.backups.base import archive
from flagops.commands.db.backups.base.drill import drill as drill_base
from flagops.commands.db.backups.drill import LATEST
from flagops.commands.db.backups.drill import drill as run_drill
from flagops.commands.db.backups.recovery import check as check_recovery
from flagops.commands.db.backups.recovery import recover as run_recover
from flagops.commands.db.backups.restore import chosen
from flagops.commands.db.backups.restore import restore as run_restore
from flagops.commands.db.steps import confirm, step
from flagops.commands.deploy.command import deploy
from flagops.commands.deploy.moving import DATA_STEPS, UNDER_WAY, alone, refuse_moving
from flagops.console import output, progress
from flagops.engines.deployer import EngineName
from flagops.errors import BadInputError
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.complete import quietly
from flagops.terminal.options import JsonOption, print_json
from flagops.terminal.stack_options import EngineOption, StackOption, YesOption


def _names(ctx: typer.Context) -> list[str]:
    """What a BACKUP may be; of base backups none are noted."""
    dumps = [] if ctx.params.get("base") else listed.names(ctx.params.get("stack") or LOCAL)
    return [LATEST, *dumps]


NAMES = quietly(_names)

FromStackOption = Annotated[
    str | None,
    typer.Option(
        "--from-stack",
        metavar="HOST",
        help="Take a backup of another stack, by its host; `unknown` for one in a bucket that does not say whose.",
        show_default=False,
    ),
]


BaseOption = Annotated[
    bool,
    typer.Option(
        "--base",
        help="Base backups of a Cluster of CloudNativePG, in its archive, not dumps.",
    ),
]


def backup(*, stack: StackOption = LOCAL, base: BaseOption = False, as_json: JsonOption = False) -> None:
    """Make a backup now, and keep it where the stack keeps its backups."""
    with open_instance(stack, needs_containers=True) as instance:
        made = archive.make(instance, step) if base else run_backup(instance, on_line=step)
    if as_json:
        print_json(made)
    elif isinstance(made, archive.BaseBackup):
        output().print(f"{made.name}: {made.state}, {made.id} in the archive", markup=False)
    else:
        output().print(f"{made.name}: {made.bytes} bytes, SHA-256 {made.sha256}")


def backups(*, stack: StackOption = LOCAL, base: BaseOption = False, as_json: JsonOption = False) -> None:
    """List the backups, the newest first."""
    if base:
        with open_instance(stack) as instance:
            archived = archive.base_backups(instance)
        if as_json:
            print_json(archived)
        else:
            view.show_base_backups(output(), archived)
        return
    with open_instance(stack, needs_containers=True) as instance:
        found = run_backups(instance)
        listed.keep(instance.stack.name, [item.name for item in found])
    if as_json:
        print_json(found)
    else:
        view.show_backups(output(), found)


def restore(
    *,
    wanted: Annotated[
        str | None,
        typer.Argument(
            metavar="BACKUP",
            help="A backup's name, `latest`, or a file from pg_dump.",
            autocompletion=NAMES,
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
        _require_own(owner, "--to")
        _recover(to, stack, engine, yes=yes)
    else:
        _restore(str(wanted), stack, owner, yes=yes)


def _require_own(owner: str | None, option: str) -> None:
    if owner is not None:
        raise BadInputError(
            f"--from-stack is for dumps, and {option} is not.",
            hint=f"An archive belongs to one Cluster: leave out --from-stack, or {option}.",
        )


def _recover(to: str, stack: str, engine: EngineName | None, *, yes: bool) -> None:
    with open_instance(stack, needs_containers=True) as instance:
        refuse_moving(instance.stack, UNDER_WAY)
        check_recovery(instance, to)
        progress().print(
            f"This makes a new Cluster with the database of the stack {stack} ({instance.context}) as it was at {to}, "
            "and moves Flagsmith to it. What is changed meanwhile is lost, and what was changed since then is in the "
            "old Cluster alone, which is kept.",
            style="yellow",
        )
        if not yes:
            confirm("A restore", stack)
        with alone(instance):
            done = run_recover(instance, to, lambda: deploy(stack, engine), step)
        remove = f"{instance.kubectl} delete clusters.postgresql.cnpg.io {done.before}"
    output().print(f"{done.cluster} is live, as of {done.moment}. {done.before} is kept.", markup=False)
    output().print(
        f"When nobody needs it: {remove}   (its volumes go with it). Then take it out of postgres.cluster.kept; "
        "docs/data-tier.md#back-to-a-moment says what else.",
        markup=False,
    )


def _restore(wanted: str, stack: str, owner: str | None, *, yes: bool) -> None:
    with open_instance(stack, needs_containers=True) as instance:
        refuse_moving(instance.stack, DATA_STEPS)
        step(f"Looking for the backup {wanted}…")
        there = chosen(instance, wanted, owner)
        said = f"This replaces the whole database of the stack {stack} ({instance.context}) by {there.name}."
        rest = "Flagsmith serves nothing meanwhile. What is live now is backed up first."
        progress().print(said, rest, style="yellow")
        if not yes:
            confirm("A restore", stack)
        with alone(instance):
            done = run_restore(instance, there, owner=owner, on_line=step)
    output().print(f"{done.name} is live: {done.rows} rows restored. What was live before is the backup {done.safety}.")


def drill(
    *,
    wanted: Annotated[str, typer.Argument(metavar="BACKUP", help="A backup's name.", autocompletion=NAMES)] = LATEST,
    stack: StackOption = LOCAL,
    base: BaseOption = False,
    owner: FromStackOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try a backup in a scratch PostgreSQL: is it whole, how old is it, how long does a restore take?

    With --base, it is recovered into a Cluster of its own with the log since then, compared with the live database
    table by table, and removed again.
    """
    if base:
        _require_own(owner, "--base")
    with open_instance(stack, needs_containers=True) as instance:
        if base:
            found = drill_base(instance, None if wanted == LATEST else wanted, step)
        else:
            found = run_drill(instance, wanted, owner=owner, on_line=step)
    if as_json:
        print_json(found)
    else:
        view.show_drill(output(), found)
