"""Finding runs among many: rows, filters, orders and frames. The index behind it is a cache, not the truth."""

from runlogging.reading.search._frame import runs_columns, runs_frame
from runlogging.reading.search._listing import list_rows
from runlogging.reading.search._row import RunRow

__all__ = ["RunRow", "list_rows", "runs_columns", "runs_frame"]
