"""What a deployment must not come between: a move of the database."""

from typing import TYPE_CHECKING, Final

from flagops.errors import ConflictError

if TYPE_CHECKING:
    from flagops.stacks.files import Stack

# While Flagsmith switches, a deployment is what is left to do. In the first step it is a deployment of its own.
CLOSED_STEPS: Final = ("stopped", "copying")


def refuse_moving(stack: "Stack") -> None:
    """Raise ConflictError while the stack's database moves: what is stopped must not be started in between."""
    move = stack.settings.postgres.move
    if move is not None and move.step in CLOSED_STEPS:
        raise ConflictError(
            f"The database of the stack {stack.name!r} is being moved to {move.beside}: the step is {move.step!r}, and "
            "nothing may be written.",
            hint=f"`ff db move {move.beside} --stack {stack.name}` goes on with it, and `ff db move --abort --stack "
            f"{stack.name}` takes it back; deploy after that.",
        )
