"""The application: what answers which path."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from runlogging._errors import MissingExtraError
from runlogging.viewer._state import State

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from runlogging.viewer._guard import Guard
    from runlogging.viewer._settings import Settings

# Each has routes(state) -> list of starlette routes, all below the page's own folder.
_MODULES = (
    "_pages",
    "_runs",
    "_run",
    "_series",
    "_group_series",
    "_logs",
    "_marks",
    "_values",
    "_files",
    "_compare",
    "_edit",
    "_live",
)


def create_app(settings: Settings) -> Guard:
    """Return the application of a viewer, behind its guard: an ASGI application.

    Args:
        settings: the root, the token, and who may ask.

    Raises:
        MissingExtraError: starlette is not installed (also an ImportError).
    """
    try:
        from starlette.applications import Starlette
    except ImportError:
        raise MissingExtraError("the viewer", "starlette", "viewer") from None

    from runlogging.viewer._guard import Guard

    state = State(settings)
    routes = [route for name in _MODULES for route in import_module(f"runlogging.viewer.{name}").routes(state)]
    app: Starlette = Starlette(routes=routes, exception_handlers={404: _not_found, 405: _not_found, Exception: _failed})
    # A redirect to a path with a slash would name the host that the server believes to have.
    app.router.redirect_slashes = False
    app.state.viewer = state
    return Guard(app, settings, state)


def _not_found(_: Request, error: Exception) -> Response:
    from runlogging.viewer._pages import not_found

    return not_found()


def _failed(_: Request, error: Exception) -> Response:
    """Say that something went wrong; the guard writes to the terminal what it was."""
    from runlogging.viewer._answers import json_answer

    return json_answer({"error": "The viewer failed at this; its terminal says how."}, 500)
