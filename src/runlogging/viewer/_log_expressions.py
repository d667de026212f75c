"""Python's regular expressions with a limit of time: a process of its own applies them, see `_log_worker`."""

from __future__ import annotations

import atexit
import marshal
import selectors
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from runlogging._errors import InvalidValueError

LIMIT_S = 1.0
"""So much time of the processor an expression has for one piece of a log, some hundred lines."""

# The process ends what takes too long by itself; it is killed where it does not, as when the machine swaps.
_PATIENCE_S = 15.0
_COMMAND = [sys.executable, "-I", "-S", str(Path(__file__).with_name("_log_worker.py"))]


class TooSlowError(Exception):
    """Say that an expression took too long.

    Attributes:
        at: the number of the item that it was at; None where that is not known.
    """

    def __init__(self, at: int | None) -> None:
        super().__init__(at)
        self.at = at


class Expressions:
    """The process that applies expressions; it starts with the first one, and anew after it had to be killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, work: str, expression: str, flags: int, items: list[Any], limit_s: float = LIMIT_S) -> list[Any]:
        """Apply an expression to texts.

        Args:
            work: ``hits``: the numbers of the items (tuples of texts) in which it matches something; ``spans``: for
                each item (a text) the pairs of places where it stands, 200 at most, without the empty ones.
            expression: in Python's syntax.
            flags: those of `re`.
            items: what is looked through.
            limit_s: the time of the processor that it has, in s.

        Returns:
            What the work says.

        Raises:
            InvalidValueError: it is no expression (also a ValueError).
            TooSlowError: it takes longer, or more than 1 GiB of memory.
        """
        with self._lock:
            try:
                kind, found = self._exchange((work, expression, flags, limit_s, items), limit_s + _PATIENCE_S)
            except (OSError, EOFError, ValueError):
                self._end()
                raise TooSlowError(None) from None
        if kind == "slow":
            raise TooSlowError(found)
        if kind == "wrong":
            raise InvalidValueError(f"{f'/{expression}/'!r:.80} is no expression: {found}")
        answer: list[Any] = found
        return answer

    def _exchange(self, question: tuple[Any, ...], patience_s: float) -> tuple[str, Any]:
        process = self._started()
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        data = marshal.dumps(question)
        process.stdin.write(len(data).to_bytes(4) + data)
        process.stdin.flush()
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            if not selector.select(patience_s):
                raise EOFError
        size = int.from_bytes(process.stdout.read(4))
        answer: tuple[str, Any] = marshal.loads(process.stdout.read(size))  # noqa: S302  our own process
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            # A session of its own: Ctrl-C is for the viewer, and the end of the viewer closes the pipe.
            self._process = subprocess.Popen(  # noqa: S603
                _COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            atexit.register(self.close)
        return self._process

    def close(self) -> None:
        """End the process; the next expression starts another one."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            atexit.unregister(self.close)
            process.kill()
            for pipe in (process.stdin, process.stdout):
                _close(pipe)
            process.wait()


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:  # what was not sent yet cannot be sent any more
        return


expressions = Expressions()
"""The one of this process."""
