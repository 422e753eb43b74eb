"""Which flags a source text names: those that are declared, and those that it reads all the same."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from flagops.commands.flags.catalogue.naming import words
from flagops.commands.flags.code.codegen import constant

HASH = frozenset([".py", ".pyi", ".rb", ".rake", ".ex", ".exs", ".sh", ".bash"])
# Names in snake_case are rare here: one like a flag's is the flag, as a key or as a property of useFlags(...).
SCRIPT = frozenset([".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts"])
SLASH = SCRIPT | {".go", ".java", ".kt", ".kts", ".groovy", ".gradle", ".scala", ".cs", ".swift", ".php", ".dart"}
SLASH |= {".rs", ".c", ".cc", ".cpp", ".h", ".hpp", ".m"}
# In these a name needs no quotes.
DATA = frozenset([".yaml", ".yml", ".json", ".toml", ".ini", ".properties"])
MARKUP = frozenset([".html", ".htm", ".vue", ".svelte", ".astro", ".xml", ".erb", ".ejs", ".hbs", ".mustache"])
MARKUP |= {".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".twig", ".njk", ".liquid", ".cshtml", ".razor"}
SUFFIXES = HASH | SLASH | DATA | MARKUP

STRING = r"""\"(?:\\.|[^"\\\n])*\"|'(?:\\.|[^'\\\n])*'"""
LONG = r"(?P<long>(?P<marks>\"{3}|'{3})(?:\\.|[^\\])*?(?P=marks))"
# Each in one expression: a # in a text begins no comment, and a quote in a comment no text.
HASH_TOKENS = re.compile(rf"{LONG}|(?P<text>{STRING})|(?P<comment>#[^\n]*)", re.DOTALL)
SLASH_TOKENS = re.compile(rf"{LONG}|(?P<text>{STRING}|`(?:\\.|[^`\\])*`)|(?P<comment>//[^\n]*|/\*.*?\*/)", re.DOTALL)
DATA_TOKENS = re.compile(rf"(?P<text>{STRING})|(?P<comment>(?<!\S)#[^\n]*)")
MARKUP_TOKENS = re.compile(
    r"(?P<comment><!--.*?-->|\{#.*?#\}|\{\{!--.*?--\}\}|<%#.*?%>|/\*.*?\*/|^[ \t]*//[^\n]*)", re.DOTALL | re.MULTILINE
)
# Before a long text that is a value; before any other one, it describes what it stands in.
BEFORE_VALUE = "(,=[{+%"

LITERAL = r"""(?P<quote>["'`])(?P<name>[^"'`\n$#{}]{1,2000})(?P=quote)"""
LABEL = r"(?:\w+\s*[:=]\s*)?"  # feature_name="x", withID: "x"
OPEN = r"(?:<[^>()]*>)?(?:\s*\(\s*|[ \t]+)"
KIND = "(?:boolean|string|number|integer|int|float|double|object)"
ALONE = r"(?!\s*[+.%])"  # a name that something is added to is not known
CALLS = tuple(
    re.compile(pattern.replace("LITERAL", LABEL + LITERAL).replace("OPEN", OPEN), re.IGNORECASE)
    for pattern in (
        # Flagsmith's SDKs.
        rf"\b(?:is_?feature_?(?:flag_?)?enabled|feature_enabled\?|hasfeature(?:flag)?)(?:async)?OPENLITERAL{ALONE}",
        rf"\b(?:get_?value_?for_?feature|get_?feature_?(?:flag_?)?value(?:_as_\w+)?)(?:async)?!?OPENLITERAL{ALONE}",
        # Much has a getValue: it counts on what is called flags or Flagsmith.
        rf"flag[^\n;\"'`]{{0,60}}\s*(?:\.|->)\s*get_?(?:flag|value)OPENLITERAL{ALONE}",
        # OpenFeature's, which always take a default too.
        rf"\b(?:get|fetch)_?{KIND}_?(?:value|details)(?:_?async)?OPENLITERAL\s*,",
        rf"\buse(?:suspense)?{KIND}?flag(?:value|details)?OPENLITERAL\s*,",
        # Go and Elixir, with a context or the flags before the name.
        rf"\b{KIND}value(?:details)?\(\s*[\w.]+(?:\(\))?\s*,\s*LITERAL\s*,",
        rf"\bflagsmith[\w.]*\.(?:is_feature_enabled|get_feature_value|get_flag)\(\s*\w+\s*,\s*LITERAL{ALONE}",
    )
)
USE_FLAGS = re.compile(r"\buseFlags\s*(?:<[^()]*>)?\(\s*\[([^\]]*)\]")


@dataclass(frozen=True)
class Names:
    """What to look for: the declared names, and what `ff flags codegen` and the OpenFeature CLI make of them."""

    literal: re.Pattern[str]
    made: re.Pattern[str]
    owners: Mapping[str, str]


def look_for(flags: Iterable[str]) -> Names:
    """The declared names, ready to be looked for."""
    owners: dict[str, str] = {}
    patterns, literals = [r"(?!)"], [r"(?!)"]
    for name in flags:
        literals.append(re.escape(name))
        owners |= {name: name, constant(name): name}
        parts = words(name)
        if len(parts) < 2:
            # Such a word is common: its constant counts where it is used as a flag.
            patterns.append(rf"{constant(name)}(?=\s*\.\s*(?:is_enabled|value|name|default_\w+)\b)")
            continue
        pascal, snake = "".join(word.capitalize() for word in parts), "_".join(parts)
        camel = pascal[0].lower() + pascal[1:]
        owners |= {pascal: name, camel: name, snake: name}
        patterns += [rf"{constant(name)}\b", rf"(?:{pascal}|{camel})(?=(?:Details)?(?:Async)?\b)"]
        patterns.append(rf"(?<=\.){snake}(?=(?:_details)?(?:_async)?\()")
    made = re.compile(rf"\b(?:use(?:Suspense)?)?(?P<name>{'|'.join(patterns)})")
    literals.sort(key=len, reverse=True)  # of new-ui and new-ui-2 the longer one, where that stands
    return Names(re.compile(rf"(?<!\w)(?:{'|'.join(literals)})(?!\w)"), made, owners)


def mentions(text: str, suffix: str, names: Names) -> Iterator[tuple[str, int]]:
    """Each flag that the text of a file with that suffix uses, with where in the text; some twice."""
    code, inside = _without_comments(text, suffix)
    for match in names.literal.finditer(code):
        before, after = code[match.start() - 1 : match.start()], code[match.end() : match.end() + 1]
        is_quoted = before == after and before in ("'", '"', "`")
        if is_quoted or ("_" in match[0] and (suffix in SCRIPT or inside(match.start()))):
            yield match[0], match.start()
    if suffix in DATA:
        return
    for match in names.made.finditer(code):
        if not inside(match.start("name")) or suffix in MARKUP or "{" in code[match.start() - 60 : match.start()]:
            yield names.owners[match["name"]], match.start("name")
    for call in CALLS:
        for match in call.finditer(code):
            yield match["name"], match.start("name")
    for match in USE_FLAGS.finditer(code):
        for literal in re.finditer(LITERAL, match[1]):
            yield literal["name"], match.start(1) + literal.start("name")


def _without_comments(text: str, suffix: str) -> tuple[str, Callable[[int], bool]]:
    """The text with blanks for comments, and whether a place in it is within a text that the program reads."""
    if suffix in MARKUP:
        return MARKUP_TOKENS.sub(_blank, text), lambda _: True
    if suffix in DATA:
        return DATA_TOKENS.sub(lambda match: match["text"] or _blank(match), text), lambda _: True
    spans: list[tuple[int, int]] = []

    def keep(match: re.Match[str]) -> str:
        if match["comment"] or (match["long"] and suffix in (".py", ".pyi") and _describes(text, match.start())):
            return _blank(match)
        spans.append(match.span())
        return match[0]

    code = (HASH_TOKENS if suffix in HASH else SLASH_TOKENS).sub(keep, text)
    starts = [start for start, _ in spans]

    def inside(place: int) -> bool:
        number = bisect_right(starts, place) - 1
        return number >= 0 and place < spans[number][1]

    return code, inside


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def _describes(text: str, start: int) -> bool:
    line = text[text.rfind("\n", 0, start) + 1 : start].strip().lower()
    return line in ("", "r", "f", "b", "u") and text[:start].rstrip(" \t\r\nrRfFbBuU")[-1:] not in tuple(BEFORE_VALUE)
