"""The database that is beside the live one while the data moves, and as long as the old one is kept."""

from typing import Final

from components.settings.model import Settings

HELD: Final = ("switching", "kept")
"""The steps at which the database beside the live one holds data that nobody may delete."""


def beside(settings: Settings) -> Settings | None:
    """The settings as they would be if the database beside the live one were live; None where there is none.

    It is protected as the live one is once it holds data that is kept, and not before: a move that is given up leaves
    nothing behind.
    """
    move = settings.postgres.move
    if move is None:
        return None
    postgres = settings.postgres.model_copy(update={"mode": move.beside, "move": None})
    protect = settings.protect and move.step in HELD
    return settings.model_copy(update={"postgres": postgres, "protect": protect})
