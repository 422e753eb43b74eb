"""Commands that are known by name: the help lists them all, and only the one that is called is imported."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = "flagops.commands"


@dataclass(frozen=True)
class Word:
    """A word of `ff`, such as `up` or `flags`.

    Attributes:
        name: How it is typed.
        line: What a list of commands says of it: one sentence that fits on a line of 80 columns.
        runs: What runs it, as `module:function` below `flagops.commands`. The function's docstring is the help.
        below: In place of `runs`, the words that come after it.
        passes_on: Options that the command does not know are no mistake: they are for the program that it calls.
    """

    name: str
    line: str
    runs: str = ""
    below: tuple["Word", ...] = ()
    passes_on: bool = False

    def listed(self, group: str | None) -> "TyperCommand | Words":
        """What the help lists in this group; nothing is imported for it."""
        kind: dict[str, Any] = {"name": self.name, "help": self.line, "short_help": self.line, "rich_help_panel": group}
        if self.below:
            return Words({"": self.below}, no_args_is_help=True, **kind)
        return TyperCommand(**kind)

    def command(self) -> TyperCommand:
        """Import what runs it."""
        module, _, function = self.runs.partition(":")
        app = typer.Typer(add_completion=False)
        settings = {"allow_extra_args": True, "ignore_unknown_options": True} if self.passes_on else None
        run = getattr(import_module(f"{COMMANDS}.{module}"), function)
        app.command(self.name, context_settings=settings)(run)
        made = typer.main.get_command(app)
        assert isinstance(made, TyperCommand)  # noqa: S101 - of one function
        return made


@dataclass(frozen=True)
class Typed:
    """A command as it is typed.

    Attributes:
        words: Its words, such as `("flags", "plan")`.
        group: The title under which `ff --help` shows the first of them.
        line: What a list of commands says of it.
        command: What runs it.
    """

    words: tuple[str, ...]
    group: str
    line: str
    command: TyperCommand


class Words(TyperGroup):
    """Several words, of which one is to be typed; by the titles under which the help shows them."""

    def __init__(self, groups: Mapping[str, Sequence[Word]], **attributes: Any) -> None:
        self._groups = groups
        listed = {word.name: word.listed(title or None) for title, words in groups.items() for word in words}
        super().__init__(**{**attributes, "commands": listed})

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find what was typed, and import it."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, found if name is None or found is None else self._called(name), rest

    def every(self) -> Iterator[Typed]:
        """Every command that can be typed, in the order of the help. Imports all of them."""
        for title, words in self._groups.items():
            for word in words:
                called = self._called(word.name)
                if isinstance(called, Words):
                    yield from (replace(one, words=(word.name, *one.words), group=title) for one in called.every())
                else:
                    yield Typed((word.name,), title, word.line, called)

    def _called(self, name: str) -> "TyperCommand | Words":
        """What a word calls: further words, or what runs it."""
        listed = self.commands[name]
        if isinstance(listed, Words):
            return listed
        return next(word for words in self._groups.values() for word in words if word.name == name).command()
