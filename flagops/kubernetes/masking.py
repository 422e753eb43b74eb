"""Keeps secret values out of everything that people see."""

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

from flagops.kubernetes.objects import Manifest

MASK = "<secret>"
SHORTEST = 4  # a shorter value would blank out ordinary words, and is no secret worth the name
_learnt: set[str] = set()


class Masker:
    """Replaces every known secret value, also when URL-encoded or in base64, by `<secret>`."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for value in secrets if len(value) >= SHORTEST for form in _forms(value)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """`text` without the secrets."""
        return self._pattern.sub(MASK, text) if self._pattern else text


def learn(values: Iterable[str]) -> None:
    """Note values that this process came to know as secret, for messages that nobody foresaw."""
    _learnt.update(values)


def everything_learnt(more: Iterable[str] = ()) -> Masker:
    """What takes out every value that was learnt, and these."""
    return Masker([*_learnt, *more])


def _forms(value: str) -> tuple[str, str, str]:
    return value, quote(value, safe=""), base64.b64encode(value.encode()).decode()


def learnt(manifest: Manifest, kind: str = "") -> Manifest:
    """The object; what it holds, if it is a Secret, is known as secret from now on. Items of a list name no kind."""
    if "Secret" in (kind, manifest.get("kind")):
        learn(_decoded(value) for value in (manifest.get("data") or {}).values())
    return manifest


def _decoded(value: str) -> str:
    return base64.b64decode(value).decode(errors="replace")
