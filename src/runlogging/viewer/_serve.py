"""Serving: a port, a token, a browser, and an end that keeps nobody waiting."""

from __future__ import annotations

import errno
import logging
import os
import re
import secrets
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from runlogging._errors import InvalidValueError, MissingExtraError, RootError, RunLoggingError
from runlogging.folder import find_root
from runlogging.viewer._app import create_app
from runlogging.viewer._guard import Guard, printable
from runlogging.viewer._nearby import no_runs_text, root_facts
from runlogging.viewer._rules import split_host
from runlogging.viewer._settings import Settings

if TYPE_CHECKING:
    import uvicorn

DEFAULT_PORT = 6464
TOKEN_VARIABLE = "RUNLOGGING_VIEW_TOKEN"  # noqa: S105  (the name of a variable)

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_NEXT_PORTS = 100
_THREADS = 64
_KEEP_ALIVE_S = 60
_LONGEST_REQUEST = 1 << 20  # bytes of its first line and its headers
_LAST_ANSWERS_S = 1  # how long a download may go on after Ctrl-C
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
_PREFIX = re.compile(r"(/[A-Za-z0-9._~@:%+=-]+)*")


def view(
    root: str | os.PathLike[str] = "runs",
    *,
    port: int = DEFAULT_PORT,
    host: str = "127.0.0.1",
    allowed_hosts: Sequence[str] = (),
    prefix: str = "",
    edits: bool = False,
    browser: bool = True,
    announce: Callable[[str], object] | None = None,
    warn: Callable[[str], object] | None = None,
) -> None:
    """Serve the pages of a root until Ctrl-C.

    Args:
        root: the folder of runs; the default gives way to the variable RUNLOGGING_ROOT. It need not be there yet.
        port: where to listen; one that is in use gives way to the next, and 0 is any.
        host: the address to listen on. Whoever can reach it needs the token.
        allowed_hosts: names that a browser may call the viewer by, besides localhost and its like.
        prefix: the path in front of all, behind a proxy, such as "/user/me/proxy/6464".
        edits: whether tags and notes may be changed.
        browser: whether to open a browser, where there is a display.
        announce: gets the URL once requests are taken; None prints it.
        warn: gets what the user should know, line by line; None writes it to stderr.

    Raises:
        MissingExtraError: starlette or uvicorn is not installed (also an ImportError).
        RootError: the root is a file (also an OSError).
        InvalidValueError: a prefix, a host's name, or the token in RUNLOGGING_VIEW_TOKEN cannot be one (also a
            ValueError).
        RunLoggingError: the host is no address of this machine.
        KeyboardInterrupt: at Ctrl-C, after all connections are closed.
    """
    announce, warn = announce or _announce, warn or _warn
    token, prefix = _token(), checked_prefix(prefix)
    for name in allowed_hosts:
        check_host(name)
    folder = find_root(root)
    if folder.exists() and not folder.is_dir():
        raise RootError(f"{folder} is a file; name a folder of runs.", folder)
    _check_installed()
    with closing(bound_socket(host, port)) as listener:
        own_port = listener.getsockname()[1]
        settings = Settings(folder, token, own_port, host, tuple(allowed_hosts), prefix, edits)
        app = create_app(settings)
        _tell(settings, port, warn)
        url = url_of(settings)
        announce(url)
        if browser and has_display():
            # Some browsers do not return before they are closed.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        serve(app, listener, warn)


def serve(app: Guard, listener: socket.socket, warn: Callable[[str], object]) -> None:
    """Answer on a socket until the process is told to end.

    Args:
        app: the application.
        listener: a socket that listens.
        warn: gets what the server complains of, a line each.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            import anyio.to_thread

            anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
            await super().startup(sockets)

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.hub.close()  # or their streams would be waited for
            await super().shutdown(sockets)

    Server(_config(app, warn)).run(sockets=[listener])


def _config(app: Guard, warn: Callable[[str], object]) -> uvicorn.Config:
    import uvicorn

    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        # The names of some columns, which stand in the URL, may be very long.
        h11_max_incomplete_event_size=_LONGEST_REQUEST,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,
    )
    logger = logging.getLogger("uvicorn.error")
    logger.propagate = False
    logger.handlers[:] = [_OneLine(warn)]
    return config


class _OneLine(logging.Handler):
    """Says what the server logs without its tracebacks; what it cancels at the end is nobody's concern."""

    def __init__(self, warn: Callable[[str], object]) -> None:
        super().__init__(logging.WARNING)
        self._warn = warn

    def emit(self, record: logging.LogRecord) -> None:
        if not record.getMessage().startswith(("Cancel ", "Exception in ASGI application")):
            self._warn(printable(record.getMessage()))


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address, at a port or at the next one that is free.

    Raises:
        RunLoggingError: the host is no address of this machine, or no port is free.
    """
    ports = [0] if port == 0 else [*range(port, min(port + _NEXT_PORTS, 65536)), 0]
    problem: OSError | None = None
    for candidate in ports:
        try:
            return _bound(host, candidate)
        except OSError as error:
            problem = error
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                break
    reason = problem.strerror if problem else "no port is free"
    raise RunLoggingError(f"The viewer cannot listen on {host!r} port {port}: {reason}.") from problem


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, protocol)
    try:
        # On Windows the option would let two programs listen on one port.
        if os.name == "posix":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(512)
    except OSError:
        made.close()
        raise
    return made


def url_of(settings: Settings) -> str:
    """Return the URL that opens the page, with the token."""
    host = settings.host if settings.host not in ("", "0.0.0.0", "::") else "127.0.0.1"  # noqa: S104
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{settings.port}{settings.prefix}/?token={settings.token}"


def checked_prefix(text: str) -> str:
    """Return a prefix with a slash in front and none behind; "" for none.

    Raises:
        InvalidValueError: it holds what no path does.
    """
    prefix = f"/{text.strip('/')}" if text.strip("/") else ""
    if not _PREFIX.fullmatch(prefix) or "/../" in f"{prefix}/":
        raise InvalidValueError(f"a prefix is a path such as /user/me/proxy/6464, not {text!r:.80}")
    return prefix


def check_host(name: str) -> None:
    """Check that something can be the name of a host, perhaps with a port.

    Raises:
        InvalidValueError: it cannot.
    """
    if split_host(name) is None and name.count(":") < 2:
        raise InvalidValueError(f"a host's name is like gpu7.example.org, not {name!r:.80}")


def has_display() -> bool:
    """Tell whether a browser could be shown: always but on a Unix without a screen."""
    if sys.platform in ("darwin", "win32"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def _token() -> str:
    given = os.environ.get(TOKEN_VARIABLE)
    if given is None:
        return secrets.token_urlsafe(24)
    if not _TOKEN.fullmatch(given):
        raise InvalidValueError(f"{TOKEN_VARIABLE} has to be 16 to 200 letters, digits, - or _; better leave it unset")
    return given


def _check_installed() -> None:
    try:
        import uvicorn  # noqa: F401
    except ImportError:
        raise MissingExtraError("the viewer", "uvicorn", "viewer") from None


def _tell(settings: Settings, port: int, warn: Callable[[str], object]) -> None:
    if port not in (0, settings.port):
        warn(f"Port {port} is in use; this is {settings.port}.")
    if settings.host not in _LOOPBACK:
        warn(f"Anyone who can reach {settings.host} port {settings.port} and has the token can read the runs;")
        warn("what is sent is not encrypted. A browser may use the names given by --allow-host.")
    facts = root_facts(settings.root)
    if not facts["has_runs"]:
        for line in no_runs_text(facts).split("\n"):
            warn(line)


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def _warn(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
