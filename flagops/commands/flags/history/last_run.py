"""Which apply was the last one, as Flagsmith itself knows: its number is in the description of `ff`'s tag.

By it, notes of an older apply are known as old: a pipeline that was given last week's file, a run that was killed and
whose file is lost, an apply from elsewhere, a restored database.

While an apply may write tags of flags, which is done as a whole, the description says that too, until its end: one that
was killed may have taken away the tag of a hold that began in that moment.
"""

import re

from flagops.commands.flags.server.snapshot import Snapshot
from flagops.commands.flags.spec import TAG

DESCRIPTION = "Declared in git. What is changed by hand stays until the catalogue follows, or takes it back."
LONGEST = 512
"""Characters of a tag's description."""
_WRITES_TAGS = ", which writes tags"
_LAST = re.compile(rf" ?Last apply: ([0-9a-f]{{12}})({_WRITES_TAGS})?\.")


def last_run(found: Snapshot) -> str | None:
    """The number of the last apply; None where there was none, or somebody wrote something else there."""
    return number_in(found.tag_descriptions.get(TAG, ""))


def stopped_writing_tags(found: Snapshot) -> bool:
    """Whether an apply that may have written tags did not come to its end."""
    said = _LAST.search(found.tag_descriptions.get(TAG, ""))
    return bool(said and said[2])


def number_in(description: str) -> str | None:
    """The number in the tag's description."""
    said = _LAST.search(description)
    return said[1] if said else None


def with_number(description: str, number: str, *, writes_tags: bool = False) -> str:
    """The tag's description with another number; what people wrote there stays."""
    kept = _LAST.sub("", description).strip() or DESCRIPTION
    own = f" Last apply: {number}{_WRITES_TAGS if writes_tags else ''}."
    return f"{kept[: LONGEST - len(own)]}{own}"
