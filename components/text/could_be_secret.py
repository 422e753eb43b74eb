"""What a message must not repeat, since it may be a password or a token that was put in the wrong place."""

import re
from typing import Final

from components.text.plain_secrets import is_called_secret, name_words, secret_form
from components.text.secret_forms import is_mixed, is_random

_DIGEST = re.compile(r"@?sha256:[0-9a-f]{64}")
ORIGIN: Final = re.compile(
    r"(?P<origin>[a-z]{2,10}(\+[a-z]{2,10})?://(?P<host>[A-Za-z0-9.-]+)(:\d{1,5})?)(?P<rest>[/?#].*)?", re.IGNORECASE
)
"""A URL: up to its port, and the rest."""
# Hosts, quantities and releases mix letters and digits too.
_PLAIN = re.compile(
    r"(\*\.)?([a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+|[A-Za-z_-]{1,63}(\.[A-Za-z_-]{1,63})+)(:\d+)?"
    r"|[+-]?\d+(\.\d+)?([A-Za-z]{0,4}|(seconds?|minutes?|hours?|days|weeks?|months?|years?|bytes|cores?|percent))|v?\d+(\.\d+)*(-[a-z]{1,10}\d{0,2}(\.\d+)*)?"
)
# Typed into a password, and hardly into a setting by mistake.
_SYMBOLS = re.compile(r"[!#$%^&~<>|;?\\`\"']")
_WORDS: Final = frozenset({"secret", "token", "password"})
MOST: Final = 400
"""No setting is longer but by mistake, such as a whole file pasted into it."""
_PIECE = 6
"""Letters and digits mixed count as a password from this many on."""
_LONG = 20
"""So does a word without a break; names of things have breaks."""


def could_be_secret(text: str) -> bool:
    """Whether a text may hold a password or a token: rather too often than not."""
    if len(text) > MOST:
        return True
    rest = _DIGEST.sub("", text.strip())
    if secret_form(text) or is_random(rest) or _SYMBOLS.search(rest) or re.search(r":[^/\s][^@]*@|//.*@", rest):
        return True
    found = ORIGIN.fullmatch(rest)
    if found is not None:
        # A token may be in the path.
        return (found["rest"] or "/") != "/" or could_be_secret(found["host"])
    if _PLAIN.fullmatch(rest):
        return False
    if rest.lower() not in _WORDS and any(is_called_secret(word) for word in name_words(rest)):
        return True
    return any(
        (len(piece) >= _LONG and len(set(piece)) > 4) or (len(piece) >= _PIECE and is_mixed(piece))
        for piece in re.split(r"[^A-Za-z0-9]+", rest)
    )
