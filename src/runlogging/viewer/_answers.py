"""Answers as strict JSON, and our errors as sentences with a status."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from runlogging._errors import (
    ArtifactNotFoundError,
    InvalidNameError,
    InvalidValueError,
    MetricNotFoundError,
    RunLoggingError,
    RunNotFoundError,
)
from runlogging.folder import nonfinite_text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_NOT_FOUND = (RunNotFoundError, ArtifactNotFoundError, MetricNotFoundError)
_WRONG = (InvalidValueError, InvalidNameError)


def json_answer(value: Any, status: int = 200) -> Response:
    """Return a value as JSON: NaN and infinities are text, times and the like what msgspec makes of them."""
    from starlette.responses import Response

    data = msgspec.json.encode(plain(value), enc_hook=str)
    return Response(data, status, media_type="application/json", headers={"Cache-Control": "no-store"})


def plain(value: Any) -> Any:
    """Return a value in which floats that JSON cannot write are names, and ints beyond JavaScript's are text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else nonfinite_text(value)
    if isinstance(value, bool) or value is None or isinstance(value, str | msgspec.Raw):
        return value
    if isinstance(value, int):
        return value if -(2**53) <= value <= 2**53 else str(value)
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def error_answer(error: Exception) -> Response:
    """Return an error of ours as JSON: ``error`` is a sentence for people, ``candidates`` what comes near."""
    status = 404 if isinstance(error, _NOT_FOUND) else 400 if isinstance(error, _WRONG) else 500
    facts: dict[str, Any] = {"error": str(error)}
    for name in ("candidates", "position"):
        if getattr(error, name, None) not in (None, ()):
            facts[name] = getattr(error, name)
    return json_answer(facts, status)


def answering(work: Callable[[Request], Any]) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that runs a function in a thread, as it reads files, and answers with what it returns.

    What it returns becomes JSON, unless it is a response. Our errors and those of files become sentences, never traces.
    """
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import Response

    async def endpoint(request: Request) -> Response:
        try:
            found = await run_in_threadpool(work, request)
        except (RunLoggingError, OSError) as error:
            return error_answer(error)
        return found if isinstance(found, Response) else json_answer(found)

    return endpoint


def number_of(request: Request, name: str, otherwise: int, *, least: int = 0, most: int = 2**53) -> int:
    """Return a whole number of a request's query, within bounds.

    Raises:
        InvalidValueError: it is no whole number.
    """
    text = request.query_params.get(name, "")
    if not text:
        return otherwise
    try:
        return min(max(int(text), least), most)
    except ValueError:
        raise InvalidValueError(f"{name} is a whole number, not {text!r:.80}") from None
