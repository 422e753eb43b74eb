"""The tag by which a flag in Flagsmith says until when it may stay: `expires-2027-03-31`, and nothing like it.

The one reader of such tags, for the exporter and for `ff flags`. Standard library only: it runs in Flagsmith's image.
"""

import re
from datetime import date

PREFIX = "expires-"
_TAG = re.compile(rf"{PREFIX}([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})")


def day_of(label: str) -> date | None:
    """The day that a tag names; None for any other tag, and for a day that no month has."""
    found = _TAG.fullmatch(label)
    try:
        return None if found is None else date.fromisoformat(found[1])
    except ValueError:
        return None
