"""Paths in a home directory, which not every user has: in many containers there is none."""

from pathlib import Path


def expanded(path: str) -> Path | None:
    """The path with `~` or `~NAME` as that user's home directory; None where there is no such directory."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return None
