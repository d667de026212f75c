"""Tags and notes, the only things that a page can change, and only with ``--edit``."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from runlogging._errors import InvalidValueError
from runlogging.folder import Manifest, changed_manifest, clean_text
from runlogging.viewer._answers import error_answer, json_answer
from runlogging.viewer._guard import EDIT_PATH
from runlogging.viewer._rules import is_same

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from runlogging.viewer._state import State

EDIT_HEADER = "x-runlogging-edit"
_MOST_BYTES = 1 << 18


class Change(msgspec.Struct, forbid_unknown_fields=True):
    """What is to be changed of a run.

    Attributes:
        run: ``experiment/id``.
        tags: tags to set, text to text, number, bool or None.
        removed_tags: tags to take away; one that is not there is no error.
        description: the note to set; None takes it away, and without the field it stays.
    """

    run: str
    tags: dict[str, Any] = {}
    removed_tags: list[str] = []
    description: str | msgspec.UnsetType | None = msgspec.UNSET


def edit_token(token: str) -> str:
    """Return what a request that changes something carries in a header of its own.

    No other site can send such a header without being asked first (CORS), nor know its value.
    """
    return hmac.new(token.encode(), b"edit", "sha256").hexdigest()


def routes(state: State) -> list[Route]:
    """Return what answers ``api/edit``; nothing without ``--edit``."""
    from starlette.concurrency import run_in_threadpool
    from starlette.routing import Route

    async def edit(request: Request) -> Response:
        if not is_same(request.headers.get(EDIT_HEADER, ""), edit_token(state.settings.token)):
            return json_answer(
                {"error": f"A change needs the header {EDIT_HEADER}; `csrf` of api/root is its value."}, 403
            )
        try:
            change = checked_change(await _body(request))
            manifest = await run_in_threadpool(apply_change, state.run_of(change.run).path, change)
        except Exception as error:  # those that are not ours go on to the guard
            if not isinstance(error, InvalidValueError | OSError | ValueError):
                raise
            return error_answer(error)
        state.hub.touch(change.run)
        return json_answer({"tags": manifest.tags, "description": manifest.description})

    return [Route(EDIT_PATH, edit, methods=["POST"])] if state.settings.edits else []


async def _body(request: Request) -> bytes:
    data = b""
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MOST_BYTES:
            raise InvalidValueError(f"a change has at most {_MOST_BYTES} bytes")
    return data


def checked_change(data: bytes) -> Change:
    """Return a change whose texts are as the writing side takes them.

    Raises:
        InvalidValueError: it is no JSON of this form, or a tag's key or value is none that a run could have.
    """
    try:
        change = msgspec.json.decode(data, type=Change)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValueError(f"this is no change: {error}") from None
    change.tags = checked_tags(change.tags)
    if change.description == "":
        change.description = None
    if isinstance(change.description, str):
        change.description = clean_text(change.description)
    return change


def checked_tags(tags: Mapping[str, Any]) -> dict[str, str | None]:
    """Return tags as ``Run.set_tags`` keeps them: numbers and bools as their text.

    Raises:
        InvalidValueError: a key is empty, or a value is neither text, number, bool nor None.
    """
    checked: dict[str, str | None] = {}
    for key, value in tags.items():
        if not key:
            raise InvalidValueError("a tag's key is a text of at least one character")
        if value is not None and not isinstance(value, str | bool | int | float):
            raise InvalidValueError(f"{key!r:.80} has a {type(value).__name__} as its value; a value is text or null")
        checked[clean_text(key)] = None if value is None else clean_text(str(value))
    return checked


def apply_change(run: Path, change: Change) -> Manifest:
    """Change the manifest of a run, and return it.

    Raises:
        RunNotFoundError, FormatVersionError, InvalidValueError, TimeoutError, OSError: as `changed_manifest`.
    """
    with changed_manifest(run) as manifest:
        for key in change.removed_tags:
            manifest.tags.pop(key, None)
        manifest.tags.update(change.tags)
        if not isinstance(change.description, msgspec.UnsetType):
            manifest.description = change.description
    return manifest
