"""What a deployment must not come between: a move of the database, and whatever else changes it as a whole."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING, Final

from components.kit import names
from flagops.errors import ConflictError, NoAccessError
from flagops.kubernetes.client import Client
from flagops.kubernetes.connection import connect
from flagops.kubernetes.lease import Lock, is_abandoned, lease

if TYPE_CHECKING:
    from flagops.stacks.deployed import Instance
    from flagops.stacks.files import Stack
    from flagops.stacks.target import StackTarget

# While Flagsmith switches, a deployment is what is left to do. In the first step it is a deployment of its own.
CLOSED_STEPS: Final = ("stopped", "copying")
DATA_STEPS: Final = (*CLOSED_STEPS, "switching")
"""In which the data is on its way: what changes it as a whole would be lost, or end half-way."""
UNDER_WAY: Final = ("prepared", *DATA_STEPS)
"""In which the settings of both databases belong to the move."""
WHAT: Final = "the database of this stack"


def refuse_moving(stack: "Stack", steps: Sequence[str] = CLOSED_STEPS) -> None:
    """Raise ConflictError while the stack's database moves: what is stopped must not be started in between.

    Args:
        stack: The stack.
        steps: In which steps of a move that counts.
    """
    postgres = stack.settings.postgres
    move = postgres.move
    if move is None or move.step not in steps:
        return
    target = postgres.mode if move.step == "switching" else move.beside
    meanwhile = " and nothing may be written" if move.step in CLOSED_STEPS else " and this would come between"
    raise ConflictError(
        f"The database of the stack {stack.name!r} is being moved to {target}: the step is {move.step!r},{meanwhile}.",
        hint=f"`ff db move {target} --stack {stack.name}` goes on with it, and `ff db move --abort --stack "
        f"{stack.name}` takes it back; run this after that.",
    )


@contextmanager
def alone(instance: "Instance", is_taken: Event | None = None) -> Iterator[None]:
    """Nothing else changes the database as a whole meanwhile, and nobody deploys. Raises ConflictError if one does.

    Args:
        instance: The stack.
        is_taken: Is set when another run has taken this one for killed.
    """
    with Lock(instance.client, lease(instance.namespace, names.MOVE), WHAT, is_taken or Event()):
        yield


def refuse_busy(target: "StackTarget") -> None:
    """Raise ConflictError while a run that changes the database lives: nobody else must start what it has stopped."""
    try:
        client = Client(connect(target.kubeconfig, target.context))
        with closing(client):
            held = client.get(lease(target.stack.settings.namespace.name, names.MOVE))
    except NoAccessError:
        # The deployment itself says so, or does not need it.
        return
    if held is not None and not is_abandoned(held["spec"], datetime.now(UTC)):
        raise ConflictError(
            f"Another run is working on {WHAT}, and a deployment would start what it has stopped "
            f"({held['spec'].get('holderIdentity', '')}).",
            hint="Wait for it to end.",
        )
