"""What a flag is in each environment right after it was made, so that it need not be read again."""

from collections.abc import Collection
from dataclasses import replace

from flagops.commands.flags.catalogue.values import Plain, same
from flagops.commands.flags.server.snapshot import RemoteFlag, RemoteOption, RemoteState, Variant
from flagops.commands.flags.spec import FlagSpec

LARGEST = 2**31 - 1
"""What Flagsmith's column of whole numbers takes; it keeps this one, and larger ones, as texts (seen on 2.265.0)."""
BOOLEANS = {"true": True, "True": True, "false": False, "False": False}


def as_made(
    flag: RemoteFlag,
    wanted: FlagSpec,
    options: tuple[RemoteOption, ...],
    environments: Collection[str],
    *,
    is_on: bool,
    plain: bool,
) -> RemoteFlag:
    """The flag, the same everywhere, with its first value, and the weights of its variations.

    Args:
        flag: As the server answered; its states have no ids yet, which writing them at once does not need.
        wanted: What it was made from.
        options: Its variations, each made with its weight.
        environments: The names of those that there are, and will be in this run.
        is_on: Whether it was made as one that is on.
        plain: Whether the project gives its environments no first value.
    """
    variants = tuple(Variant(0, item.id, item.weight) for item in options)
    value = None if plain or wanted.value is None else kept_first(as_text(wanted.value))
    state = RemoteState(0, enabled=is_on, value=value, variants=variants, overrides=())
    return replace(flag, options=options, states=dict.fromkeys(environments, state))


def is_on_everywhere(wanted: FlagSpec, environments: Collection[str]) -> bool:
    """Whether a new flag may be on from the first moment: nobody, in none of these, is meant to get anything else.

    Variations are made after it, and people switch what is theirs.
    """
    if wanted.options or wanted.people or not environments or not wanted.states.keys() >= set(environments):
        return False
    first = None if wanted.value is None else kept_first(as_text(wanted.value))
    return all(state.enabled and not state.overrides and same(state.value, first) for state in wanted.states.values())


def as_text(value: Plain) -> str:
    """A value as the first one of a flag, which is a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def kept_first(text: str) -> Plain:
    """What environments get of a flag's first value: Flagsmith reads its kind from the text."""
    try:
        number = int(text)
    except ValueError:
        return BOOLEANS.get(text, text)
    return number if abs(number) < LARGEST else text
