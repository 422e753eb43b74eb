"""Texts that people choose freely, in the names of Kubernetes' objects."""

import hashlib
import re
from typing import Final

DIGITS = 10
LONGEST = 44
"""Letters of the part of a name: 63 with `flagsmith-sdk-keys-` before it."""
ENVIRONMENT_KEYS: Final = ("FLAGSMITH_ENVIRONMENT_KEY", "FLAGSMITH_SERVER_KEY")
"""What the Secret with the keys of an environment has, the client's and the server's."""


def in_a_name(text: str) -> str:
    """`text` as a part of an object's name: its lower-case letters and digits, all else as single dashes.

    Another text may give the same. One without any such letter, as in Chinese, is told from others by its digest; so is
    one that is too long.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
    found = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if len(found) > LONGEST:
        return f"{found[: LONGEST - DIGITS - 1].rstrip('-')}-{digest}"
    return found or digest
