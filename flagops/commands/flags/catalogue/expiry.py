"""How a flag in Flagsmith says until when it may stay: by a tag."""

from datetime import date

EXPIRES = "expires-"
"""What the tag begins with that says until when a flag may stay: the exporter of flag metrics reads it."""


def expiry_tag(expires: date | None) -> frozenset[str]:
    """The tag that says a flag's expiry, if it has one."""
    return frozenset() if expires is None else frozenset([f"{EXPIRES}{expires.isoformat()}"])


def expiry_of(tag: str) -> date | None:
    """The day that a tag says; None for any other tag."""
    if not tag.startswith(EXPIRES):
        return None
    try:
        return date.fromisoformat(tag.removeprefix(EXPIRES))
    except ValueError:
        return None
