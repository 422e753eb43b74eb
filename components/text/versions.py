"""Versions of Flagsmith as they are written: X.Y.Z."""

import re

Version = tuple[int, int, int]


def parse_version(text: str) -> Version:
    """Take X.Y.Z apart. ValueError if it is none."""
    match = re.fullmatch(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})", text)
    if match is None:
        raise ValueError("must be a release of Flagsmith as X.Y.Z, such as 2.265.0")
    return int(match[1]), int(match[2]), int(match[3])


def dotted(version: Version) -> str:
    """Write a version as X.Y.Z."""
    return ".".join(str(part) for part in version)
