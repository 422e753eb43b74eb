"""The version of the embedded server, or of the client programs: a tag of the postgres image."""

import re
from typing import Annotated

from pydantic import AfterValidator

from components.settings import default_images
from components.settings.types import Kind, Text

# PostgreSQL 17 is the oldest whose end of life (November 2029) is years away.
MIN_POSTGRES_MAJOR = 17
# The first whose psql can be told to take no command out of a dump that it restores (CVE-2025-8714, CVE-2025-8715).
MIN_POSTGRES_MINOR = {17: 6}


def _postgres_version(value: str) -> str:
    match = re.fullmatch(r"(\d+)(\.\d+)?(-[a-z0-9.]+)?", value)
    if match is None or int(match[1]) < MIN_POSTGRES_MAJOR:
        raise ValueError(
            f"must be a tag of the postgres image with PostgreSQL {MIN_POSTGRES_MAJOR} or newer, such as "
            f"{default_images.POSTGRES_TAG}"
        )
    least = MIN_POSTGRES_MINOR.get(int(match[1]), 0)
    if match[2] is not None and int(match[2][1:]) < least:
        raise ValueError(
            f"must be {match[1]}.{least} or newer, such as {default_images.POSTGRES_TAG}: an older psql runs commands "
            "that somebody has put into the dump that it restores"
        )
    if "alpine" in value:
        raise ValueError(
            f"must be a Debian image such as {default_images.POSTGRES_TAG}: Alpine's runs as another user and sorts "
            "text differently, which corrupts the indexes of a volume written by the other"
        )
    return value


PostgresVersion = Annotated[Text, AfterValidator(_postgres_version), Kind("image tag")]
