"""Who may ask: pure functions over a request's headers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from starlette.types import Scope

    from runlogging.viewer._settings import Settings

WRONG_HOST = (
    "This viewer does not answer to this name. Open the URL that `runlogging view` printed, or start it with "
    "--allow-host NAME.\n"
)
WRONG_SITE = "Another site asked for this. Open the URL that `runlogging view` printed.\n"
WRONG_TOKEN = "This needs the token. Open the URL that `runlogging view` printed.\n"  # noqa: S105  (a sentence)

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_ANY_ADDRESS = frozenset({"", "0.0.0.0", "::", "[::]"})  # noqa: S104  (nothing is bound here)


@dataclass(frozen=True)
class Asked:
    """What a request says of who asks.

    Attributes:
        headers: name in small letters to the values, in their order.
        method: GET and so on.
        path: the path below the prefix.
        query: the query, undecoded.
    """

    headers: dict[str, list[str]]
    method: str
    path: str
    query: str

    def header(self, name: str) -> str:
        """Return a header that came once; "" for one that is missing, or came twice and so means nothing."""
        values = self.headers.get(name, [])
        return values[0] if len(values) == 1 else ""

    @property
    def host(self) -> tuple[str, str] | None:
        """The name and the port that the browser believes to speak to; None where the header is none."""
        return split_host(self.header("host"))

    @property
    def url_tokens(self) -> list[str]:
        """The tokens in the query."""
        return parse_qs(self.query, keep_blank_values=True).get("token", [])


def asked(scope: Scope, path: str) -> Asked:
    """Return what a request says.

    Args:
        scope: of ASGI.
        path: its path below the prefix.
    """
    headers: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return Asked(headers, scope["method"], path, scope["query_string"].decode("latin-1"))


def split_host(text: str) -> tuple[str, str] | None:
    """Return the name and the port ("" is none) of a Host header; None for what no browser sends."""
    match = _HOST.fullmatch(text.strip().lower())
    return (match[1].removesuffix("."), match[2] or "") if match else None


def allowed_names(settings: Settings) -> frozenset[str]:
    """Return the host names besides those of the loopback."""
    own = () if settings.host in _ANY_ADDRESS else (_bracketed(settings.host),)
    found = (split_host(name) for name in (*own, *map(_bracketed, settings.allowed_hosts)))
    return frozenset(parts[0] for parts in found if parts)


def _bracketed(name: str) -> str:
    return f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name


def is_known_host(name: str, allowed: frozenset[str]) -> bool:
    """Tell whether a host name is the loopback's or was allowed.

    The port is of no interest: ``ssh -L 8080:localhost:6464`` changes it, and a page that rebinds a name of its own to
    our address (DNS rebinding) is known by the name.
    """
    return name in _LOOPBACK or name.endswith(".localhost") or name in allowed


def is_own_site(request: Asked, allowed: frozenset[str]) -> bool:
    """Tell whether a request comes from this page, or from no page at all: a typed URL, a bookmark, a script.

    A link on another site may open the page, as links in a notebook or a terminal do, and nothing else; the token is
    asked for afterwards.
    """
    site = request.header("sec-fetch-site")
    if site not in ("", "none", "same-origin") and not _opens_page(request):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return request.method in ("GET", "HEAD") or site == "same-origin"
    return _is_own_origin(request, allowed)


def _opens_page(request: Asked) -> bool:
    is_document = (request.header("sec-fetch-mode"), request.header("sec-fetch-dest")) == ("navigate", "document")
    return is_document and request.method in ("GET", "HEAD") and request.path == "/"


def _is_own_origin(request: Asked, allowed: frozenset[str]) -> bool:
    try:
        parts = urlsplit(request.header("origin"))
    except ValueError:
        return False
    found = split_host(parts.netloc)
    if parts.scheme not in ("http", "https") or found is None or not is_known_host(found[0], allowed):
        return False
    # A proxy may rewrite Host; then the browser's own word that it is one origin has to do.
    return found == request.host or request.header("sec-fetch-site") == "same-origin"


def cookie_name(request: Asked) -> str:
    """Return the name of the cookie: cookies ignore ports, so the port that the browser sees is part of it."""
    host = request.host
    return f"runlogging_{host[1] if host and host[1] else 'web'}"


def has_token(request: Asked, token: str) -> bool:
    """Tell whether a request carries the token: in its URL, its cookie, or as a bearer's."""
    return any(is_same(given, token) for given in (*request.url_tokens, *_cookies(request), *_bearer(request)))


def is_same(given: str, token: str) -> bool:
    """Compare in a time that says nothing of where they differ."""
    return secrets.compare_digest(given.encode("utf-8", "surrogatepass"), token.encode())


def _cookies(request: Asked) -> Iterator[str]:
    wanted = cookie_name(request)
    for part in ";".join(request.headers.get("cookie", [])).split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted:
            yield value


def _bearer(request: Asked) -> Iterable[str]:
    scheme, _, value = request.header("authorization").partition(" ")
    return (value.strip(),) if scheme.lower() == "bearer" else ()
