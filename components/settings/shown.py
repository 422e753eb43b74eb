"""What a refusal shows of the values it refuses: nothing that could be a secret, such as a password pasted there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from components.text import quoting
from components.text.could_be_secret import MOST, ORIGIN, could_be_secret
from components.text.plain_secrets import dotted, secret_form, texts_of
from components.text.secret_forms import is_random

# What is below these is never shown.
_HIDDEN: Final = frozenset({"env", "envFromSecrets", "existingSecret", "caSecret", "annotations", "notSecret"})
_NOT_SHOWN: Final = " (not shown, since it could be a secret)"
_NEARLY: Final = 0.75
_SEPARATOR = re.compile(r"[\s/@:?&=,]+")
_TOKEN = re.compile(r"[^\s,;()'\"]+")


def shown(path: tuple[str | int, ...], value: object, choices: Sequence[str] = ()) -> str:
    """How a refusal shows a value; empty for a map or list, and where values are never shown.

    What is nearly one of the `choices`, as `medium2` is, was meant as that.
    """
    if not _HIDDEN.isdisjoint(path) or isinstance(value, Mapping | list | tuple):
        return ""
    if isinstance(value, str) and could_be_secret(value) and not get_close_matches(value, choices, cutoff=_NEARLY):
        found = ORIGIN.fullmatch(value)
        if found is None or "@" in value or secret_form(value) or could_be_secret(found["origin"]):
            return _NOT_SHOWN
        return f' = "{found["origin"]}/…"'
    return f" = {quoting.as_json(value)}"


def shown_path(path: tuple[str | int, ...]) -> str:
    """The path of a setting; a key that has the form of a secret is left out."""
    return dotted("(a key that looks like a secret)" if _is_secret_key(part) else _short(part) for part in path)


def hidden_parts(values: object, texts: Iterable[str]) -> frozenset[str]:
    """What must not be in these refusals of `values`, in lower case: those that could be secrets, and their parts."""
    said = {part for text in texts for token in _TOKEN.findall(text.lower()) for part in _pieces(token)}
    return frozenset(
        part.lower()
        for _, value in texts_of(values)
        if isinstance(value, str) and not said.isdisjoint(_pieces(value.lower()))
        for part in _parts(value)
    )


def without_values(text: str, value: object, hidden: frozenset[str]) -> str:
    """A refusal's own words, without the refused value where that could be a secret, and without hidden parts."""
    for part in _parts(value) if isinstance(value, str) else ():
        text = re.sub(re.escape(part), "…", text, flags=re.IGNORECASE)
    return _TOKEN.sub(lambda found: "…" if _is_hidden(found[0], hidden) else found[0], text) if hidden else text


def _short(part: str | int) -> str | int:
    return quoting.key(part) if isinstance(part, str) else part


def _is_secret_key(part: str | int) -> bool:
    if not isinstance(part, str):
        return False
    return secret_form(part) is not None or is_random(part) or re.search(r"[:@\n]", part) is not None


def _parts(value: str) -> list[str]:
    """A value that could be a secret, and its parts that could be; nothing of another value."""
    if not could_be_secret(value):
        return []
    pieces = [piece for piece in _SEPARATOR.split(value) if could_be_secret(piece)] if len(value) <= MOST else []
    found = {part for part in (value, value.strip(), *pieces) if _is_worth(part)}
    return sorted(found, key=len, reverse=True)


def _is_worth(part: str) -> bool:
    """Whether a part of a value has to be taken out of a sentence, whose own words are let be."""
    return len(part) >= (10 if part.isalpha() else 4)


def _is_hidden(token: str, hidden: frozenset[str]) -> bool:
    return any(part in hidden for part in _pieces(token.lower()))


def _pieces(text: str) -> list[str]:
    """A text and what stands between its separators."""
    whole = text.rstrip(".:")
    return [whole, *_SEPARATOR.split(whole)]
