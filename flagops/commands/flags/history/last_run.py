"""Which apply was the last one, as Flagsmith itself knows: its number is in the description of `ff`'s tag.

By it, notes of an older apply are known as old: a pipeline that was given last week's file, a run that was killed and
whose file is lost, an apply from elsewhere, a restored database.
"""

import re

from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import TAG

DESCRIPTION = "Declared in git. What is changed by hand stays until the catalogue follows, or takes it back."
LONGEST = 512
"""Characters of a tag's description."""
_LAST = re.compile(r" ?Last apply: ([0-9a-f]{12})\.")


def last_run(found: Snapshot) -> str | None:
    """The number of the last apply; None where there was none, or somebody wrote something else there."""
    return number_in(found.tag_descriptions.get(TAG, ""))


def number_in(description: str) -> str | None:
    """The number in the tag's description."""
    said = _LAST.search(description)
    return said[1] if said else None


def with_number(description: str, number: str) -> str:
    """The tag's description with another number; what people wrote there stays."""
    kept = _LAST.sub("", description).strip() or DESCRIPTION
    own = f" Last apply: {number}."
    return f"{kept[: LONGEST - len(own)]}{own}"
