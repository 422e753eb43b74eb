"""Texts that people choose freely, in the names of Kubernetes' objects."""

import hashlib
import re

DIGITS = 10


def in_a_name(text: str) -> str:
    """`text` as a part of an object's name: its lower-case letters and digits, all else as single dashes.

    Another text may give the same. One without any such letter, as in Chinese, is told from others by its digest.
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
