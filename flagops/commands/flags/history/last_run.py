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
_ROOM = len(f" Last apply: {'0' * 12}{_WRITES_TAGS}.")
"""Kept for the longest of what `ff` says there, so that what people wrote is cut at one place, and once."""
_LAST = re.compile(rf" ?Last apply: ([0-9a-f]{{12}})({_WRITES_TAGS})?\.")


def last_run(found: Snapshot) -> str | None:
    """The number of the last apply; None where there was none, or somebody wrote something else there."""
    return number_in(found.tag_descriptions.get(TAG, ""))


def stopped_writing_tags(found: Snapshot) -> bool:
    """Whether an apply that may have written tags did not come to its end."""
    return any(writes for _, writes in _LAST.findall(found.tag_descriptions.get(TAG, "")))


def number_in(description: str) -> str | None:
    """The number in the tag's description: the last one, for an older `ff` adds its own behind a mark."""
    said = _LAST.findall(description)
    return said[-1][0] if said else None


def with_number(description: str, number: str, *, writes_tags: bool = False) -> str:
    """The tag's description with another number; what people wrote there stays."""
    kept = _LAST.sub("", description).strip() or DESCRIPTION
    return f"{kept[: LONGEST - _ROOM]} Last apply: {number}{_WRITES_TAGS if writes_tags else ''}."
