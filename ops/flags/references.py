"""Where code uses the flags, and which of its flags nobody declared."""

import os
import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ops.errors import OpsError
from ops.flags.codegen import constant
from ops.flags.model import Catalogue
from ops.flags.openfeature import SCHEMA
from ops.flags.problems import Place

LARGEST = 1 << 20
HEAD = 1000  # letters of a file in which its generator names itself
SKIPPED = frozenset([".git", ".hg", ".venv", "venv", "node_modules", "dist", "build", "vendor", "__pycache__", ".tox"])
HASH = frozenset(".py .pyi .rb .rake .ex .exs .sh .bash".split())
SLASH = frozenset(
    ".js .jsx .mjs .cjs .ts .tsx .mts .cts .go .java .kt .kts .groovy .gradle .scala .cs .swift .php .dart .rs "
    ".c .cc .cpp .h .hpp .m .mm".split()
)
# All of these is text that a program reads: a name needs no quotes in it.
DATA = frozenset(".yaml .yml .json .toml .ini .properties".split())
MARKUP = frozenset(
    ".html .htm .vue .svelte .astro .xml .erb .ejs .hbs .j2 .jinja .jinja2 .tmpl .tpl .twig .njk .mustache .liquid "
    ".cshtml .razor".split()
)

STRING = r'"(?:\\.|[^"\\\n])*"|' r"'(?:\\.|[^'\\\n])*'"
TEMPLATE = r"`(?:\\.|[^`\\])*`"
LONG = r'"""(?:\\.|[^\\])*?"""|' r"'''(?:\\.|[^\\])*?'''"
# In one expression, since a # in a text begins no comment, and a quote in a comment no text.
HASH_TOKENS = re.compile(rf"(?P<text>{LONG}|{STRING})|(?P<comment>#[^\n]*)", re.DOTALL)
SLASH_TOKENS = re.compile(rf"(?P<text>{LONG}|{STRING}|{TEMPLATE})|(?P<comment>//[^\n]*|/\*.*?\*/)", re.DOTALL)
DATA_TOKENS = re.compile(rf"(?P<text>{STRING})|(?P<comment>(?:^|(?<=\s))[#;][^\n]*)", re.MULTILINE)
MARKUP_TOKENS = re.compile(
    r"(?P<comment><!--.*?-->|\{#.*?#\}|\{\{!--.*?--\}\}|<%#.*?%>|/\*.*?\*/|^[ \t]*//[^\n]*)", re.DOTALL | re.MULTILINE
)
GENERATED = re.compile(r"\bgenerated\b.*\bdo not edit\b", re.IGNORECASE)

LITERAL = r"""(?P<quote>["'`])(?P<name>[^"'`\n$#{}]{1,150})(?P=quote)"""
LABEL = r"(?:\w+\s*[:=]\s*)?"  # feature_name="x", withID: "x"
OPEN = r"(?:<[^>()]*>)?\s*(?:\(\s*|[ \t]+)"
ALONE = r"(?!\s*[+.%])"  # a name that something is added to is not known
CALLS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # Flagsmith's SDKs, whose names are nobody else's.
        r"\b(?:is_?feature_?(?:flag_?)?enabled|feature_enabled\?|has_?feature(?:_?flag)?|get_?value_?for_?feature"
        rf"|get_?feature_?(?:flag_?)?value(?:_as_\w+)?)(?:async)?!?{OPEN}{LABEL}{LITERAL}{ALONE}",
        # Much has a getValue: these count on something that is called flags or Flagsmith.
        rf"flag[^\n;\"'`]{{0,60}}\s*(?:\.|->)\s*get_?(?:flag|value){OPEN}{LABEL}{LITERAL}{ALONE}",
        # OpenFeature, which always takes a default too.
        r"\b(?:get_?|fetch_?)(?:boolean|string|number|integer|float|double|object)_?(?:value|details)(?:_?async)?"
        rf"{OPEN}{LABEL}{LITERAL}\s*,",
        r"\buse(?:suspense)?(?:boolean|string|number|object)?flag(?:value|details)?"
        rf"{OPEN}{LITERAL}\s*,",
        # Go and Elixir, with a context or the flags before the name.
        rf"\b(?:boolean|string|int|float|object)value(?:details)?\(\s*[\w.]+(?:\(\))?\s*,\s*{LITERAL}\s*,",
        rf"\bflagsmith[\w.]*\.(?:is_feature_enabled|get_feature_value|get_flag)\(\s*\w+\s*,\s*{LITERAL}{ALONE}",
    )
)
USE_FLAGS = re.compile(r"\buseFlags\s*(?:<[^()]*>)?\(\s*\[([^\]]*)\]")


@dataclass(frozen=True)
class References:
    """What was found.

    Attributes:
        files: How many files were read.
        uses: The places of each declared flag, in its order in the catalogue.
        undeclared: The places of each flag that is read and not declared.
        unused: Declared flags that no file names.
        expired: Flags past their day that are still used.
    """

    files: int
    uses: Mapping[str, tuple[Place, ...]]
    undeclared: Mapping[str, tuple[Place, ...]]
    unused: tuple[str, ...]
    expired: tuple[str, ...]


def references(catalogue: Catalogue, paths: Iterable[Path], own: Path, today: date) -> References:
    """Where the files below the paths use flags; `own` is the catalogue's file, which uses none of what it declares."""
    places: defaultdict[str, set[tuple[Path, int]]] = defaultdict(set)
    names = _Names.of(catalogue.flags)
    files = 0
    for path in _sources(paths):
        text = None if path.resolve() == own.resolve() else _text(path)
        if text is None:
            continue
        files += 1
        for name, offset in _found(path, text, names):
            places[name].add((path, text.count("\n", 0, offset) + 1))
    if not files:
        raise OpsError(
            f"There is no source file below {', '.join(map(str, paths))}.",
            hint=f"These are read: {' '.join(sorted(HASH | SLASH | DATA | MARKUP))}",
        )
    sorted_places = {name: tuple(Place(*place) for place in sorted(found)) for name, found in places.items()}
    uses = {name: sorted_places.get(name, ()) for name in catalogue.flags}
    ended = [name for name, flag in catalogue.flags.items() if flag.expires is not None and flag.expires < today]
    return References(
        files,
        uses,
        undeclared={name: sorted_places[name] for name in sorted(sorted_places.keys() - uses.keys())},
        unused=tuple(name for name, found in uses.items() if not found),
        expired=tuple(name for name in ended if uses[name]),
    )


@dataclass(frozen=True)
class _Names:
    """The declared names, and what generators make of them."""

    flags: re.Pattern[str]
    identifiers: Mapping[str, str]

    @classmethod
    def of(cls, names: Iterable[str]) -> "_Names":
        made: dict[str, str] = {}
        for name in names:
            made[constant(name)] = name
        pattern = "|".join(map(re.escape, names)) or "(?!)"
        return cls(re.compile(rf"\b(?:{pattern})\b"), made)
