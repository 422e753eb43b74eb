"""Generated values: what the Random provider makes with the CLI, the direct engine makes itself."""

import hashlib
import json
import re
import secrets
import string
from collections.abc import Mapping
from typing import Any

from flagops.errors import BadInputError

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"  # the Random provider's own default set of special characters
STAND_IN = "generated-value."
"""What each stand-in begins with: most texts have none, and are not looked through for each."""


def password(name: str, inputs: Mapping[str, Any]) -> str:
    """A new value for the RandomPassword `name`, as its inputs ask: length, kinds of characters, least number of each.

    The value comes from the operating system's generator. Impossible inputs are an error that names the resource.
    """
    length = int(inputs["length"])
    kinds = [
        (string.ascii_lowercase, inputs.get("lower", True), int(inputs.get("minLower", 0))),
        (string.ascii_uppercase, inputs.get("upper", True), int(inputs.get("minUpper", 0))),
        (string.digits, inputs.get("numeric", inputs.get("number", True)), int(inputs.get("minNumeric", 0))),
        (inputs.get("overrideSpecial") or SPECIAL, inputs.get("special", True), int(inputs.get("minSpecial", 0))),
    ]
    allowed = "".join(characters for characters, wanted, _ in kinds if wanted)
    required = [secrets.choice(characters) for characters, wanted, least in kinds if wanted for _ in range(least)]
    if not allowed or len(required) > length:
        raise BadInputError(
            f"RandomPassword {name!r}: no value has length {length} with these kinds of characters and minimums."
        )
    value = required + [secrets.choice(allowed) for _ in range(length - len(required))]
    secrets.SystemRandom().shuffle(value)
    return "".join(value)


def record_name(name: str, inputs: Mapping[str, Any]) -> str:
    """The name under which the value of the RandomPassword `name` is on record: other keepers, another value."""
    keepers = inputs.get("keepers")
    if not keepers:
        return name
    return f"{name}.{hashlib.sha256(json.dumps(keepers, sort_keys=True).encode()).hexdigest()[:10]}"


class Placeholders(dict[str, str]):
    """Stand-ins for generated values, for a program that is only shown.

    A stand-in has only characters that stay as they are in a URL, so that it is found again wherever the program
    put it; `readable` then turns it into `<generated: NAME>`.
    """

    def __missing__(self, name: str) -> str:
        """Make the stand-in of `name`."""
        self[name] = f"{STAND_IN}{name}.end"
        return self[name]

    def readable(self, text: str) -> str:
        """`text` with each stand-in in the form people read."""
        if STAND_IN not in text:
            return text
        pattern = "|".join(re.escape(stand_in) for stand_in in sorted(self.values(), key=len, reverse=True))
        names = {stand_in: name for name, stand_in in self.items()}
        return re.sub(pattern, lambda found: f"<generated: {names[found[0]]}>", text) if pattern else text
