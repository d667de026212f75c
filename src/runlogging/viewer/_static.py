"""The files of the pages: whole in memory, with an ETag, compressed where the browser takes it."""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

# Never guessed by the system's tables: with nosniff a wrong type is a page that does not start.
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".png": "image/png",
    ".woff2": "font/woff2",
}
_OTHER = "text/plain; charset=utf-8"
# Short, because a newer version of the package has other files under the same names.
_CACHE = "private, max-age=10"


class Asset(NamedTuple):
    """A file as it is sent: its content, the same compressed, and its ETag."""

    data: bytes
    packed: bytes
    etag: str


def static_file(static: Path, name: str) -> Path | None:
    """Return a file below the folder of the pages; None for a name that leads to none, or out of it."""
    parts = name.split("/")
    if any(part in ("", ".", "..") or part[0] == "." or "\\" in part or "\0" in part for part in parts):
        return None
    try:
        path = static.joinpath(*parts).resolve()
        return path if path.is_file() and path.is_relative_to(static.resolve()) else None
    except (OSError, ValueError):
        return None


def asset(path: Path) -> Asset:
    """Return a file, read anew when it changed.

    Raises:
        OSError: it cannot be read.
    """
    facts = path.stat()
    return _read(path, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=256)
def _read(path: Path, _changed_ns: int, _size: int) -> Asset:
    data = path.read_bytes()
    return Asset(data, gzip.compress(data, 9, mtime=0), f'"{hashlib.sha256(data).hexdigest()[:20]}"')


def asset_answer(path: Path, request: Request, *, cache: str = _CACHE) -> Response:
    """Return a file of the pages, or that the browser has it already.

    Args:
        path: the file.
        request: what is asked for.
        cache: the Cache-Control.

    Raises:
        OSError: it cannot be read.
    """
    from starlette.responses import Response

    found = asset(path)
    headers = {"Cache-Control": cache, "ETag": found.etag, "Vary": "Accept-Encoding"}
    if cache == _CACHE and found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    is_packed = "gzip" in request.headers.get("accept-encoding", "") and len(found.packed) < len(found.data)
    if is_packed:
        headers["Content-Encoding"] = "gzip"
    return Response(
        found.packed if is_packed else found.data, headers=headers, media_type=_TYPES.get(path.suffix, _OTHER)
    )
