"""The table of docs/network.md, as a test reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[3] / "docs" / "network.md"
HEAD = "| from | to | port | why | when |"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: `when` are the conditions that must all hold; `ports` are numbers with their protocol."""

    source: str
    destination: str
    ports: tuple[tuple[int, str], ...]
    when: tuple[str, ...]


def rows() -> tuple[Row, ...]:
    """Every row of the table. The page is the contract: one that cannot be read fails here."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    found = tuple(_rows(lines[lines.index(HEAD) + 2 :]))
    assert len(found) > 20
    return found


def _rows(lines: list[str]) -> Iterator[Row]:
    for line in lines:
        if not line.startswith("|"):
            return
        source, destination, ports, _, when = (cell.strip() for cell in line.strip("|").split("|"))
        yield Row(
            source=source.strip("`"),
            destination=destination.strip("`"),
            ports=tuple(_port(item) for item in ports.split(", ")),
            when=tuple(when.split(" and ")),
        )


def _port(text: str) -> tuple[int, str]:
    number, _, protocol = text.partition("/")
    return int(number), protocol or "TCP"
