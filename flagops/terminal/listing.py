"""Tables for a terminal of any width: what a row is about, and the verdict on it, are never what gives way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

GAP, INDENT = 2, 4  # columns between two cells, and before what stands below a row
FEWEST = 8  # characters that are left of a cell which is shortened


class Gives(Enum):
    """What becomes of a column where the terminal has no room for it."""

    NOTHING = auto()
    """Names, which people copy, and verdicts."""
    SHORTENED = auto()
    """It ends with an ellipsis."""
    LEFT_OUT = auto()
    """It is not shown at all, the last such column first, and a line below the table says so."""
    BELOW = auto()
    """What people read stands below its row, where the row would be too long. Such columns are the last ones."""


@dataclass(frozen=True)
class Column:
    """One column: its title, what becomes of it without room, and whether it holds numbers."""

    title: str
    gives: Gives = Gives.NOTHING
    is_number: bool = False


@dataclass
class Listing:
    """A table of texts. A cell is shown as it is, without markup.

    Attributes:
        columns: Its columns.
        title: A line above it.
        rows: The cells of each row, and the style of it.
    """

    columns: Sequence[Column]
    title: str = ""
    rows: list[tuple[list[Text], str]] = field(default_factory=list)

    def add(self, *cells: str | Text, style: str = "") -> None:
        """Add a row, with a cell for each column."""
        texts = [cell if isinstance(cell, Text) else Text(cell) for cell in cells]
        if len(texts) != len(self.columns):
            raise ValueError(f"{len(texts)} cells for {len(self.columns)} columns")
        self.rows.append((texts, style))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The lines of the table, as wide as the console is."""
        width = options.max_width
        shown, left_out = self._kept(width)
        beside = [index for index in shown if self.columns[index].gives is not Gives.BELOW]
        below = [index for index in shown if self.columns[index].gives is Gives.BELOW]
        widths = self._widths(beside, below, width)
        if self.title:
            yield _line(Text(self.title, "italic"), width)
        if self.rows and any(column.title for column in self.columns):
            titles = [Text(column.title, "bold") for column in self.columns]
            yield _line(self._row(titles, [*beside, *below], widths), width)
        for cells, style in self.rows:
            for line in self._lines(console, cells, beside, below, widths):
                line.style = style
                yield line
        if left_out:
            names = ", ".join(self.columns[index].title for index in left_out)
            yield Text(f"Left out for want of room: {names}.", "dim")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """It takes the room that there is."""
        return Measurement(min(FEWEST, options.max_width), options.max_width)

    def _has(self, index: int) -> bool:
        """Whether there is anything in a column."""
        return any(row[index].plain for row, _ in self.rows)

    def _natural(self, index: int) -> int:
        """Of the widest cell of a column."""
        cells = (row[index].cell_len for row, _ in self.rows)
        return max([cell_len(self.columns[index].title), *cells])

    def _kept(self, width: int) -> tuple[list[int], list[int]]:
        """The columns that are shown, and those for which there is no room."""
        shown = [
            index for index, column in enumerate(self.columns) if column.gives is not Gives.LEFT_OUT or self._has(index)
        ]
        left_out: list[int] = []
        for index in reversed(range(len(self.columns))):
            if self.columns[index].gives is Gives.LEFT_OUT and index in shown and self._least(shown) > width:
                shown.remove(index)
                left_out.insert(0, index)
        return shown, left_out

    def _least(self, shown: Sequence[int]) -> int:
        """The columns that a row takes at least, without what can stand below it."""
        beside = [index for index in shown if self.columns[index].gives is not Gives.BELOW]
        least = [
            min(self._natural(index), FEWEST) if self.columns[index].gives is Gives.SHORTENED else self._natural(index)
            for index in beside
        ]
        return sum(least) + GAP * (len(least) - 1)

    def _widths(self, beside: Sequence[int], below: Sequence[int], width: int) -> dict[int, int]:
        """How wide each column is; those that can be shortened give way in equal parts of what they have."""
        widths = {index: self._natural(index) for index in (*beside, *below)}
        excess = sum(widths[index] for index in beside) + GAP * (len(beside) - 1) - width
        for index in (index for index in beside if self.columns[index].gives is Gives.SHORTENED):
            taken = max(0, min(excess, widths[index] - FEWEST))
            widths[index] -= taken
            excess -= taken
        return widths

    def _row(self, cells: Sequence[Text], shown: Sequence[int], widths: dict[int, int]) -> Text:
        line = Text()
        for place, index in enumerate(shown):
            cell = cells[index].copy()
            if self.columns[index].gives is Gives.SHORTENED:
                cell.truncate(widths[index], overflow="ellipsis")
            space = widths[index] - cell.cell_len
            is_last = place == len(shown) - 1
            if self.columns[index].is_number:
                line.append(" " * space)
            line.append_text(cell)
            if not is_last:
                line.append(" " * ((0 if self.columns[index].is_number else space) + GAP))
        line.rstrip()
        return line

    def _lines(
        self,
        console: Console,
        cells: Sequence[Text],
        beside: Sequence[int],
        below: Sequence[int],
        widths: dict[int, int],
    ) -> Iterator[Text]:
        whole, width = self._row(cells, [*beside, *below], widths), console.width
        if not below or (whole.cell_len <= width and "\n" not in whole.plain):
            yield whole
            return
        yield self._row(cells, beside, widths)
        for index in below:
            if cells[index].cell_len:
                named = Text(f"{self.columns[index].title}: " if len(below) > 1 else "").append_text(cells[index])
                wrapped = named.wrap(console, max(width - INDENT, FEWEST))
                yield from (Text(" " * INDENT).append_text(line) for line in wrapped)


def _line(text: Text, width: int) -> Text:
    text.truncate(width, overflow="ellipsis")
    return text
