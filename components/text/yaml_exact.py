"""What a scalar without quotes is read as, where that is not what stands there.

YAML reads `2.10` as 2.1, the postcode `01356` as 750, `12e3` as 12000 and `1_000` as 1000. Who writes such a text as
the value of something seldom means the number, and readers of YAML do not even agree on it: in YAML 1.2 `010` is 10,
and where Go reads it, 8. So people are asked which of the two they mean.
"""

import math
import re
from typing import Final

import yaml

from components.text import yaml12

# A number that all readers of YAML read alike.
_DECIMAL: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?")


def read_as(node: yaml.Node, *, is_exact: bool, is_kept_as_text: bool = False) -> str | None:
    """How what is read is written, where a scalar without quotes says it otherwise; None for all other nodes.

    Args:
        node: A node of `yaml12.compose`.
        is_exact: Whether a number must be written as it is kept: `2.10` is not, being read as 2.1. Otherwise only such
            numbers count of which readers of YAML have different ideas.
        is_kept_as_text: Whether what is read becomes a text again, in which `TRUE` would be `true` and `1.0` be `1`.
    """
    if not isinstance(node, yaml.ScalarNode) or not yaml12.is_plain(node):
        return None
    text, value = str(node.value), yaml12.plain(str(node.value))
    if isinstance(value, bool):
        return str(value).lower() if is_kept_as_text and text != str(value).lower() else None
    if not isinstance(value, int | float) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    written = text_of(value)
    is_told_apart = not is_exact and _DECIMAL.fullmatch(text) is not None
    is_same = text == written or (text == str(value) and not is_kept_as_text)
    return None if is_told_apart or is_same else written


def text_of(number: float) -> str:
    """A number as people write it, so that it is read as the same one: without .0 behind a whole one."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    return str(number)
