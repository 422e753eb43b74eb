"""Which releases of PostgreSQL know `pg_attver`: an option that columns of a new table have from 17.12 on.

Seen: a server of 17.11 or 18.6 refuses the option (`unrecognized parameter "pg_attver"`). So pg_upgrade from 17.12 to
18.6 fails, where from 17.11 it succeeds. `pg_dump` of 17.11 and of 18.6 writes the option into a dump of 17.12, which
no server of these restores; that of 17.12 leaves it out, and they do. That 19.0 is as old was read in its date alone.
"""

import re
from typing import Final

LAST_WITHOUT: Final = {17: 11, 18: 6, 19: 0}
"""The last minor version without, by the major one. All older major versions are, and no newer one."""


def knows_marks(tag: str) -> bool | None:
    """Whether the release of an image's tag does; None where the tag does not say."""
    found = re.match(r"(\d+)(?:\.(\d+))?", tag)
    if found is None:
        return None
    major = int(found[1])
    if major not in LAST_WITHOUT:
        return major > max(LAST_WITHOUT)
    return None if found[2] is None else int(found[2]) > LAST_WITHOUT[major]
