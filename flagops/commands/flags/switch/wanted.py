"""What a flag is to be, as it is typed on a command line."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from components.text import quoting
from flagops.commands.flags.catalogue.values import Plain
from flagops.errors import BadInputError

KINDS: Mapping[type, str] = {str: "a text", bool: "true or false", int: "a whole number"}
WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,9})")
LIMIT = 2**31
"""What Flagsmith's column of whole numbers takes."""


@dataclass(frozen=True)
class Wanted:
    """What a flag is to be.

    Attributes:
        enabled: On or off; None leaves that as it is. Off is off for all segments and users too.
        value: The value, where `has_value`.
        has_value: Whether the value changes.
        keeps_users: Whether overrides of single users stay on when it is switched off.
    """

    enabled: bool | None = None
    value: Plain = None
    has_value: bool = False
    keeps_users: bool = False

    def __str__(self) -> str:
        state = "" if self.enabled is None else "on" if self.enabled else "off"
        value = f"value {self.value!r}" if self.has_value else ""
        return ", ".join(filter(None, (state, value)))


def read_value(text: str) -> Plain:
    """A value as it is typed: true, false, a whole number, else a text; in double quotes it is a text in any case.

    Raises OpsError for quotes with something wrong between them.
    """
    if text in ("true", "false"):
        return text == "true"
    if WHOLE.fullmatch(text) and abs(int(text)) < LIMIT:
        return int(text)
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        try:
            return str(json.loads(text)).strip()
        except ValueError:
            raise BadInputError(
                f"--value {quoting.value(text)} is in double quotes, but is not a text in JSON's form.",
                hint='Write quotes and backslashes within it as \\" and \\\\.',
            ) from None
    return text.strip()


def require_same_kind(name: str, wanted: Wanted, there: Mapping[str, Plain]) -> None:
    """Raise OpsError where a value would become one of another kind, which applications may not be able to read.

    Args:
        name: The flag's.
        wanted: What it is to be.
        there: Its value now, by environment.
    """
    others = {place: value for place, value in there.items() if value is not None and value != ""}
    wrong = {place: value for place, value in others.items() if type(value) is not type(wanted.value)}
    if not wrong:
        return
    places = ", ".join(f"{kind_of(value)} in {place}" for place, value in wrong.items())
    text = str(wanted.value).lower() if isinstance(wanted.value, bool) else str(wanted.value)
    hint = "If applications can read it all the same: --change-type."
    if all(isinstance(value, str) for value in wrong.values()):
        hint = f"For a text: --value '{json.dumps(text)}'. {hint}"
    raise BadInputError(f"{name} is {places}; this value is {kind_of(wanted.value)}.", hint=hint)


def kind_of(value: Plain) -> str:
    """A value's kind, in words."""
    return KINDS.get(type(value), "no value")
