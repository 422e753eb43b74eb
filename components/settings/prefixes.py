"""Keys of a stack's configuration that are meant for this project and have another one's name before them."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from components.settings.errors import PROJECT
from components.settings.model import Settings
from components.text import quoting

_PROVIDERS: Final = frozenset(["kubernetes", "policy", "pulumi", "random"])
"""Whose keys are read by others: Pulumi itself, and the providers of the program."""

_WORDS: Final = ("flag", "feature")


def misspelt(keys: Iterable[str], own: str = PROJECT) -> Iterator[str]:
    """A line for each key that nothing would read.

    A provider of somebody's own program has names as this project has (`docker:host`, `postgresql:host`), and is not
    known here: before the colon there must be something like this project's name.

    Args:
        keys: with the name before the colon, as Pulumi has them.
        own: The name of the project whose program runs, which may be another one that uses this package.
    """
    known = {str(field.alias) for field in Settings.model_fields.values()}
    for key in sorted(keys):
        prefix, colon, name = key.partition(":")
        if not colon or prefix in (PROJECT, own, *_PROVIDERS):
            continue
        folded = prefix.lower().replace("_", "-")
        is_meant = name in known and any(word in folded for word in _WORDS)
        if is_meant or get_close_matches(folded, [PROJECT, PROJECT.replace("-", "")], n=1, cutoff=0.8):
            yield f"{quoting.key(key)}: has no effect: the name before the colon must be {PROJECT}"
