"""Stacks of a crash: `faulthandler` writes them into the run folder when a signal such as SIGSEGV ends the process."""

from __future__ import annotations

import faulthandler
import os
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from runlogging.folder import fault_path

if TYPE_CHECKING:
    from pathlib import Path


class FaultCapture:
    """`faulthandler`, pointed at a file of a run; a program that enabled it itself keeps its own.

    What it then writes to stderr is kept where stderr is captured.

    Args:
        run: the run folder.
        writer: the writer whose process it is.
    """

    def __init__(self, run: Path, writer: str) -> None:
        self._path = fault_path(run, writer)
        self._file: BinaryIO | None = None
        self._target: weakref.ref[_Target] | None = None
        self._pid = os.getpid()

    def start(self) -> None:
        """Enable it, unless the program has."""
        if faulthandler.is_enabled():
            return
        with suppress(OSError):
            self._file = self._path.open("ab", buffering=0)
            target = _Target(self._file.fileno())
            faulthandler.enable(target)
            self._target = weakref.ref(target)

    def stop(self) -> None:
        """Disable it, unless the program has enabled it meanwhile; a file without a stack is removed."""
        file, self._file = self._file, None
        if file is None:
            return
        if self._target is not None and self._target() is not None:
            faulthandler.disable()
        file.close()
        if os.getpid() == self._pid:
            with suppress(OSError):
                if not self._path.stat().st_size:
                    self._path.unlink()


class _Target:
    """A file for `faulthandler`, which alone holds it: it is gone once somebody enabled or disabled that anew."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""
