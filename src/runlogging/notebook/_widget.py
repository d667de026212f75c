"""The widget: a page that is told what is new, and never asks. Needs the extra ``notebook``."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from runlogging._errors import MissingExtraError
from runlogging.notebook._watch import RunWatch


def has_widgets() -> bool:
    """Tell whether the packages for widgets can be imported."""
    try:
        _widget_class()
    except MissingExtraError:
        return False
    return True


def new_widget(watch: RunWatch) -> Any:
    """Return a widget that shows a run; its ``push`` sends what is new.

    Raises:
        MissingExtraError: anywidget is not installed (also an ImportError).
    """
    return _widget_class()(watch)


@cache
def _widget_class() -> type[Any]:
    try:
        import anywidget
        import traitlets
    except ImportError as error:
        raise MissingExtraError("a run that updates in the notebook", "anywidget", "notebook") from error

    class RunWidget(anywidget.AnyWidget):
        """A run's status and curves.

        The trait's own value says nothing: the state is made when somebody asks for it, so that a page that is loaded
        anew gets what is true then, and no change is sent twice.
        """

        _esm = _shipped("widget.js")
        _css = _shipped("widget.css")
        state = traitlets.Any().tag(sync=True, to_json=lambda _, widget: widget.watch.state())

        def __init__(self, watch: RunWatch) -> None:
            self.watch = watch
            super().__init__()

        def push(self) -> bool:
            """Send what is new in one message; tell whether there was anything."""
            news = self.watch.news()
            if news is not None:
                try:
                    self.send(news.content, buffers=news.buffers)
                except Exception:
                    self.watch.renew()
                    raise
            return news is not None

    return RunWidget


def _shipped(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
