"""What the log says of the curves: marks that a program set, and its warnings and errors, for the x axis of charts.

``api/marks?run=`` answers::

    {"done": whether all of the log was looked through; ask again until it was,
     "count": entries looked through,
     "marks": [{"place", "us", "step", "seq", "writer", "level", "label"}],   set by extra={"mark": ...}
     "ticks": [{"place", "us", "step", "seq", "writer", "level", "label", "count"}],   WARNING and above
     "left_out": marks beyond those that are sent}

A mark is a log record that has the attribute ``mark``: a text is its label, else its message is. ``place`` is that of
the entry among all of the run, ``us`` its time in microseconds since the epoch, ``step`` its step or null. A tick
stands for ``count`` entries of its level; for more than a few in one piece of the log it stands at the first of them,
and ``label`` is null: ``api/log_entry`` has the text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runlogging.viewer._answers import answering
from runlogging.viewer._log_book import LogBook, book_of
from runlogging.viewer._log_marks import MOST_TICKS, thinned

if TYPE_CHECKING:
    from starlette.routing import Route

    from runlogging.viewer._state import State

_LOOK_S = 0.25


def routes(state: State) -> list[Route]:
    """Return what answers ``api/marks``."""
    from starlette.routing import Route

    return [Route("/api/marks", answering(lambda request: _marks(book_of(state, request))))]


def _marks(book: LogBook) -> dict[str, Any]:
    with book.lock:
        found, is_done = book.marks(_LOOK_S)
        return {
            "done": is_done,
            "count": found.scanned,
            "marks": found.marks,
            "ticks": thinned(found.ticks, MOST_TICKS),
            "left_out": found.left_out,
        }
