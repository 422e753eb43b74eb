"""A move, step by step. Each is written down before the next: a run that was killed is gone on with where it ended."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from flagops.commands.db.move import importing, plan, route, servers
from flagops.commands.db.move.state import MoveState, state_of, write
from flagops.commands.db.move.undo import discard, hide_certificate, take_back
from flagops.errors import FailedError, OpsError
from flagops.stacks.deployed import Instance

TO_CLUSTER: Final = plan.TO_CLUSTER
# How many differences are shown of those that there are.
SHOWN: Final = 10


@dataclass(frozen=True)
class MoveRun:
    """What a move needs of its surroundings.

    Attributes:
        opened: Opens the stack's instance, as its file says by then.
        deploy: Deploys the stack as its file says.
        on_step: Gets each step, for people.
    """

    opened: Callable[[], AbstractContextManager[Instance]]
    deploy: Callable[[], None]
    on_step: Callable[[str], None]


def move(run: MoveRun, to: str, *, prepare_only: bool = False) -> None:
    """Move the database to the mode `to`, from wherever a run before has ended.

    Args:
        run: The surroundings.
        to: The mode.
        prepare_only: Whether the other database is declared only, so that its settings can be looked at.

    Raises:
        OpsError: A step failed. Before the last one, what was stopped goes on again, on the live database.
    """
    is_first = True
    while True:
        with run.opened() as instance:
            state = state_of(instance)
            if is_first and state.step == "switching" and servers.has_template(instance):
                # Who went back and was killed may have closed it.
                run.on_step("   The new database takes what is written…")
                servers.open_new(instance, run.on_step)
            is_first = False
            if state.mode == to and not state.is_under_way:
                # A run that was killed in its last deployment has left them open.
                if state.step == "kept" and servers.has_template(instance):
                    _close_ways(run)
                return
            if state.step == "prepared" and prepare_only:
                return
            _step(run, instance, state, to)


def _step(run: MoveRun, instance: Instance, state: MoveState, to: str) -> None:
    match state.step:
        case "prepared":
            _close(run, instance, to)
        case "stopped":
            _taken_back_if_it_fails(run, instance, lambda: _stop(run, instance, to))
        case "copying":
            _taken_back_if_it_fails(run, instance, lambda: _bring(run, instance, to))
        case "switching":
            _switch(run, instance, to)
        case _:
            _prepare(run, instance, to)


def _prepare(run: MoveRun, instance: Instance, to: str) -> None:
    plan.check(instance, to)
    run.on_step(f"1. Declaring the other database in {instance.stack.path.name} (postgres.move)…")
    write(instance.stack, beside=to, step="prepared")
    _declare(run, instance)


def _declare(run: MoveRun, instance: Instance) -> None:
    try:
        run.deploy()
    except OpsError as error:
        hint = (
            f"Flagsmith serves as before. Run this again to go on; `ff db move --abort --stack "
            f"{instance.stack.name}` takes it back."
        )
        raise error.reworded(error.message, hint=f"{error.hint} {hint}" if error.hint else hint) from None


def _close(run: MoveRun, instance: Instance, to: str) -> None:
    if to == TO_CLUSTER:
        importing.require_own(instance)
        importing.require_new_archive(instance)
        discard(instance, run.on_step)
    if not servers.is_declared(instance, to):
        # The run before was killed in that, or another postgres.cluster.name was set since.
        _declare(run, instance)
    run.on_step("2. Looking at what would not move, or could not…")
    for line in plan.require_movable(instance, servers.step(instance, "look"), to):
        run.on_step(f"   {line}")
    if to == TO_CLUSTER:
        servers.show_certificate(instance)
    else:
        servers.require_room(instance)
    run.on_step("3. Closing the dashboard and the admin API; the task processor stops…")
    write(instance.stack, beside=to, step="stopped")

    def closed() -> None:
        run.deploy()
        route.require_closed(instance)

    _taken_back_if_it_fails(run, instance, closed)


def _stop(run: MoveRun, instance: Instance, to: str) -> None:
    run.on_step("4. The live database takes nothing new…")
    servers.step(instance, "stop", run.on_step)
    write(instance.stack, beside=to, step="copying")


def _bring(run: MoveRun, instance: Instance, to: str) -> None:
    # Again, since it may have been allowed by who goes back and forth; it changes nothing where it is so.
    servers.step(instance, "stop", run.on_step)
    if to == TO_CLUSTER:
        run.on_step("5. The operator imports it into the new Cluster…")
        importing.begin(instance)
        importing.wait(instance, lambda said: run.on_step(f"   {said}"))
    else:
        run.on_step("5. Copying it to the embedded server…")
        servers.step(instance, "copy", run.on_step)
    run.on_step("   Comparing every table, sequence and large object…")
    found = servers.step(instance, "compare", run.on_step)
    if found["differences"]:
        shown = ", ".join(found["differences"][:SHOWN])
        raise FailedError(f"The two databases do not hold the same; these differ: {shown}.")
    run.on_step(f"   {found['tables']} tables with {found['rows']} rows are the same, and all else that there is.")
    if to != TO_CLUSTER:
        servers.step(instance, "swap", run.on_step)
    before = instance.settings.postgres.mode
    write(instance.stack, mode=to, beside=before, step="switching")


def _switch(run: MoveRun, instance: Instance, to: str) -> None:
    stack = instance.stack
    run.on_step(f"6. Flagsmith moves: postgres.mode is {to}…")
    try:
        run.deploy()
    except OpsError as error:
        hint = (
            "Pods that are not replaced read from the old database, which takes nothing new. "
            f"`ff db move {to} --stack {stack.name}` goes on. `ff db move --abort --stack {stack.name}` goes back to "
            "the old database, without what was written to the new one since."
        )
        raise error.reworded(error.message, hint=f"{error.hint} {hint}" if error.hint else hint) from None
    hide_certificate(instance, run.on_step)
    move_setting = instance.settings.postgres.move
    write(stack, beside=move_setting.beside if move_setting else None, step="kept")
    _close_ways(run)


def _close_ways(run: MoveRun) -> None:
    run.on_step("   Closing the ways that the move needed…")
    run.deploy()


def _taken_back_if_it_fails(run: MoveRun, instance: Instance, step: Callable[[], None]) -> None:
    """Do it; if it fails, let the live database be written to again, open the ways in, and start the tasks."""
    try:
        step()
    except OpsError as error:
        run.on_step(f"{error.message}\nThis failed. What was stopped is started again…")
        try:
            take_back(run.opened, run.deploy, run.on_step)
        except OpsError as second:
            raise error.reworded(
                f"{error.message}\nAnd taking it back failed: {second.message}",
                hint=f"`ff db move --abort --stack {instance.stack.name}` tries that again. Until then flags are read "
                "from the live database, and nothing can be written.",
            ) from None
        served = "Flagsmith serves from the old database, as before; nothing was lost."
        raise error.reworded(error.message, hint=f"{error.hint} {served}" if error.hint else served) from None
