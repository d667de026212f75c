"""A sweep as text and as HTML. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_MOST_ROWS = 100
_MOST_CHARACTERS = 40


def text_table(columns: Mapping[str, Sequence[Any]]) -> str:
    """Return columns as lines of text, at most 100 rows."""
    rows = [list(columns), *_rows(columns)]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    are_numbers = [all(isinstance(one, int | float | None) for one in cells) for cells in columns.values()]
    lines = []
    for row in rows:
        cells = zip(row, widths, are_numbers, strict=True)
        lines.append("  ".join(text.rjust(wide) if is_number else text.ljust(wide) for text, wide, is_number in cells))
    return "\n".join(line.rstrip() for line in [*lines, *_more(columns)])


def html_table(title: str, columns: Mapping[str, Sequence[Any]]) -> str:
    """Return columns as a table of HTML, at most 100 rows. Without colours, it fits any theme."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in _rows(columns))
    rest = "".join(f"<p>{escape(line)}</p>" for line in _more(columns))
    return f"<p>{escape(title)}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}"


def _rows(columns: Mapping[str, Sequence[Any]]) -> list[list[str]]:
    shown = [cells[:_MOST_ROWS] for cells in columns.values()]
    return [[_cell(value) for value in row] for row in zip(*shown, strict=True)]


def _more(columns: Mapping[str, Sequence[Any]]) -> list[str]:
    count = len(next(iter(columns.values()), ())) - _MOST_ROWS
    return [f"... and {count} more"] if count > 0 else []


def _cell(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 3]}..."
