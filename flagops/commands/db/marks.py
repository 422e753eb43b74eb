"""What a minor version writes into a database, and an older release of the next major version does not know."""

import re
from typing import Final

from flagops.errors import RefusedError

MARKED: Final = "SELECT count(*) FROM pg_catalog.pg_attribute WHERE attoptions::text LIKE '%pg_attver=%'"
"""How many columns have an option that PostgreSQL 17.12 gives to each of a new table, and 17.11 does not."""
# Seen by pg_upgrade: 17.11 to 18.6 succeeds; 17.12 to 18.6 ends with `unrecognized parameter "pg_attver"`.
LAST_WITHOUT: Final = (18, 6)


def require_known(version: str, marked: str) -> None:
    """Raise OpsError where pg_upgrade to `version` would fail at the columns that `MARKED` has counted.

    A tag that does not say its minor version is let through: pg_upgrade says the rest, and changes nothing then.
    """
    found = re.match(r"(\d+)\.(\d+)", version)
    if marked in ("", "0") or found is None or (int(found[1]), int(found[2])) > LAST_WITHOUT:
        return
    newest = ".".join(str(number) for number in LAST_WITHOUT)
    raise RefusedError(
        f"PostgreSQL has marked {marked} columns of the database with pg_attver, as 17.12 does, and {version} does not "
        "know that: pg_upgrade would fail. Nothing was changed.",
        hint=f"Take a tag newer than {newest}: one of a release that is not older than the server's own.",
    )
