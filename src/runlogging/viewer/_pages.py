"""The page, its files, and what it is told at first."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from runlogging._errors import RunLoggingError
from runlogging._version import __version__
from runlogging.viewer._answers import answering, json_answer
from runlogging.viewer._curves import shelf_of
from runlogging.viewer._edit import EDIT_HEADER, edit_token
from runlogging.viewer._nearby import root_facts
from runlogging.viewer._static import asset_answer, static_file

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from runlogging.viewer._state import State


def routes(state: State) -> list[Route]:
    """Return what answers the page itself, ``static/...`` and ``api/root``."""
    from starlette.routing import Route

    static = state.settings.static

    def page(request: Request) -> Response:
        if request.query_params.get("view") == "run":
            # The page will ask for its curves when its scripts are there: they are read meanwhile.
            with suppress(RunLoggingError, OSError):
                shelf_of(state).load(state.run(request).path)
        return asset_answer(static / "index.html", request, cache="no-store")

    def file(request: Request) -> Response:
        path = static_file(static, request.path_params["name"])
        return asset_answer(path, request) if path else not_found()

    def root(_: Request) -> dict[str, Any]:
        """``root``, ``exists``, ``has_runs``, ``version``, ``edits``; see `root_facts` for one without runs."""
        edits = state.settings.edits
        csrf = {"csrf": edit_token(state.settings.token), "csrf_header": EDIT_HEADER} if edits else {}
        return {**root_facts(state.settings.root), "version": __version__, "edits": edits, **csrf}

    return [
        Route("/", answering(page)),
        Route("/static/{name:path}", answering(file)),
        Route("/api/root", answering(root)),
    ]


def not_found() -> Response:
    """Return the answer to a path that leads nowhere."""
    return json_answer({"error": "There is nothing here."}, 404)
