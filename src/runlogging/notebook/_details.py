"""``RunDetails``: a run in the output of a cell."""

from __future__ import annotations

import sys
from typing import Any

from runlogging.notebook._live import LiveView, shell_of_kernel
from runlogging.notebook._pages import page_of
from runlogging.notebook._subjects import reader_of, subject_of


class RunDetails:
    """Show a run in a notebook, live while it goes: status, latest values and curves.

    ``show()`` displays it, and so does being the last expression of a cell. With anywidget (``pip install
    'runlogging[notebook]'``) it is a widget that is told what is new at most 4 times a second; without, and for several
    runs, it is HTML that is made anew at most once a second. When the run ends, and in notebooks that are opened later,
    it is a static picture. A thread of this process (``runlogging-notebook``) sends the updates until the run ends,
    `close` is called, the widget is closed or the kernel ends.

    Args:
        run: a run, a `RunReader`, an experiment, or several runs such as ``run.get_children()``.

    Raises:
        InvalidValueError: it is none of these (also a ValueError).
    """

    def __init__(self, run: Any) -> None:
        self._subject = subject_of(run)
        self._reader = reader_of(run)
        self._view: LiveView | None = None

    def show(self) -> None:
        """Show it in the output of the cell that runs; outside a notebook, print it."""
        shell = shell_of_kernel()
        if shell is None:
            encoding = sys.stdout.encoding or "utf-8"
            sys.stdout.write(f"{self._text().encode(encoding, 'backslashreplace').decode(encoding)}\n")
            return
        self.close()
        self._view = LiveView(page_of(self._subject), shell)
        self._view.show()

    def close(self) -> None:
        """End the updates; a static picture stays. Closing what is closed does nothing."""
        if self._view is not None and self._view.is_live:
            self._view.finish()

    @property
    def is_live(self) -> bool:
        """Whether the output is being updated."""
        return self._view is not None and self._view.is_live

    def _text(self) -> str:
        return self._subject.text()

    def _ipython_display_(self) -> None:
        self.show()

    def _repr_html_(self) -> str:
        return self._subject.html()

    def __repr__(self) -> str:
        return f"<RunDetails of {self._subject!r}>"
