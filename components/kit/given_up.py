"""What is marked as a copy that may be given up: the database beside the live one, while data is brought into it."""

from components.kit import names
from components.settings.beside import HELD
from components.settings.sections.postgres.move import MoveSettings


def mark(move: MoveSettings | None) -> dict[str, str]:
    """The label of what belongs to the database beside the live one; none once it holds what is kept."""
    return {} if move is None or move.step in HELD else {names.GIVEN_UP: "move"}
