"""Reads what people hand over, files and JSON, within bounds: nothing that they hold can hang or fill a machine."""

import errno
import gc
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from components.text import quoting

MOST_BYTES: Final = 2 * 1024**2
"""Of a file. A catalogue of 5,000 flags has less, and is read in a second; Flagsmith takes 400 flags in a project."""
STACK_BYTES: Final = 128 * 1024
"""Of a stack's file: Pulumi hands its configuration to the program in one variable, and Linux takes no longer one."""
MOST_VALUES: Final = 250_000
"""Values in a file, with those that aliases repeat. Each takes about half a kilobyte."""
DEEPEST: Final = 100
"""Levels of maps and lists within one another."""
MOST_SIGNS: Final = 4 * MOST_VALUES
"""Commas and brackets in JSON, of which there are more than values; those of texts count too."""
MOST_DIGITS: Final = 40
"""Of a whole number in JSON; Go, which writes it for Pulumi, needs 20."""

_TEXT: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_NO_BRACKETS: Final = re.compile(r"[^\[\]{}]+")
_STEPS: Final = {"[": 1, "{": 1, "]": -1, "}": -1}
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


class BoundsError(ValueError):
    """A value that is refused, whoever reads it; it says why, for after "is" or a colon."""


def size(count: int) -> str:
    """A number of bytes for people: 2 MiB, 128 KiB."""
    return f"{count // 1024**2} MiB" if count >= 1024**2 else f"{count // 1024} KiB"


def text_of(path: Path, most: int = MOST_BYTES) -> str:
    """The text of a file in UTF-8, with its line ends as they are.

    Raises OSError for what is no file, or one of more than `most` bytes; UnicodeDecodeError for other encodings.
    """
    return bytes_of(path, most).decode("utf-8")


def bytes_of(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a file; errors as for `text_of`."""
    # Without waiting: to open a pipe would wait for somebody who writes into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device; give a file", str(path))
        if found.st_size > most:
            raise _too_large(path, most)
        content = file.read(most + 1)
    if len(content) > most:
        raise _too_large(path, most)
    return content


@contextmanager
def without_collecting() -> Iterator[None]:
    """Without Python's search for garbage, which takes three quarters of the time where so much is made and kept."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _too_large(path: Path, most: int) -> OSError:
    return OSError(errno.EFBIG, f"it has more than {size(most)}, which is the most that is read", str(path))


def json_of(text: str) -> Any:
    """The value of a text in JSON.

    Raises json.JSONDecodeError for what is none, and BoundsError for what is too deep, has numbers that are too long or
    endless, keys that are given twice, or half of a pair of surrogates.
    """
    if sum(text.count(sign) for sign in ",[{") > MOST_SIGNS:
        raise BoundsError(f"has more than {MOST_SIGNS:,} commas and brackets, which is the most that is read")
    if text.count("[") + text.count("{") > DEEPEST and _depth(text) > DEEPEST:
        raise BoundsError(f"goes more than {DEEPEST} levels deep")
    found = json.loads(
        text, parse_int=_whole, parse_float=_fraction, parse_constant=_constant, object_pairs_hook=_mapping
    )
    if _HALF.search(text):
        try:
            json.dumps(found, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = quoting.printable_code(error.object[error.start])
            raise BoundsError(f"holds {half}, half of a pair of surrogates, which is no character") from None
    return found


def _depth(text: str) -> int:
    brackets = _NO_BRACKETS.sub("", _TEXT.sub("", text))
    return max(accumulate(map(_STEPS.__getitem__, brackets)), default=0)


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        said = f"holds a number of {len(digits)} digits, {quoting.short(digits, 20)}; it can have {MOST_DIGITS}"
        raise BoundsError(said)
    return int(digits)


def _fraction(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise BoundsError(f"holds {quoting.short(text, 20)}, which is too large for a number")
    return number


def _constant(name: str) -> float:
    raise BoundsError(f"holds {name}, which is no number in JSON")


def _mapping(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BoundsError(f"gives the key {quoting.value(name)} twice; remove one")
        found[name] = value
    return found
