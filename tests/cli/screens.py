"""A terminal for the tests: a program in it, what it shows, and keys that are pressed."""

from __future__ import annotations

import os
import pty
import re
import select
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.cli.tools import COMMAND
from tests.conftest import SOURCE

if sys.platform != "win32":
    import fcntl
    import termios

PATIENCE_S = 60.0
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Screen:
    """A program in a terminal of its own; use it in a ``with`` block.

    Args:
        arguments: what is run: arguments of the command, or a whole command line where `program` is true.
    """

    def __init__(
        self,
        *arguments: str | Path,
        columns: int = 80,
        lines: int = 24,
        program: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.shown = b""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._theirs = theirs
        self.settings = termios.tcgetattr(theirs)
        command = [*([] if program else COMMAND), *map(str, arguments)]
        self._process = subprocess.Popen(
            command, env=_environment(env or {}), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )

    def __enter__(self) -> Screen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._theirs)
        os.close(self._ours)

    @property
    def text(self) -> str:
        """What was shown so far, without colours and movements of the cursor."""
        return CONTROLS.sub("", self.shown.decode(errors="replace")).replace("\r\n", "\n")

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def interrupt(self) -> None:
        """Send what Ctrl-C sends."""
        self._process.send_signal(2)

    def wait_for(self, text: str) -> None:
        """Wait until a text was shown."""
        until = time.monotonic() + PATIENCE_S
        while text not in self.text:
            assert time.monotonic() < until, self.text
            assert self._process.poll() is None or self._read(0.1), self.text
            self._read(0.1)

    def wait(self) -> int:
        """Wait for the end; return the exit status."""
        until = time.monotonic() + PATIENCE_S
        while self._process.poll() is None:
            assert time.monotonic() < until, self.text
            self._read(0.05)
        while self._read(0.05):
            pass
        return self._process.returncode

    def is_restored(self) -> bool:
        """Tell whether the terminal is as it was at the start."""
        return termios.tcgetattr(self._theirs) == self.settings

    def _read(self, seconds: float) -> bytes:
        ready, _, _ = select.select([self._ours], [], [], seconds)
        part = os.read(self._ours, 1 << 16) if ready else b""
        self.shown += part
        return part


def _environment(changes: Mapping[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "LINES")}
    return {**kept, "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(SOURCE), **changes}


def shown(*arguments: str | Path, columns: int = 80, lines: int = 24, code: int = 0) -> str:
    """Run the command in a terminal to its end; return what it showed, colours included."""
    with Screen(*arguments, columns=columns, lines=lines) as screen:
        assert screen.wait() == code, screen.text
        return screen.shown.decode().replace("\r\n", "\n")


def plain_lines(text: str) -> Sequence[str]:
    """Return the lines of what was shown, without colours."""
    return CONTROLS.sub("", text).rstrip("\n").split("\n")
