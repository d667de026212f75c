"""Stand for ``azureml.widgets``: a run as a plain table, without scripts and without a further package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html import escape
from typing import Any

from runlogging.azureml._summary import Table, run_data, tables
from runlogging.reading import RunReader

__all__ = ["RunDetails"]

# Neither text nor background has a colour of ours, and lines are half transparent: dark themes and light ones both fit.
_TABLE = "border-collapse:collapse;margin:0 0 0.8em 0"
_CELL = "border-bottom:1px solid rgba(128,128,128,0.35);padding:2px 12px 2px 0;text-align:left;vertical-align:top"
_TITLE = "font-weight:bold;margin:0.4em 0 0.2em 0"


class RunDetails:
    """A run as a table: status, times, tags, metrics, files, and the last lines of its log, as they are when asked.

    As the last expression of a notebook's cell it shows itself.

    Args:
        run_instance: a run, or a reader of one.
    """

    def __init__(self, run_instance: Any) -> None:
        self._reader: RunReader = getattr(run_instance, "reader", run_instance)

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Show the table in a notebook, else print it.

        Args:
            render_lib: without effect here; taken for Azure's sake.
            widget_settings: likewise.
        """
        if _has_kernel():
            from IPython.display import display

            display(self)  # type: ignore[no-untyped-call]
            return
        encoding = sys.stdout.encoding or "utf-8"
        text = "\n".join(_text_lines(tables(self.get_widget_data())))
        sys.stdout.write(f"{text.encode(encoding, 'backslashreplace').decode(encoding)}\n")

    def get_widget_data(self, widget_settings: Any = None) -> dict[str, Any]:
        """Return what the table shows, and more, as plain Python: numbers are numbers, times are ISO 8601 in UTC.

        Args:
            widget_settings: without effect here; taken for Azure's sake.
        """
        return run_data(self._reader)

    def _repr_html_(self) -> str:
        return "".join(_html_parts(tables(self.get_widget_data())))

    def __repr__(self) -> str:
        return f"<RunDetails of run {self._reader.id}>"


def _has_kernel() -> bool:
    """Tell whether a notebook's kernel runs the program; IPython in a terminal shows no HTML."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    return get_ipython is not None and getattr(get_ipython(), "kernel", None) is not None


def _text_lines(shown: Iterator[Table]) -> Iterator[str]:
    for table in shown:
        if not table.rows:
            continue
        if table.title:
            yield f"\n{table.title}"
        widths = [max(map(len, column)) for column in zip(*table.rows, strict=True)]
        for row in table.rows:
            yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _html_parts(shown: Iterator[Table]) -> Iterator[str]:
    yield "<div>"
    for table in shown:
        if not table.rows:
            continue
        if table.title:
            yield f'<div style="{_TITLE}">{escape(table.title)}</div>'
        yield f'<table style="{_TABLE}">'
        for number, row in enumerate(table.rows):
            kind = "th" if table.has_heading and number == 0 else "td"
            cells = "".join(f'<{kind} style="{_CELL}">{escape(text)}</{kind}>' for text in row)
            yield f"<tr>{cells}</tr>"
        yield "</table>"
    yield "</div>"
