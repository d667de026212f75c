"""An output of a cell that is kept up to date until its run ends.

Three things move it. A daemon thread of ours, because nobody else has a turn while a cell trains; it lives while the
output is shown and the run is open, and never logs. IPython's ``post_run_cell``, which still belongs to the cell: what
is changed there gets into the notebook that is stored, also by nbclient and papermill. And the end of the process.

At the run's end the widget gives way to plain HTML. A notebook that is opened later has no model of the widget, and
where the widget's type wins over HTML nothing would be seen.
"""

from __future__ import annotations

import atexit
import contextvars
import os
import sys
import threading
import time
import uuid
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from runlogging.notebook._pages import Page

_MOST_VIEWS = 8
_JOIN_S = 1.0
_COST_SHARE = 10
_QUICK_S = 0.2  # a picture that takes longer is not made anew at the end of each cell


class _Cell(NamedTuple):
    """A cell, and which of its executions."""

    id: str
    execution: str


# The outputs that are live in this process, oldest first.
_views: list[LiveView] = []


def shell_of_kernel() -> Any:
    """Return IPython's shell where a notebook's kernel runs the program, else None."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", None)
    shell = get_ipython() if get_ipython is not None else None
    return shell if getattr(shell, "kernel", None) is not None else None


class LiveView:
    """An output that is updated.

    Args:
        page: what is shown.
        shell: IPython's shell.
    """

    def __init__(self, page: Page, shell: Any) -> None:
        self._page, self._shell = page, shell
        self._id = uuid.uuid4().hex
        self._pid = os.getpid()
        self._cell = _cell_of(shell)
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._pushed = 0.0
        self._has_news = False
        self._cost_s = 0.0
        # What a thread sends in ipykernel 7.0 needs the cell's context; without it there is no cell, and an error.
        watch = partial(contextvars.copy_context().run, self._watch)
        self._thread = threading.Thread(target=watch, name="runlogging-notebook", daemon=True)

    def show(self) -> None:
        """Display it, and keep it up to date where the run is open."""
        from IPython.display import display

        _make_room(self._cell)
        is_open = self._page.is_open()
        begin = time.monotonic()
        data = self._page.data() if is_open else self._page.static()
        self._cost_s = time.monotonic() - begin
        display(data, raw=True, display_id=self._id)  # type: ignore[no-untyped-call]
        if is_open:
            _views.append(self)
            self._page.when_closed(self._stop.set)
            self._shell.events.register("post_run_cell", self._after_cell)
            atexit.register(self.stop)
            self._thread.start()

    @property
    def is_live(self) -> bool:
        """Whether it is being updated."""
        return self in _views

    def stop(self) -> None:
        """End the updates; what is shown stays."""
        with suppress(ValueError):
            _views.remove(self)
        self._stop.set()
        if threading.current_thread() is not self._thread:
            self._unregister()
        atexit.unregister(self.stop)
        # A forked child has no thread of this kind.
        if self._pid == os.getpid() and self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(_JOIN_S)

    def finish(self) -> None:
        """End the updates, and put a static picture in the place of what is shown."""
        with self._lock:
            if not self.is_live:
                return
            self._stop.set()
            with suppress(Exception):  # the picture comes in any case
                time.sleep(max(0.0, self._pushed + self._page.pause_s - time.monotonic()))
                self._page.push()
            self._replace(self._page.static())
        self.stop()

    def _watch(self) -> None:
        pause = self._page.pause_s
        while not self._stop.wait(pause):
            try:
                begin = time.monotonic()
                if not self._page.is_open():
                    break
                self._push()
                pause = max(self._page.pause_s, _COST_SHARE * (time.monotonic() - begin))
            except Exception:
                # The run is gone, or the kernel takes nothing from threads. A log call would end in the run.
                break
        with suppress(Exception):  # then the end of the next cell does it
            self.finish()

    def _push(self) -> None:
        with self._lock:
            if not self._stop.is_set() and time.monotonic() - self._pushed >= self._page.pause_s and self._page.push():
                self._pushed = time.monotonic()
                self._has_news = True
                self._page.publish(self._replace)

    def _after_cell(self, *_: Any) -> None:
        """Bring the output up to date while what is sent still counts to the cell."""
        if self._pid != os.getpid():
            return
        with suppress(Exception):  # as in the thread
            if not self.is_live:
                # The thread was first; what it sent counts to another cell, and nbclient drops that.
                self._unregister()
                self._replace(self._page.static())
                return
            if not self._page.is_open():
                self.finish()
                return
            self._push()  # where a kernel loses what threads send, this is what arrives
            if self._has_news and self._cost_s < _QUICK_S:
                self._has_news = False
                begin = time.monotonic()
                self._replace(self._page.data())
                self._cost_s = time.monotonic() - begin

    def _unregister(self) -> None:
        with suppress(ValueError):
            self._shell.events.unregister("post_run_cell", self._after_cell)

    def _replace(self, data: dict[str, Any]) -> None:
        from IPython.display import update_display

        update_display(data, display_id=self._id, raw=True)  # type: ignore[no-untyped-call]

    def is_replaced_by(self, cell: _Cell) -> bool:
        """Tell whether its cell runs again; two outputs of one execution stand beside each other."""
        return bool(cell.id) and cell.id == self._cell.id and cell.execution != self._cell.execution


def _make_room(cell: _Cell) -> None:
    """End the outputs that a cell had when it ran before, and the oldest where there are many."""
    for view in _views[:]:
        if view.is_replaced_by(cell):
            view.stop()
    for view in _views[: max(0, len(_views) - _MOST_VIEWS + 1)]:
        view.finish()


def _cell_of(shell: Any) -> _Cell:
    """Return what the front end says of the cell that runs; an empty id where it says nothing."""
    with suppress(Exception):  # a kernel of another kind
        parent = shell.get_parent()
        return _Cell(str(parent["metadata"]["cellId"]), str(parent["header"]["msg_id"]))
    return _Cell("", "")
