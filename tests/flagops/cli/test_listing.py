"""What becomes of the columns of a table where the terminal has no room for them."""

import pytest
from rich.cells import cell_len

from flagops.terminal.listing import FEWEST, Column, Gives, Listing
from tests.flagops.cli.tables import printed, shown


def _listing(*rows: tuple[str, ...]) -> Listing:
    columns = [
        Column("NAME"),
        Column("WHO", Gives.SHORTENED),
        Column("MIRROR", Gives.LEFT_OUT),
        Column("STATE", Gives.BELOW),
    ]
    listing = Listing(columns)
    for row in rows:
        listing.add(*row)
    return listing


def test_what_gives_way_does_so_in_its_own_way() -> None:
    listing = _listing(("flagsmith", "somebody-with-a-long-name", "elsewhere", "it is late for a reason of its own"))
    assert shown(printed(listing), 100)[1].split()[:3] == ["flagsmith", "somebody-with-a-long-name", "elsewhere"]
    lines = shown(printed(listing), 28)
    assert lines[0].split()[:2] == ["NAME", "WHO"]
    assert "MIRROR" not in lines[0]
    assert lines[1].endswith("…")
    assert " ".join(line.strip() for line in lines[2:4]) == "it is late for a reason of its own"
    assert lines[-1] == "Left out for want of room: MIRROR."
    assert all(cell_len(line) <= 28 for line in lines[:-1])


def test_a_shortened_cell_keeps_its_beginning() -> None:
    listing = _listing(("x" * 20, "abcdefghijklmnop", "", ""))
    assert f"{'abcdefghijklmnop'[: FEWEST - 1]}…" in shown(printed(listing), 30)[1]


def test_a_cell_is_no_markup_and_a_row_has_a_cell_for_each_column() -> None:
    assert "[red]x" in shown(printed(_listing(("[red]x", "", "", ""))), 80)[1]
    with pytest.raises(ValueError, match="3 cells for 4 columns"):
        _listing(("a", "b", "c"))
