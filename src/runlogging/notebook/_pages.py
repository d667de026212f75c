"""The two ways to show something that changes: a widget, and HTML that is replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from runlogging.notebook._subjects import RunSubject, Subject
from runlogging.notebook._watch import RunWatch
from runlogging.notebook._widget import has_widgets, new_widget

_WIDGET = "application/vnd.jupyter.widget-view+json"
_LARGE = 50_000_000  # bytes of streams from which on no curve is read, as in `drawing.run_html`

Replace = Callable[[dict[str, Any]], None]


class Page(Protocol):
    """What an output shows."""

    pause_s: float
    """The shortest time between two updates, in seconds."""

    def is_open(self) -> bool:
        """Tell whether it may change."""
        ...

    def data(self) -> dict[str, Any]:
        """Return what is displayed while it may change, by media type."""
        ...

    def static(self) -> dict[str, Any]:
        """Return what is displayed afterwards."""
        ...

    def push(self) -> bool:
        """Tell whether there is something new, and send it where that needs no new output."""
        ...

    def publish(self, replace: Replace) -> None:
        """Send it by a new output where it needs one."""
        ...

    def when_closed(self, call: Callable[[], None]) -> None:
        """Have something called when the page closes it."""
        ...


def page_of(subject: Subject) -> Page:
    """Return the best page for a subject."""
    if isinstance(subject, RunSubject) and has_widgets() and subject.is_open() and subject.run.stream_bytes < _LARGE:
        return WidgetPage(subject)
    return HtmlPage(subject)


class HtmlPage:
    """HTML that is made anew once a second where it changed.

    Args:
        subject: what is shown.
    """

    pause_s = 1.0

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._shown = ""

    def is_open(self) -> bool:
        """Tell whether it may change."""
        return self._subject.is_open()

    def data(self) -> dict[str, Any]:
        """Return the HTML of now."""
        return self.static()

    def static(self) -> dict[str, Any]:
        """Return HTML and text."""
        return static_data(self._subject)

    def push(self) -> bool:
        """Tell whether the HTML has changed."""
        html = self._subject.html()
        has_changed, self._shown = html != self._shown, html
        return has_changed

    def publish(self, replace: Replace) -> None:
        """Replace the output."""
        replace({"text/html": self._shown, "text/plain": self._subject.text()})

    def when_closed(self, call: Callable[[], None]) -> None:
        """Do nothing: nobody says when an output is gone."""


class WidgetPage(HtmlPage):
    """A widget, with the HTML beside it for who shows none.

    Args:
        subject: the run.
    """

    pause_s = 0.27  # with its own time, less than 4 a second

    def __init__(self, subject: RunSubject) -> None:
        super().__init__(subject)
        self._widget = new_widget(RunWatch(subject.run))

    def data(self) -> dict[str, Any]:
        """Return the widget's view, HTML and text."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self._widget.model_id}
        return {_WIDGET: view, **self.static()}

    def push(self) -> bool:
        """Send what is new to the widget."""
        return bool(self._widget.push())

    def publish(self, replace: Replace) -> None:
        """Do nothing: the widget shows it."""

    def when_closed(self, call: Callable[[], None]) -> None:
        """Have it called when the widget is closed, here or by the page."""

        def changed(change: dict[str, Any]) -> None:
            if change["new"] is None:
                call()

        self._widget.comm.on_close(lambda _: call())
        self._widget.observe(changed, "comm")


def static_data(subject: Subject) -> dict[str, Any]:
    """Return a subject as HTML and as text, by media type."""
    return {"text/html": subject.html(), "text/plain": subject.text()}
