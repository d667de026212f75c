"""Which sources a run captures, and how they begin and end.

The hooks of the interpreter are shared by all runs of a process; what they catch goes to the current run. Output and
the stacks of a crash belong to the first run that asks for them.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from logging import LogRecord
from pathlib import Path
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._recorder import Recorder, Silent
from runlogging.capture._hooks import Hook, Take, error_hooks, loop_hooks, warning_hook

LOGGING = "logging"
SOURCES = (LOGGING, "errors", "warnings", "stdout", "stderr", "asyncio", "faulthandler")
"""What can be captured: log calls, exceptions that nobody caught, warnings, the descriptors 1 and 2, and so on."""
DEFAULT_SOURCES = frozenset({LOGGING, "errors"})
_GROUPS = {"all": frozenset(SOURCES), "output": frozenset({"stdout", "stderr"})}

Find = Callable[[], Recorder | Silent | None]

_lock = threading.RLock()
_hooks: dict[str, tuple[int, list[Hook]]] = {}
# The run that has the descriptors, or the crash file, of this process.
_owners: dict[str, object] = {}


def checked_sources(capture: object) -> frozenset[str]:
    """Return the sources that a ``capture`` argument names.

    Args:
        capture: None for the default; True or "all" for all; False for none; a name, or several.

    Raises:
        InvalidValueError: there is no such source.
    """
    if capture is None:
        return DEFAULT_SOURCES
    if isinstance(capture, bool):
        return frozenset(SOURCES) if capture else frozenset()
    names = [capture] if isinstance(capture, str) else capture
    if not isinstance(names, Iterable):
        raise InvalidValueError(f"capture names sources, it is no {type(capture).__name__}; see {', '.join(SOURCES)}")
    wanted: frozenset[str] = frozenset()
    for name in names:
        if not isinstance(name, str) or (name not in SOURCES and name not in _GROUPS):
            raise InvalidValueError(f"{name!r:.80} is no source; there are {', '.join((*SOURCES, *_GROUPS))}")
        wanted |= _GROUPS.get(name, frozenset({name}))
    return wanted


class Sources:
    """The sources of one run, but for the log calls.

    Args:
        wanted: their names.
        run: the run folder.
        writer: the writer's name.
        find: returns what takes the records of sources of the current run, or None.
        redact: whether secrets are taken out of the output.
    """

    def __init__(self, wanted: frozenset[str], run: Path, writer: str, find: Find, *, redact: bool = True) -> None:
        self._wanted, self._run, self._writer, self._find, self._redact = wanted, run, writer, find, redact
        self._held: list[str] = []
        self._owned: dict[str, Any] = {}
        self._pid = os.getpid()

    def start(self) -> None:
        """Begin with all of them."""
        for name in _MAKERS.keys() & self._wanted:
            _hold_hooks(name, self._take)
            self._held.append(name)
        if "faulthandler" in self._wanted:
            self._own("faulthandler", self._make_faults)
        if self._wanted & {"stdout", "stderr"}:
            self._own("output", self._make_output)

    def stop(self) -> None:
        """End with all of them, and put back what is still ours."""
        if os.getpid() != self._pid:  # a forked child: they are its parent's
            return
        for name, source in reversed(self._owned.items()):
            source.stop()
            with _lock:
                _owners.pop(name, None)
        self._owned.clear()
        while self._held:
            _release_hooks(self._held.pop())

    def _take(self, record: LogRecord, *, is_logged: bool = False) -> None:
        """Give a record to the current run; one that is logged, too, comes to a run that captures log calls anyway."""
        recorder = self._find()
        while recorder is not None and not (is_logged and isinstance(recorder, Recorder)) and not recorder.note(record):
            recorder.is_over = True
            recorder = self._find()

    def _own(self, name: str, make: Callable[[], Any]) -> None:
        with _lock:
            if name in _owners:
                return
            _owners[name] = self
        try:
            source = make()
            source.start()
        except BaseException:
            with _lock:
                _owners.pop(name, None)
            raise
        self._owned[name] = source

    def _make_faults(self) -> Any:
        from runlogging.capture._faults import FaultCapture

        return FaultCapture(self._run, self._writer)

    def _make_output(self) -> Any:
        from runlogging.capture._output import OutputCapture

        streams = {"stdout": "stdout" in self._wanted, "stderr": "stderr" in self._wanted}
        return OutputCapture(self._run, redact=self._redact, **streams)


_MAKERS: dict[str, Callable[[Take], list[Hook]]] = {
    "errors": error_hooks,
    "warnings": lambda take: [warning_hook(take)],
    "asyncio": loop_hooks,
}


def _hold_hooks(name: str, take: Take) -> None:
    with _lock:
        count, hooks = _hooks.get(name) or (0, _MAKERS[name](take))
        _hooks[name] = count + 1, hooks
        for hook in hooks:
            hook.put()


def _release_hooks(name: str) -> None:
    with _lock:
        count, hooks = _hooks.pop(name)
        if count > 1:
            _hooks[name] = count - 1, hooks
            return
        for hook in reversed(hooks):
            hook.take_off()


def _renew() -> None:
    global _lock
    _lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
