"""A move that is taken back, and a move whose old database nobody needs any more."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from components.kit import names
from flagops.commands.db.move import held, importing, servers
from flagops.commands.db.move.state import MoveState, state_of, stated, write
from flagops.errors import NotFoundError, OpsError, RefusedError
from flagops.kubernetes.objects import Ref
from flagops.pods.given_up import start_again
from flagops.pods.pods import PodComponent, is_ready, pods
from flagops.pods.writers import stop
from flagops.stacks.deployed import Instance
from flagops.waiting import NotYet, until

# The operator lets servers end; a volume goes when no pod has it any more.
GONE_SECONDS: Final = 900.0
STATEFUL_SET: Final = ("apps/v1", "StatefulSet", names.POSTGRES)
CLAIM: Final = ("v1", "PersistentVolumeClaim", names.POSTGRES_DATA)
Opened = Callable[[], AbstractContextManager[Instance]]
Deploy = Callable[[], None]
OnStep = Callable[[str], None]


def take_back(opened: Opened, deploy: Deploy, on_step: OnStep) -> None:
    """Go on with the old database, wherever a move is. Raises OpsError where there is none, or a step fails."""
    with opened() as instance:
        state = state_of(instance)
        if not state.is_under_way:
            raise NotFoundError("No move of the database is under way: there is nothing to take back.")
        if state.step == "switching":
            _return(instance, state, on_step)
        else:
            _give_up(instance, state, on_step)
    on_step("Opening the ways in, and starting the task processor…")
    deploy()
    with opened() as instance:
        start_again(instance, on_step)


def _give_up(instance: Instance, state: MoveState, on_step: OnStep) -> None:
    """Before Flagsmith has moved: the live database takes everything again, and the other one is nobody's."""
    if state.step != "prepared":
        on_step("The live database takes what is written again…")
        servers.step(instance, "allow", on_step)
    if state.beside == "cloudnativepg":
        importing.require_own(instance)
        discard(instance, on_step)
        on_step(f"Deleting the Cluster {importing.cluster(instance).name}, which was never live…")
        _delete_cluster(instance)
        hide_certificate(instance, on_step)
    _left(instance, state, on_step)


def _return(instance: Instance, state: MoveState, on_step: OnStep) -> None:
    """While Flagsmith moves, or has moved in part: the one that it moved to is kept, with what was written there."""
    on_step(f"Going back to {state.beside}; what was written to {state.mode} since stays there…")
    _close_new(instance, state, on_step)
    servers.step(instance, "back", on_step)
    hide_certificate(instance, on_step)
    write(instance.stack, mode=str(state.beside), beside=state.mode, step="kept")


def _close_new(instance: Instance, state: MoveState, on_step: OnStep) -> None:
    """Let nobody write to the new database any more: pods that have moved would, until they are replaced."""
    on_step(f"The {state.mode} database takes nothing new…")
    try:
        servers.close_new(instance, on_step)
    except OpsError as error:
        # It may come back before they are replaced. Who asks Flagsmith gets nothing until the next deployment.
        on_step(f"It cannot be told so: {error.message}")
        on_step("So Flagsmith is stopped until its pods ask the old database.")
        stop(instance, on_step)


def hide_certificate(instance: Instance, on_step: OnStep) -> None:
    """Of no harm if it stays: what counts more comes after it."""
    try:
        servers.hide_certificate(instance)
    except OpsError as error:
        on_step(f"The embedded server keeps its certificate for now: {error.message}")


def forget(opened: Opened, deploy: Deploy, on_step: OnStep) -> str:
    """Delete the old database, with its data; what it was. Raises OpsError where none is kept."""
    with opened() as instance:
        state = require_kept(instance)
        _require_live(instance)
        on_step(f"The live database has {held.said(held.require_data(instance))}.")
        if state.step != "released":
            on_step("Taking its protection away…")
            write(instance.stack, beside=state.beside, step="released")
            deploy()
    with opened() as instance:
        state = state_of(instance)
        on_step(f"Deleting the old database ({state.beside}), and its data…")
        if state.beside == "cloudnativepg":
            _delete_cluster(instance)
            servers.drop_before(instance)
        else:
            _delete(instance, *STATEFUL_SET)
            _delete(instance, *CLAIM)
        _left(instance, state, on_step, forgotten=True)
    deploy()
    return str(state.beside)


def require_kept(instance: Instance) -> MoveState:
    """What is kept. Raises OpsError where nothing is, or a move is under way."""
    state = state_of(instance)
    if state.is_under_way:
        raise RefusedError(
            f"A move is under way, at the step {state.step!r}.",
            hint=f"`{state.command} --stack {instance.stack.name}` goes on with it.",
        )
    if state.step is None:
        raise NotFoundError("No old database is kept: there is nothing to forget.")
    return state


def discard(instance: Instance, on_step: OnStep) -> None:
    """Delete what was declared for this move under another name, before any data was there."""
    importing.discard(instance, lambda ref: _delete(instance, ref.api_version, ref.kind, ref.name), on_step)


def _require_live(instance: Instance) -> None:
    """Raise RefusedError where no server of the live database is ready: the other one may be all that there is."""
    if not any(map(is_ready, pods(instance, PodComponent.DATABASE))):
        raise RefusedError(
            f"No server of the live database ({instance.settings.postgres.mode}) is ready, so the old one "
            "may be all that is left. Nothing was deleted.",
            hint=f"`ff doctor --stack {instance.stack.name}` says why.",
        )


def _left(instance: Instance, state: MoveState, on_step: OnStep, *, forgotten: bool = False) -> None:
    """Write what there is beside the live database now: nothing, or after the way back the one that is kept still."""
    if state.beside == "embedded" and not forgotten:
        write(instance.stack, beside="embedded", step="kept")
        return
    # What is said of a database that there is none of any more would be refused.
    other = "cluster" if state.beside == "cloudnativepg" else "dataMajor"
    said = stated(instance.stack, other)
    if said is not None:
        on_step(f"postgres.{other} leaves {instance.stack.path.name}; it was {json.dumps(said)}")
    write(instance.stack, beside=None, without=[f"postgres.{other}"])


def _delete_cluster(instance: Instance) -> None:
    cluster = importing.cluster(instance)
    _delete(instance, cluster.api_version, cluster.kind, cluster.name)


def _delete(instance: Instance, api_version: str, kind: str, name: str) -> None:
    ref = Ref(api_version, kind, instance.namespace, name)
    instance.client.delete(ref, dependents_first=True)

    def gone() -> NotYet | None:
        return None if instance.client.get(ref) is None else NotYet("it is on its way out")

    until(
        gone,
        GONE_SECONDS,
        late=f"{ref} is not gone",
        hint=f"{instance.kubectl} describe {_full(api_version, kind)} {name}",
    )


def _full(api_version: str, kind: str) -> str:
    """A kind as kubectl takes it for no other one: other operators have Clusters too."""
    group = api_version.rpartition("/")[0]
    return f"{kind.lower()}s.{group}" if group else kind.lower()
