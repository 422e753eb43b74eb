"""What Pulumi makes of the values in a stack's file before the program gets them.

Its CLI hands every value over as text: a text as it is, all else in JSON, written by Go. So `1.0` reaches the program
as `1`, and a date as the text of Go's time. The steps are those of pulumi's sdk/go/common/resource/config/object.go.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from math import isfinite
from typing import Any, Final

from components.text.yaml12 import Timestamp, parts_of_time

LARGE: Final = 1e21
"""From here on Go writes a number with an exponent, and below 0.000001 too (encoding/json, floatEncoder)."""
SMALL: Final = 1e-6


class NotForPulumi(ValueError):  # noqa: N818 - it is raised for a value, and names what the value is
    """A value that Pulumi's CLI cannot hand over."""


def as_handed_over(value: object) -> Any:
    """A value of a stack's file as the program gets it, once it has read the JSON. Raises NotForPulumi."""
    if isinstance(value, Mapping):
        return {key: as_handed_over(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_handed_over(item) for item in value]
    if isinstance(value, Timestamp):
        return _time(value)
    if isinstance(value, float):
        if not isfinite(value):
            raise NotForPulumi("a number that is infinite or none, which Pulumi does not take")
        # By its shortest digits, as Go writes it: the number itself may have others.
        return int(Decimal(repr(value))) if value.is_integer() and abs(value) < LARGE else value
    return value


def text_handed_over(value: object) -> str:
    """The text as which the CLI hands a value to the program. Raises NotForPulumi."""
    plain = as_handed_over(value)
    if isinstance(plain, str):
        return plain
    if isinstance(plain, float):
        return _number(plain)
    # Without spaces and by the order of the keys, as Go does: the order of variables in a pod follows from it.
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _number(value: float) -> str:
    if SMALL <= abs(value) < LARGE:
        return format(Decimal(repr(value)), "f")
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def _time(text: str) -> str:
    """A time as Go's `Time.String` writes it on a machine whose clock is in UTC."""
    found = parts_of_time(text)
    if found is None:  # every Timestamp has parts
        return text
    (year, month, day, hour, minute, second), fraction, zone = found
    digits = fraction[:9].rstrip("0")
    offset = zone.replace(":", "")
    named = "+0000 UTC" if offset in ("Z", "+0000", "-0000") else f"{offset} {offset}"
    clock = f"{hour:02}:{minute:02}:{second:02}{f'.{digits}' if digits else ''}"
    return f"{year:04}-{month:02}-{day:02} {clock} {named}"
