"""What a minor version of PostgreSQL writes into a database, and older releases of the next one do not know."""

from typing import Final

from components.text.postgres_marks import LAST_WITHOUT, knows_marks
from flagops.errors import RefusedError

# Below are the system's own tables, which no dump has and pg_upgrade does not move.
MARKED: Final = (
    "SELECT count(*) FROM pg_catalog.pg_attribute WHERE attrelid >= 16384 AND attoptions::text LIKE '%pg_attver=%'"
)
"""How many columns are marked."""
LAST: Final = " and ".join(f"{major}.{minor}" for major, minor in LAST_WITHOUT.items())


def require_known(version: str, marked: int, *, setting: str, fails: str) -> None:
    """Raise RefusedError where a release would fail at the columns that `MARKED` has counted.

    A tag that does not say its minor version is let through: what fails then loses nothing.

    Args:
        version: The release's tag.
        marked: How many columns there are.
        setting: What names it.
        fails: What it would not do.
    """
    if marked and knows_marks(version) is False:
        raise RefusedError(
            f"PostgreSQL has marked {marked} columns of the database with pg_attver, as 17.12 does, and {version} does "
            f"not know that: {fails} would fail. Nothing was stopped.",
            hint=f"Set {setting} to a tag that is not older than the server's own: newer than {LAST}.",
        )
