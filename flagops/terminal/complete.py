"""What a shell is told when somebody presses Tab: names from files, quietly and soon. No cluster is asked."""

import contextlib
import re
from collections.abc import Callable, Iterable
from typing import Final

import typer

from flagops.project import root
from flagops.stacks.files import stack_names

Completer = Callable[[typer.Context, str], list[str]]


PLAIN: Final = re.compile(r"[\w@%+,./ -]+")
"""Names that no shell reads as anything but a name: others could be commands, in a catalogue of somebody else's."""


def quietly(names: Callable[[typer.Context], Iterable[str]]) -> Completer:
    """The plain names that begin with what is typed; none where they cannot be read."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        with contextlib.suppress(Exception):
            return [name for name in names(ctx) if name.startswith(incomplete) and PLAIN.fullmatch(name)]
        return []

    return complete


stacks: Final = quietly(lambda _: stack_names(root()))
