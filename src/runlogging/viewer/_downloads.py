"""Sending a file of a run: in pieces, with ranges, and so that no browser runs it."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_CHUNK_BYTES = 1 << 18
_RANGE = re.compile(r"bytes=(?=-?\d)(\d{0,18})-(\d{0,18})")
# What is shown in a page never runs: an SVG is also met as <img> only, where browsers run no script.
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_PLAIN = "application/octet-stream"


class _Identity(NamedTuple):
    size: int
    changed_ns: int


def disposition(name: str, *, inline: bool) -> str:
    """Return a Content-Disposition (RFC 6266, RFC 8187) with the last part of a name.

    Characters that cannot be seen, or turn the direction of what follows, become ``_``: they make a name look like
    another.
    """
    last = name.rpartition("/")[2]
    shown = "".join("_" if unicodedata.category(char)[0] == "C" or char in "\u2028\u2029" else char for char in last)
    plain = re.sub(r"[^A-Za-z0-9 ._()+=@,-]", "_", shown)
    encoded = quote(shown.encode("utf-8", "replace"), safe="")
    return f"{'inline' if inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"


def picture_type(head: bytes) -> str | None:
    """Return the type of a picture that any page may show, by the first 16 bytes of the file; None of all else."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else None


def file_answer(path: Path, name: str, request: Request) -> Response:
    """Return a file, or the part of it that is asked for.

    Pictures of known types may be shown; an SVG has its type, so that ``<img>`` takes it, but opened by itself it is a
    download; all else is a download without a type.

    Args:
        path: the file, also one in a zip.
        name: what it is called.
        request: what is asked for; ``download=1`` makes anything a download.

    Raises:
        OSError: it cannot be read.
    """
    from starlette.responses import Response, StreamingResponse

    file = path.open("rb")
    try:
        identity = _identity(path, file)
        headers = _headers(file, name, identity, is_asked_for=bool(request.query_params.get("download")))
        if headers["ETag"] in request.headers.get("if-none-match", ""):
            file.close()
            return Response(status_code=304, headers=headers)
        wanted = _wanted(request, identity.size, headers["ETag"])
        if wanted is None:
            file.close()
            return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{identity.size}"})
        start, stop = wanted
        status = 200
        if (start, stop) != (0, identity.size) or _is_range(request, headers["ETag"]):
            status = 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{identity.size}"
        headers["Content-Length"] = str(stop - start)
        if request.method == "HEAD":
            file.close()
            return Response(status_code=status, headers=headers)
        file.seek(start)
    except BaseException:
        file.close()
        raise
    return StreamingResponse(_pieces(file, identity, stop - start), status, headers)


def _headers(file: BinaryIO, name: str, identity: _Identity, *, is_asked_for: bool) -> dict[str, str]:
    kind = picture_type(file.read(16))
    is_svg = kind is None and name.lower().endswith(".svg")
    return {
        "Content-Type": kind or ("image/svg+xml" if is_svg else _PLAIN),
        "Content-Disposition": disposition(name, inline=kind is not None and not is_asked_for),
        "Content-Security-Policy": SANDBOX,
        "X-Content-Type-Options": "nosniff",
        "Accept-Ranges": "bytes",
        "ETag": f'"{identity.size:x}-{identity.changed_ns:x}"',
        # A step slider goes back and forth over the same pictures.
        "Cache-Control": "private, no-cache",
    }


def _identity(path: Path, file: BinaryIO) -> _Identity:
    try:
        facts = os.fstat(file.fileno())
    except OSError:  # in a zip
        facts = path.stat()
    return _Identity(facts.st_size, facts.st_mtime_ns)


def _is_range(request: Request, etag: str) -> bool:
    known = request.headers.get("if-range")
    return _RANGE.fullmatch(request.headers.get("range", "")) is not None and known in (None, etag)


def _wanted(request: Request, size: int, etag: str) -> tuple[int, int] | None:
    """Return where the part begins that is asked for, and where it ends; None for one that is not there.

    Several parts, other units and parts of an older file are answered with all of it, as RFC 9110 allows.
    """
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if not found or not _is_range(request, etag):
        return 0, size
    first, last = found.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
    return (start, stop) if start < stop else None


def _pieces(file: BinaryIO, identity: _Identity, left: int) -> Iterator[bytes]:
    """Yield a part of a file.

    Raises:
        RuntimeError: the file changed meanwhile. What was sent is no file that ever was, so the connection breaks off.
    """
    with file:
        while left > 0:
            try:
                piece = file.read(min(_CHUNK_BYTES, left))
                is_same = _is_unchanged(file, identity)
            except OSError as error:
                # An OSError would pass for a browser that went away.
                raise RuntimeError(f"the file could not be read on: {error.strerror or error}") from None
            if not piece or not is_same:
                raise RuntimeError("the file changed while it was sent; the download was broken off")
            left -= len(piece)
            yield piece


def _is_unchanged(file: BinaryIO, identity: _Identity) -> bool:
    try:
        facts = os.fstat(file.fileno())
    except OSError:  # in a zip, which says so itself
        return True
    return _Identity(facts.st_size, facts.st_mtime_ns) == identity
