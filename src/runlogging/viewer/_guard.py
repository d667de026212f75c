"""The guard in front of the application: it lets through who may ask, and sends what keeps a browser safe."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote

from runlogging.viewer._rules import (
    WRONG_HOST,
    WRONG_SITE,
    WRONG_TOKEN,
    Asked,
    allowed_names,
    asked,
    cookie_name,
    has_token,
    is_known_host,
    is_own_site,
    is_same,
)

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from runlogging.viewer._settings import Settings
    from runlogging.viewer._state import State

_logger = logging.getLogger("runlogging")

EDIT_PATH = "/api/edit"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

_HEADERS = {
    b"content-security-policy": POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"x-frame-options": b"DENY",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


class Guard:
    """Ask each request for its Host, its site, its token and its method, in this order, before anything answers.

    Args:
        app: what answers.
        settings: the token, and who may ask.
        state: what the requests share.

    Attributes:
        state: the same.
    """

    def __init__(self, app: ASGIApp, settings: Settings, state: State) -> None:
        self.state = state
        self._app, self._settings = app, settings
        self._names = allowed_names(settings)
        self._prefix = unquote(settings.prefix)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or say no."""
        if scope["type"] != "http":
            return
        path = self._below_prefix(scope["path"])
        request = asked(scope, path or "/")
        answer = _Answer(send, self._cookie(request))
        refusal = self._refusal(request)
        if refusal is not None:
            await answer.text(*refusal)
        elif path is None:
            # Relative URLs need the slash at the end of the page's folder.
            query = f"?{request.query}" if request.query else ""
            await answer.text(307, "", (b"location", f"{self._settings.prefix}/{query}".encode("latin-1")))
        else:
            await self._answer({**scope, "path": path, "raw_path": path.encode(), "root_path": ""}, receive, answer)

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        from starlette.requests import ClientDisconnect

        try:
            await self._app(scope, receive, answer.send)
        except ClientDisconnect:
            pass  # a tab that was closed, or a question that a later one ended
        except Exception as error:  # whatever it is, a page gets a sentence and the terminal a line
            _logger.error("%s", printable(f"{scope['method']} {scope['path']}: {type(error).__name__}: {error}"))
            if not answer.is_begun:
                await answer.text(500, '{"error":"The viewer failed; its terminal says how."}', _JSON)

    def _below_prefix(self, path: str) -> str | None:
        """Return the path below the prefix; None for the prefix without its slash. A proxy may have taken it off."""
        if self._prefix and path == self._prefix:
            return None
        return path[len(self._prefix) :] if self._prefix and path.startswith(f"{self._prefix}/") else path

    def _refusal(self, request: Asked) -> tuple[int, str] | None:
        host = request.host
        if host is None or not is_known_host(host[0], self._names):
            return 403, WRONG_HOST
        if not is_own_site(request, self._names):
            return 403, WRONG_SITE
        if not has_token(request, self._settings.token):
            return 403, WRONG_TOKEN
        may_edit = self._settings.edits and request.path == EDIT_PATH
        return None if request.method in (("POST",) if may_edit else ("GET", "HEAD")) else (405, _ONLY_READS)

    def _cookie(self, request: Asked) -> bytes | None:
        if request.path != "/" or not any(is_same(given, self._settings.token) for given in request.url_tokens):
            return None
        path = f"{self._settings.prefix}/"
        return f"{cookie_name(request)}={self._settings.token}; Path={path}; HttpOnly; SameSite=Strict".encode()


_ONLY_READS = "The viewer only reads.\n"
_JSON = (b"content-type", b"application/json")


class _Answer:
    """Sends an answer with the headers that all have, unless it brings its own.

    Args:
        send: of ASGI.
        cookie: what the browser is to keep if the answer is a good one.
    """

    def __init__(self, send: Send, cookie: bytes | None) -> None:
        self._send, self._cookie = send, cookie
        self.is_begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.is_begun = True
            own = [(name.lower(), value) for name, value in message.get("headers", [])]
            there = {name for name, _ in own}
            added = [header for header in _HEADERS.items() if header[0] not in there]
            if self._cookie and message["status"] == 200:
                added.append((b"set-cookie", self._cookie))
            message = {**message, "headers": [*own, *added]}
        await self._send(message)

    async def text(self, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
        """Send a text; plain unless a header says otherwise."""
        body = text.encode()
        kind = () if _JSON in headers else ((b"content-type", b"text/plain; charset=utf-8"),)
        sizes = ((b"content-length", str(len(body)).encode()),)
        allow = ((b"allow", b"GET, HEAD"),) if status == 405 else ()
        await self.send({"type": "http.response.start", "status": status, "headers": [*kind, *sizes, *allow, *headers]})
        await self.send({"type": "http.response.body", "body": body})


def printable(text: str) -> str:
    """Return text on one line that steers no terminal."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
