"""Tables of plain text: columns as wide as their content, cut only where a terminal is too narrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from runlogging.cli._output import Output

GAP = "  "


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes:
        title: what stands above it.
        is_number: whether it is aligned at the right.
        least: how far a narrow terminal may cut it, in columns; None: never.
    """

    title: str
    is_number: bool = False
    least: int | None = None


@dataclass(frozen=True)
class Cell:
    """A cell: its text, already escaped, and its colour.

    Attributes:
        parts: what a text consists of that is cut between its parts and not within one.
    """

    text: str
    colour: str | None = None
    parts: tuple[str, ...] = ()


def list_cell(parts: Sequence[str], most: int) -> Cell:
    """Return a cell of several parts side by side, and how many more there are than are shown at most."""
    return Cell(_joined(parts, most), parts=tuple(parts))


def _joined(parts: Sequence[str], count: int) -> str:
    more = len(parts) - count
    return GAP.join([*parts[:count], *([f"+{more}"] if more > 0 else [])])


def table_lines(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], output: Output) -> Iterator[str]:
    """Yield the lines of a table, its titles first."""
    titles, widths = _laid_out(columns, rows, output)
    yield output.paint(_line(columns, widths, titles, output), bold=True)
    for row in rows:
        yield _line(columns, widths, row, output)


def fits(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], output: Output) -> bool:
    """Tell whether a table fits the terminal, with the columns cut that may be."""
    return output.width is None or total_width(_laid_out(columns, rows, output)[1]) <= output.width


def _laid_out(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], output: Output
) -> tuple[list[Cell], list[int]]:
    titles = [Cell(column.title) for column in columns]
    return titles, _fitted(columns, natural_widths([titles, *rows]), output.width)


def natural_widths(rows: Sequence[Sequence[Cell]]) -> list[int]:
    """Return how wide each column of some rows is."""
    return [max(cell_len(cell.text) for cell in cells) for cells in zip(*rows, strict=True)]


def total_width(widths: Sequence[int]) -> int:
    """Return how wide columns are together."""
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _fitted(columns: Sequence[Column], widths: list[int], width: int | None) -> list[int]:
    """Take from the widest column that may be cut, until all fit or none may be cut further."""
    while width is not None and total_width(widths) > width:
        spare = [
            (widths[at], at)
            for at, column in enumerate(columns)
            if column.least is not None and widths[at] > max(column.least, len(column.title))
        ]
        if not spare:
            break
        widths[max(spare)[1]] -= 1
    return widths


def _line(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[Cell], output: Output) -> str:
    made = [_padded(*item, output) for item in zip(columns, widths, cells, strict=True)]
    last = columns[-1]
    if not last.is_number:
        text = cut(cells[-1], widths[-1], output.ellipsis)
        made[-1] = output.paint(text, cells[-1].colour) if text else ""
    return GAP.join(made).rstrip()


def _padded(column: Column, width: int, cell: Cell, output: Output) -> str:
    text = cut(cell, width, output.ellipsis)
    pad = " " * (width - cell_len(text))
    painted = output.paint(text, cell.colour) if text else ""
    return pad + painted if column.is_number else painted + pad


def cut(cell: Cell, width: int, ellipsis: str) -> str:
    """Return a cell's text in at most so many columns: fewer of its parts, or its beginning."""
    if cell_len(cell.text) <= width:
        return cell.text
    for count in range(len(cell.parts) - 1, 0, -1):
        text = _joined(cell.parts, count)
        if cell_len(text) <= width:
            return text
    return set_cell_size(cell.text, width - 1).rstrip() + ellipsis
