"""Stand for ``azureml.widgets``: `runlogging.notebook.RunDetails` with the arguments and the data of Azure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging.azureml._summary import Table, run_data, tables
from runlogging.notebook import RunDetails as _RunDetails

__all__ = ["RunDetails"]


class RunDetails(_RunDetails):
    """A run, live in a notebook; elsewhere a table: status, times, tags, metrics, files, the last lines of its log.

    As the last expression of a notebook's cell it shows itself.

    Args:
        run_instance: a run, or a reader of one; see `runlogging.notebook.RunDetails` for what else.
    """

    def __init__(self, run_instance: Any) -> None:
        super().__init__(run_instance)

    def show(self, render_lib: Any = None, widget_settings: Any = None) -> None:
        """Show the run in a notebook, else print its table.

        Args:
            render_lib: without effect here; taken for Azure's sake.
            widget_settings: likewise.
        """
        super().show()

    def get_widget_data(self, widget_settings: Any = None) -> dict[str, Any]:
        """Return what there is to show of the run as plain Python: numbers are numbers, times are ISO 8601 in UTC.

        Args:
            widget_settings: without effect here; taken for Azure's sake.

        Raises:
            InvalidValueError: it shows several runs (also a ValueError).
        """
        if self._reader is None:
            raise InvalidValueError("several runs have no data of one; ask for the RunDetails of each")
        return run_data(self._reader)

    def _text(self) -> str:
        return super()._text() if self._reader is None else "\n".join(_text_lines(tables(self.get_widget_data())))


def _text_lines(shown: Iterator[Table]) -> Iterator[str]:
    for table in shown:
        if not table.rows:
            continue
        if table.title:
            yield f"\n{table.title}"
        widths = [max(map(len, column)) for column in zip(*table.rows, strict=True)]
        for row in table.rows:
            yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
