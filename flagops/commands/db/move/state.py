"""How far a move is: what the stack's file says of it, and how that is changed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flagops.errors import BadInputError
from flagops.stacks import edit
from flagops.stacks.deployed import Instance
from flagops.stacks.files import Stack, load_stack

if TYPE_CHECKING:
    # The settings' model takes a second to import.
    from components.settings.sections.postgres.move import Movable, MoveStep

UNDER_WAY = ("prepared", "stopped", "copying", "switching")


@dataclass(frozen=True)
class MoveState:
    """Where the data is, and where it goes.

    Attributes:
        mode: The live database's.
        beside: The mode of the one beside it; None where there is none.
        step: How far the move is; None where there is none.
    """

    mode: str
    beside: "Movable | None"
    step: "MoveStep | None"

    @property
    def is_under_way(self) -> bool:
        """Whether a move was begun and has not ended."""
        return self.step in UNDER_WAY

    @property
    def target(self) -> str:
        """The mode that a move which is under way goes to."""
        return self.mode if self.step == "switching" else str(self.beside)

    @property
    def command(self) -> str:
        """What goes on with it."""
        return f"ff db move {self.target}"


def state_of(instance: Instance) -> MoveState:
    """What the stack's file says."""
    postgres = instance.settings.postgres
    move = postgres.move
    return MoveState(postgres.mode, move.beside if move else None, move.step if move else None)


def write(
    stack: Stack, *, beside: str | None, step: str | None = None, mode: str | None = None, without: Sequence[str] = ()
) -> None:
    """Write how far the move is into the stack's file; with `beside` None that there is none.

    Raises:
        BadInputError: The settings would be refused; the file stays as it was.
    """
    values = {} if beside is None else {"postgres.move": json.dumps({"beside": beside, "step": step})}
    values |= {} if mode is None else {"postgres.mode": mode}
    gone = [*without, *(["postgres.move"] if beside is None else [])]
    text = edit.changed(stack, values, without=[key for key in gone if _has(stack, key)])
    # The settings' model takes a second to import.
    from components.settings import SettingsError

    try:
        _ = stack.with_text(text).settings
    except SettingsError as error:
        raise BadInputError(
            f"With this, the settings of the stack {stack.name!r} would be refused:\n{error}\n"
            f"{stack.path.name} is as it was."
        ) from None
    edit.write(stack, text)


def stated(stack: Stack, key: str) -> Any:
    """What the stack's file says of a key of `postgres`; None where it says nothing."""
    section: Any = stack.config.get(f"{stack.project}:postgres")
    return section.get(key) if isinstance(section, dict) else None


def _has(stack: Stack, key: str) -> bool:
    return stated(load_stack(stack.name, stack.path.parent), key.removeprefix("postgres.")) is not None
