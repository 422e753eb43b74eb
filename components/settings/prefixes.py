"""Keys of a stack's configuration that are meant for this project and have another one's name before them."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from components.settings.errors import PROJECT
from components.settings.model import Settings
from components.text import quoting

_PROVIDERS: Final = frozenset(["kubernetes", "policy", "pulumi", "random"])
"""Whose keys are read by others: Pulumi itself, and the providers of the program."""


def misspelt(keys: Iterable[str]) -> Iterator[str]:
    """A line for each key that nothing would read.

    Args:
        keys: with the name before the colon, as Pulumi has them.
    """
    known = {str(field.alias) for field in Settings.model_fields.values()}
    for key in sorted(keys):
        prefix, colon, name = key.partition(":")
        if not colon or prefix in (PROJECT, *_PROVIDERS):
            continue
        folded = prefix.lower().replace("_", "-")
        if name in known or get_close_matches(folded, [PROJECT, PROJECT.replace("-", "")], n=1, cutoff=0.8):
            yield f"{quoting.key(key)}: is read by nothing: the name before the colon must be {PROJECT}"
