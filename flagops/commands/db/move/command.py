"""`ff db move`: from an embedded PostgreSQL into a Cluster of CloudNativePG, and back."""

from threading import Event
from typing import Annotated

import typer

from flagops.commands.db.move import plan
from flagops.commands.db.move.run import MoveRun
from flagops.commands.db.move.run import move as run_move
from flagops.commands.db.move.undo import forget as run_forget
from flagops.commands.db.move.undo import require_kept, take_back
from flagops.commands.deploy.command import deploy
from flagops.commands.deploy.moving import alone
from flagops.console import output, progress
from flagops.engines.deployer import EngineName
from flagops.errors import BadInputError, ConflictError
from flagops.project import LOCAL
from flagops.stacks.deployed import open_instance
from flagops.terminal.complete import quietly
from flagops.terminal.confirm import confirm, require_terminal, type_name
from flagops.terminal.stack_options import EngineOption, StackOption, YesOption

MODES = ("cloudnativepg", "embedded")


def move(
    *,
    to: Annotated[
        str | None,
        typer.Argument(
            metavar="MODE",
            help="Where to: `cloudnativepg` or `embedded`.",
            autocompletion=quietly(lambda _: list(MODES)),
            show_default=False,
        ),
    ] = None,
    stack: StackOption = LOCAL,
    engine: EngineOption = None,
    prepare: Annotated[
        bool,
        typer.Option("--prepare", help="Declare the other database only, so that you can set `postgres.cluster`."),
    ] = False,
    abort: Annotated[bool, typer.Option("--abort", help="Take back a move that is under way.")] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Delete the old database, with its data, after a move.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Move the database between an embedded PostgreSQL and a Cluster of CloudNativePG, with its data.

    It shows a plan first. While the data is copied, nothing can be written, and applications still get flags. The old
    database is kept until --forget. If a run was stopped, run it again: it goes on.
    """
    if [to is not None, abort, forget].count(True) != 1 or (prepare and to is None):
        raise BadInputError("Name the mode to move to, or give --abort or --forget alone.")
    if to is not None and to not in MODES:
        raise BadInputError(f"{to!r} must be {' or '.join(MODES)}.")
    is_taken = Event()
    run = MoveRun(
        lambda: open_instance(stack, needs_containers=True),
        lambda: deploy(stack, engine, moves=True),
        lambda line: say_step(line, is_taken),
    )
    with (
        run.opened() as instance,
        alone(instance, is_taken),
    ):
        if abort:
            _abort(run, stack, yes=yes)
        elif forget:
            _forget(run, stack, yes=yes)
        else:
            _move(run, str(to), stack, engine, prepare=prepare, yes=yes)


def _move(run: MoveRun, to: str, stack: str, engine: EngineName | None, *, prepare: bool, yes: bool) -> None:
    with run.opened() as instance:
        plan.check(instance, to)
        for line in plan.lines(instance, to):
            output().print(line, markup=False, soft_wrap=True)
        forget = f"ff db move --forget --stack {stack}"
    if not yes:
        require_terminal("A move")
        type_name("Type the stack's name to go on", stack, called="the stack's name")
    again = f"ff db move {to} --stack {stack}" + (f" --engine {engine.value}" if engine else "")
    try:
        run_move(run, to, prepare_only=prepare)
    except KeyboardInterrupt:
        progress().print(
            f"Stopped. `{again}` goes on where it was, and `ff db move --abort --stack {stack}` takes it back. Until "
            "then, what was stopped stays so.",
            style="yellow",
            markup=False,
        )
        raise
    if prepare:
        output().print(f"The other database is declared. Set postgres.cluster if you like, then: {again}", markup=False)
        return
    output().print(f"The database is {to}. The old one is kept, as it was when writes stopped.", markup=False)
    output().print(f"When you trust the new one: {forget}", markup=False)


def _abort(run: MoveRun, stack: str, *, yes: bool) -> None:
    if not yes:
        require_terminal("Taking a move back")
        confirm(f"Go back to the old database in the stack {stack!r}?")
    take_back(run.opened, run.deploy, run.on_step)
    output().print("Flagsmith serves from the old database.", markup=False)


def _forget(run: MoveRun, stack: str, *, yes: bool) -> None:
    with run.opened() as instance:
        kept = require_kept(instance)
        progress().print(
            f"This deletes the old {kept.beside} database of the stack {stack} ({instance.context}), with all "
            "its data. After that there is no way back to it.",
            style="yellow",
            markup=False,
        )
    if not yes:
        require_terminal("Deleting a database")
        type_name("Type the stack's name to go on", stack, called="the stack's name")
    done = run_forget(run.opened, run.deploy, run.on_step)
    output().print(f"The old {done} database is gone.", markup=False)


def say_step(line: str, is_taken: Event) -> None:
    """Say what is done now, unless another run does it: one that was out of reach for long counts as killed."""
    if is_taken.is_set():
        raise ConflictError("Another run has taken this move over. This one has ended where it was.")
    progress().print(line, markup=False, soft_wrap=True)
