"""How a project writes the names of its flags and segments, and of which words a name is made."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class NameStyle(StrEnum):
    """A project's own way to write names; with ANY each is as it is."""

    SNAKE = "snake_case"
    KEBAB = "kebab-case"
    CAMEL = "camelCase"
    PASCAL = "PascalCase"
    ANY = "any"


FORMS: Final = {
    NameStyle.SNAKE: re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*"),
    NameStyle.KEBAB: re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*"),
    NameStyle.CAMEL: re.compile(r"[a-z][a-zA-Z0-9]*"),
    NameStyle.PASCAL: re.compile(r"[A-Z][a-zA-Z0-9]*"),
    NameStyle.ANY: re.compile(r"\S(.*\S)?"),
}
IN_WORDS: Final = {
    NameStyle.SNAKE: "small letters and digits in words joined by _, such as new_dashboard",
    NameStyle.KEBAB: "small letters and digits in words joined by -, such as new-dashboard",
    NameStyle.CAMEL: "letters and digits, the first one small, such as newDashboard",
    NameStyle.PASCAL: "letters and digits, the first one a capital, such as NewDashboard",
    NameStyle.ANY: "characters without blanks at its ends",
}
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[^A-Z]+")


def fits(name: str, style: NameStyle) -> bool:
    """Whether a name is in a style."""
    return FORMS[style].fullmatch(name) is not None


def style_of(names: Iterable[str]) -> NameStyle:
    """The first style, in the order above, that all names are in."""
    listed = list(names)
    return next(style for style in NameStyle if style is NameStyle.ANY or all(fits(name, style) for name in listed))


def words(name: str) -> list[str]:
    """The words of a name in any style, in small letters: new_dashboard, new-dashboard and newDashboard have two."""
    return [word.lower() for part in re.split(r"[\W_]+", name) for word in _WORD.findall(part)]


def joined(name: str, *more: str) -> str:
    """A name with more words behind it, as its own style has them."""
    if "_" in name or fits(name, NameStyle.SNAKE):
        return "_".join([name, *more])
    if fits(name, NameStyle.KEBAB):
        return "-".join([name, *more])
    return name + "".join(word.capitalize() for word in more)
