"""Records of log calls, captured where every record passes: `logging.Logger.callHandlers`.

No handler is put anywhere, so no configuration can take it away, and none meets it: ``basicConfig`` does what it does
without us. The method is wrapped only while a run is open, and put back only if it still is ours: whoever wrapped it
meanwhile keeps a wrapper of ours below, which passes through; once that one is on top again, it goes with the next
record.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

from runlogging._recorder import Recorder, Silent

Find = Callable[[], Recorder | Silent | None]
Forget = Callable[[Recorder | Silent], None]

_lock = threading.RLock()
_holders = 0
# The wrapper that captures; others of ours may be below what somebody else put over them.
_patch: _Patch | None = None


class _Patch:
    """One wrapper around what `logging.Logger.callHandlers` was."""

    def __init__(self, find: Find, forget: Forget) -> None:
        self.original: Any = logging.Logger.callHandlers
        self.find = self._find = find
        self.method = _wrapped(self, forget)

    def is_on_top(self) -> bool:
        """Tell whether nobody put another method in its place."""
        return logging.Logger.callHandlers is self.method

    def remove(self) -> None:
        """Put the original back; below a wrapper of somebody else's this one stays, and passes through."""
        self.find = self._find_nothing
        if self.is_on_top():
            logging.Logger.callHandlers = self.original  # type: ignore[method-assign]

    def revive(self) -> None:
        """Capture again."""
        self.find = self._find

    def _find_nothing(self) -> Recorder | Silent | None:
        """Return None, unless what was put over this wrapper is gone, and a wrapper of ours above it with it."""
        if not self.is_on_top():
            return None
        with _lock:
            if not _holders:
                self.remove()
                return None
            _put_on_top()
        return self.find()


def _wrapped(patch: _Patch, forget: Forget) -> Any:
    original = patch.original

    def callHandlers(self: logging.Logger, record: logging.LogRecord) -> None:  # noqa: N802  (logging's name)
        """Give the record to the current run, then to the handlers, as without us."""
        try:
            recorder = patch.find()
            while recorder is not None and not recorder.take(record):
                forget(recorder)
                recorder = patch.find()
        except Exception:  # noqa: S110  (only where the stack is at its end: there is no room to count it, either)
            pass
        original(self, record)

    callHandlers.__runlogging__ = patch  # type: ignore[attr-defined]
    return callHandlers


def hold(find: Find, forget: Forget) -> None:
    """Capture, or go on capturing; each call needs one of `release`.

    Args:
        find: returns what takes the records of the current run, or None.
        forget: told of what takes no more because its run has ended; `find` must not return it again.
    """
    global _holders
    with _lock:
        _holders += 1
        if _patch is None or not _patch.is_on_top():
            _put_on_top(find, forget)


def _put_on_top(find: Find | None = None, forget: Forget | None = None) -> None:
    """Capture at the top: with the wrapper of ours that is there, or with a new one."""
    global _patch
    # Whoever is on top may or may not call what was there: the old wrapper goes silent, so that none counts twice.
    if _patch is not None:
        _patch.remove()
    known = getattr(logging.Logger.callHandlers, "__runlogging__", None)
    if isinstance(known, _Patch) and known.is_on_top():  # functools.wraps copies the attribute to other wrappers
        known.revive()
        _patch = known
    elif find is not None and forget is not None:
        _patch = _Patch(find, forget)
        logging.Logger.callHandlers = _patch.method  # type: ignore[method-assign]


def release() -> None:
    """Stop capturing after the last `hold`."""
    global _holders, _patch
    with _lock:
        _holders = max(0, _holders - 1)
        if not _holders and _patch is not None:
            _patch.remove()
            _patch = None


def _renew_lock() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_lock)
