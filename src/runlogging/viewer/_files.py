"""The files that a run keeps, and its code.

``api/files?run=`` (``q=``: part of the name; ``sort=name|size|type|time``, ``descending=1``, ``offset=``, ``limit=``)
answers ``total``, ``size``, ``offset`` and ``rows`` of ``name``, ``size``, ``type``, ``sha256``, ``time``, ``id``,
``kind``. ``file/<id>`` is the file, ``preview/<id>`` its beginning as JSON; see `_downloads` and `_previews`. An id is
made by this process and says nothing; no request names a path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from runlogging._errors import ArtifactNotFoundError, InvalidValueError
from runlogging.folder import format_time
from runlogging.reading import ArtifactEntry
from runlogging.viewer import _code
from runlogging.viewer._answers import answering, number_of
from runlogging.viewer._downloads import file_answer
from runlogging.viewer._file_table import files_of
from runlogging.viewer._previews import kind_of, preview

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.routing import Route

    from runlogging.reading import RunReader
    from runlogging.viewer._state import State

_MOST_ROWS = 5000
_ORDERS: dict[str, Callable[[ArtifactEntry], Any]] = {
    "name": lambda entry: entry.name,
    "size": lambda entry: entry.size,
    "type": lambda entry: (entry.type or "", entry.name),
    "time": lambda entry: (entry.time, entry.name),
}


def routes(state: State) -> list[Route]:
    """Return what answers ``api/files``, ``file/<id>``, ``preview/<id>``, ``api/code`` and ``api/code_zip``."""
    from starlette.routing import Route

    def file(request: Request) -> Any:
        path, name = _opened(state, request)
        return file_answer(path, name, request)

    def look(request: Request) -> dict[str, Any]:
        path, name = _opened(state, request)
        return {"name": name, "path": str(path), **preview(path, name)}

    return [
        Route("/api/files", answering(lambda request: _list(state, request))),
        Route("/file/{id}", answering(file)),
        Route("/preview/{id}", answering(look)),
        *_code.routes(state),
    ]


def _opened(state: State, request: Request) -> tuple[Path, str]:
    """Return path and name of the artifact of a request.

    Raises:
        ArtifactNotFoundError: there is no such id, or no file any more.
        InvalidNameError: a link leads out of the run's artifacts.
    """
    key, name = files_of(state).named(request.path_params["id"])
    run = state.run_of(key)
    path = run.artifact(name)
    try:
        path.stat()
    except FileNotFoundError:
        raise ArtifactNotFoundError(f"the file {name!r} is gone.") from None
    return path, name


def _list(state: State, request: Request) -> dict[str, Any]:
    run = state.run(request)
    asked = request.query_params
    order = asked.get("sort") or "name"
    if order not in _ORDERS:
        raise InvalidValueError(f"sort is one of {', '.join(_ORDERS)}, not {order!r:.80}")
    part = asked.get("q", "").casefold()
    entries = [entry for entry in run.artifacts().values() if part in entry.name.casefold()]
    entries.sort(key=_ORDERS[order], reverse=bool(asked.get("descending")))
    offset = number_of(request, "offset", 0)
    limit = number_of(request, "limit", 500, most=_MOST_ROWS)
    return {
        "total": len(entries),
        "size": sum(entry.size for entry in entries),
        "offset": offset,
        "path": str(run.path / "artifacts"),
        "rows": [_row(state, run, entry) for entry in entries[offset : offset + limit]],
    }


def _row(state: State, run: RunReader, entry: ArtifactEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "size": entry.size,
        "type": entry.type,
        "sha256": entry.sha256,
        "time": format_time(entry.time.timestamp()),
        "id": files_of(state).id_of(run, entry.name),
        "kind": kind_of(entry.name),
    }
