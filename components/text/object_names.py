"""Texts that people choose freely, in the names of Kubernetes' objects."""

import hashlib
import re
from typing import Final

DIGITS = 10
ENVIRONMENT_KEYS: Final = ("FLAGSMITH_ENVIRONMENT_KEY", "FLAGSMITH_SERVER_KEY")
"""What the Secret with the keys of an environment has, the client's and the server's."""


def in_a_name(text: str) -> str:
    """`text` as a part of an object's name: its lower-case letters and digits, all else as single dashes.

    Another text may give the same. One without any such letter, as in Chinese, is told from others by its digest.
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
