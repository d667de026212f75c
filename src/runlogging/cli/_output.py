"""Where output goes: a terminal with a width and perhaps colours, or a pipe that gets everything uncut."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from io import TextIOWrapper

import click

STATUS_COLOURS = {
    "Running": "cyan",
    "Completed": "green",
    "Failed": "red",
    "Canceled": "yellow",
    "NotResponding": "magenta",
}


class Output:
    """Standard output, as it is when the object is made.

    Attributes:
        width: the columns of the terminal, or None where output is no terminal and lines may be of any length.
        ellipsis: what a cut text ends in, one column wide.
    """

    def __init__(self) -> None:
        self._stream = sys.stdout
        is_terminal = self._stream.isatty()
        self.width = shutil.get_terminal_size().columns if is_terminal else None
        self.has_colours = is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self.ellipsis = "…" if (self._stream.encoding or "").lower().startswith("utf") else "~"

    def write(self, line: str = "") -> None:
        """Write a line; it reaches the terminal with the next `flush`, or at the end."""
        self._stream.write(line + "\n")

    def write_all(self, lines: Iterable[str]) -> None:
        """Write lines one by one."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Hand everything to the kernel."""
        self._stream.flush()

    def paint(self, text: str, colour: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
        """Return text in a colour where there are colours."""
        if not self.has_colours or not (colour or bold or dim):
            return text
        return click.style(text, fg=colour, bold=bold or None, dim=dim or None)


def tolerate_encodings() -> None:
    """Let no character that the terminal's encoding lacks end the program: it is shown escaped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def give_up_output() -> None:
    """Point stdout away from a broken pipe, so that the flush at exit has nothing left to complain about."""
    with suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
