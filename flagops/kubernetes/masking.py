"""Keeps secret values out of everything that people see."""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urlsplit

from flagops.kubernetes.objects import Manifest

MASK = "<secret>"
SHORTEST = 4  # a shorter value would blank out ordinary words, and is no secret worth the name
# Pydantic prints the value that it refuses, cut in its middle if it is long: a part of a secret, which is in no list.
REFUSED = re.compile(r"(?<=input_value=).+?(?=, input_type=)")
# Of a document, such as the edge's pairs of keys, only what is called so: other texts in it are words of any log.
SECRET_FIELD = re.compile(r"server_side_key|password|secret|token", re.IGNORECASE)
_learnt: set[str] = set()


class Masker:
    """Replaces every known secret value, also when URL-encoded or in base64, by `<secret>`.

    So it does a password within an address, a server-side key within a document, and whatever pydantic refused.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        every = {part for value in secrets for part in (value, *_parts(value))}
        forms = {form for value in every if len(value) >= SHORTEST for form in _forms(value)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """`text` without the secrets."""
        shown = REFUSED.sub(MASK, text)
        return self._pattern.sub(MASK, shown) if self._pattern else shown


def learn(values: Iterable[str]) -> None:
    """Note values that this process came to know as secret, for messages that nobody foresaw."""
    _learnt.update(values)


def everything_learnt(more: Iterable[str] = ()) -> Masker:
    """What takes out every value that was learnt, and these."""
    return Masker([*_learnt, *more])


def _parts(value: str) -> Iterator[str]:
    """The secrets within a value that is an address or a document."""
    if "://" in value:
        try:
            password = urlsplit(value.strip()).password
        except ValueError:
            password = None
        yield from {password, unquote(password)} if password else ()
    if value.lstrip().startswith(("[", "{")):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return
        yield from _called_secret(found)


def _called_secret(found: object) -> Iterator[str]:
    if isinstance(found, list):
        for item in found:
            yield from _called_secret(item)
    elif isinstance(found, dict):
        for name, item in found.items():
            if isinstance(item, str) and SECRET_FIELD.search(name):
                yield item.strip()
            yield from _called_secret(item)


def _forms(value: str) -> tuple[str, str, str]:
    return value, quote(value, safe=""), base64.b64encode(value.encode()).decode()


def learnt(manifest: Manifest, kind: str = "") -> Manifest:
    """The object; what it holds, if it is a Secret, is known as secret from now on. Items of a list name no kind."""
    if "Secret" in (kind, manifest.get("kind")):
        learn(_decoded(value) for value in (manifest.get("data") or {}).values())
    return manifest


def _decoded(value: str) -> str:
    return base64.b64decode(value).decode(errors="replace")
