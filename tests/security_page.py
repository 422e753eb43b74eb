"""SECURITY.md taken apart into what it promises: clauses of tables, sentences of prose."""

import re
from collections.abc import Iterator

from tests.recording import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
PROOFS = (ROOT / "docs" / "security-proofs.md").read_text(encoding="utf-8")

# Of these tables a column promises; the rest says who, against what, and by which setting. Of other sections all does.
PROMISING = {"Who is trusted with what": 2, "Defences": 1}
PROSE = ("Not defended", "Supply chain", "For a stack of production")
SENTENCE = re.compile(r"(?<=[.;])\s+")


def section(name: str, page: str = PAGE) -> str:
    """What stands below a heading."""
    _, found, rest = page.partition(f"\n## {name}\n")
    assert found, name
    return rest.partition("\n## ")[0]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of each row of the one table of a text."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    for line in lines[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def plain(text: str) -> str:
    """A text in one line, without bold and without the targets of its links."""
    return " ".join(re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text.replace("**", "")).split())


def sentences(text: str) -> list[str]:
    """A text at its full stops and semicolons, which is the whole rule."""
    return [part.rstrip(".;") for part in SENTENCE.split(plain(text)) if part]


def promises() -> dict[str, list[str]]:
    """What each promising section of the page says, one by one."""
    found = {
        name: [part for cells in rows(section(name)) for part in sentences(cells[column])]
        for name, column in PROMISING.items()
    }
    for name in PROSE:
        items = re.split(r"^(?:- |\d+\. )", section(name), flags=re.MULTILINE)
        found[name] = [part for item in items for part in sentences(item)]
    return found


def proofs() -> dict[str, dict[str, str]]:
    """What the other page has behind each of them."""
    return {name: {cells[0]: cells[1] for cells in rows(section(name, PROOFS))} for name in (*PROMISING, *PROSE)}
