"""What a shell is told when somebody presses Tab: names from files, quietly and soon. No cluster is asked."""

import contextlib
from collections.abc import Callable, Iterable
from typing import Final

import typer

from flagops.project import root
from flagops.stacks.files import stack_names

Completer = Callable[[typer.Context, str], list[str]]


def quietly(names: Callable[[typer.Context], Iterable[str]]) -> Completer:
    """The names that begin with what is typed; none where they cannot be read."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        with contextlib.suppress(Exception):
            return [name for name in names(ctx) if name.startswith(incomplete) and name.isprintable()]
        return []

    return complete


stacks: Final = quietly(lambda _: stack_names(root()))
