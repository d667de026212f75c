"""A child process whose output is read, shown and kept: by `capture_process` and ``runlogging exec``."""

from __future__ import annotations

import os
import selectors
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import IO, TYPE_CHECKING, Any

from runlogging._recorder import Recorder
from runlogging.capture._descriptors import opened_pty
from runlogging.capture._keeper import LineRecorder
from runlogging.folder import RUN_VARIABLE
from runlogging.processes._child_source import ChildSource, has_terminal, terminal_of

if TYPE_CHECKING:
    from runlogging.run import Run

# How long processes are listened to that the command left behind.
_GRACE_S = 1.0
_KILL_AFTER_S = 5.0
# After a Ctrl-C a command may save what it has.
_INTERRUPT_WAIT_S = 10.0
# How often the window size is copied, and where there are no pidfds, how often a child without output is looked at.
_LOOK_S = 1.0
_POLL_S = 0.05
_LAST_LINES = 20


class ChildOutput:
    """A child process and what it prints.

    Args:
        run: the run.
        show: whether the output also goes to ``sys.stdout`` and ``sys.stderr``.
        max_bytes: how much text is kept.
        gives_way: whether the child loses its output when nobody sees ours any more, as without us in between.

    Attributes:
        pid: its process id, 0 before it has started.
        timed_out: whether it was ended for its time.
    """

    def __init__(self, run: Run, *, show: bool, max_bytes: int, gives_way: bool = False) -> None:
        self.pid = 0
        self.timed_out = False
        self._run, self._show, self._gives_way = run, show, gives_way
        self._max_bytes = max_bytes
        self._sources: list[ChildSource] = []
        self._selector = selectors.DefaultSelector()
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._is_idle = self._is_interrupted = False

    @property
    def lines(self) -> int:
        """How many lines became records."""
        return self._recorder.lines

    @property
    def dropped(self) -> int:
        """How many lines did not."""
        return self._recorder.dropped

    @property
    def last_lines(self) -> str:
        """The last lines of the output, as text."""
        return "\n".join(self._last)

    # ------------------------------------------------------------------ the start

    def start(
        self,
        args: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        stdin: int | IO[Any] | None = None,
        shell: bool = False,
        tty: bool | None = None,
    ) -> None:
        """Start the child; see `capture_process`.

        Raises:
            OSError: the program cannot be started.
        """
        # One that shares our terminal stays in our group: only that may read from the terminal, and gets its Ctrl-C.
        self._has_group = not has_terminal()
        ends = self._open(tty)
        try:
            self._process = subprocess.Popen(  # noqa: S603  (the caller's command)
                args,
                cwd=cwd,
                env={**(os.environ if env is None else env), RUN_VARIABLE: str(self._run.path)},
                stdin=stdin,
                stdout=ends[0],
                stderr=ends[1],
                shell=shell,
                process_group=0 if self._has_group else None,
            )
        except BaseException:
            self._close()
            raise
        finally:
            for fd in set(ends):
                os.close(fd)
        self.pid = self._process.pid
        self._begin_records()
        for source in self._sources:
            self._selector.register(source.fd, selectors.EVENT_READ, source)
        self._watch_end()

    def _open(self, tty: bool | None) -> tuple[int, int]:
        """Open what the child prints to; return its ends for stdout and stderr."""
        terminals = [terminal_of(stream) for stream in (sys.stdout, sys.stderr)]
        is_pty = terminals[0] is not None if tty is None else tty
        shown = [sys.stdout, sys.stderr] if self._show else [None, None]
        if not is_pty:
            return self._open_pipe("stdout", shown[0]), self._open_pipe("stderr", shown[1])
        if tty or terminals[1] is not None:
            end = self._open_pty("console", shown[0], terminals[0])
            return end, end
        return self._open_pty("stdout", shown[0], terminals[0]), self._open_pipe("stderr", shown[1])

    def _open_pipe(self, logger: str, shown: Any) -> int:
        source, end = os.pipe()
        self._sources.append(ChildSource(source, logger, shown, None))
        return end

    def _open_pty(self, logger: str, shown: Any, terminal: int | None) -> int:
        master, slave = opened_pty(terminal)
        self._sources.append(ChildSource(master, logger, shown, terminal))
        return slave

    def _begin_records(self) -> None:
        recorder = Recorder(self._run._session, self._run._text_redactor)
        self._recorder = LineRecorder(recorder, self._max_bytes, parses=True, extra={"pid": self.pid})

    def _watch_end(self) -> None:
        """Have the selector tell of the child's end, where the system can."""
        self._end_fd = -1
        if hasattr(os, "pidfd_open"):
            with suppress(OSError):
                self._end_fd = os.pidfd_open(self.pid)
                self._selector.register(self._end_fd, selectors.EVENT_READ, None)

    # ------------------------------------------------------------------ until the end

    def wait(self, timeout_s: float | None = None) -> int:
        """Read, show and keep until the child has ended; return its exit code, negative for a signal."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._interrupts_held():
            try:
                self._pump(deadline)
            except KeyboardInterrupt:
                self._interrupt()
                raise
            finally:
                self._finish()
        code = self._process.returncode
        return -signal.SIGKILL if code is None else code

    def send_signal(self, number: int) -> None:
        """Send a signal to the child, and to its children where it has a group of its own."""
        if self._process.poll() is not None:
            return
        with suppress(OSError):
            if self._has_group:
                os.killpg(self.pid, number)
            else:
                os.kill(self.pid, number)

    @property
    def has_group(self) -> bool:
        """Whether the child has a process group of its own, so that no signal of the terminal reaches it."""
        return self._has_group

    @contextmanager
    def _interrupts_held(self) -> Iterator[None]:
        """Let a Ctrl-C come only while nothing is in hand: between showing and keeping it would cost lines."""
        is_ours = threading.current_thread() is threading.main_thread()
        if not is_ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return

        def interrupt(number: int, frame: FrameType | None) -> None:
            if self._is_idle:
                raise KeyboardInterrupt
            self._is_interrupted = True

        signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            if signal.getsignal(signal.SIGINT) is interrupt:
                signal.signal(signal.SIGINT, signal.default_int_handler)
        if self._is_interrupted:
            raise KeyboardInterrupt

    def _selected(self, timeout: float | None) -> list[Any]:
        self._is_idle = True
        try:
            if self._is_interrupted:
                self._is_interrupted = False
                raise KeyboardInterrupt
            return [key for key, _ in self._selector.select(timeout)]
        finally:
            self._is_idle = False

    def _pump(self, deadline: float | None) -> None:
        """Read until the child has ended and its output too, or the time after its end is over."""
        kills = deque([signal.SIGTERM, signal.SIGKILL, None])
        ended: float | None = None
        while True:
            self._step(self._wait_s(deadline, ended))
            now = time.monotonic()
            if ended is None and self._process.poll() is not None:
                ended = now
            if ended is not None:
                if not self._sources:
                    return
                if now >= ended + _GRACE_S:
                    self._let_go()
                    return
            elif deadline is not None and now >= deadline:
                number = kills.popleft()
                if number is None:  # it hangs in the kernel
                    return
                self._time_out(number)
                deadline = now + _KILL_AFTER_S

    def _wait_s(self, deadline: float | None, ended: float | None) -> float | None:
        now, clock = time.monotonic(), time.time()
        waits = [due - clock for one in self._sources if (due := one.splitter.next_due) is not None]
        if ended is not None:
            waits.append(ended + _GRACE_S - now)
        elif deadline is not None:
            waits.append(deadline - now)
        if any(one.terminal is not None for one in self._sources):
            waits.append(_LOOK_S)
        if self._end_fd < 0:
            waits.append(_POLL_S)
        return max(0.0, min(waits)) if waits else None

    def _step(self, timeout: float | None) -> None:
        """Take what comes within a time, in pieces, and what waited long enough."""
        if not self._selector.get_map():
            self._selected(min(_POLL_S, timeout or _POLL_S))
            return
        for key in self._selected(timeout):
            if key.data is None:
                self._selector.unregister(key.fd)
            else:
                self._take(key.data)
        now = time.time()
        for source in self._sources:
            source.follow_size()
            self._write(source, source.splitter.poll(now))

    def _take(self, source: ChildSource) -> None:
        data = source.read()
        if not data or (not source.show(data) and self._gives_way):
            self._end(source)
        else:
            self._write(source, source.splitter.feed(data, time.time()))

    def _write(self, source: ChildSource, lines: Sequence[Any]) -> None:
        if lines:
            self._last.extend(line.text for line in lines[-_LAST_LINES:])
            self._recorder.write(source.logger, lines)

    def _end(self, source: ChildSource) -> None:
        self._sources.remove(source)
        with suppress(KeyError, ValueError):
            self._selector.unregister(source.fd)
        os.close(source.fd)
        self._write(source, source.splitter.close(time.time()))

    # ------------------------------------------------------------------ ends that are not the child's own

    def _time_out(self, number: signal.Signals) -> None:
        self.timed_out = True
        self._recorder.say("WARNING", f"process {self.pid} took too long and gets {number.name}", time.time())
        self.send_signal(number)

    def _let_go(self) -> None:
        names = " and ".join(source.logger for source in self._sources)
        left = f"process {self.pid} has ended, but others that it started hold its {names} open"
        self._recorder.say("WARNING", f"{left}; what they print from now on is not kept", time.time())

    def _interrupt(self) -> None:
        """Wait for a child that had a Ctrl-C as well; a second Ctrl-C, or time, ends it."""
        if self._has_group:
            self.send_signal(signal.SIGINT)
        with suppress(KeyboardInterrupt):
            self._pump(time.monotonic() + _INTERRUPT_WAIT_S)

    def _finish(self) -> None:
        """Leave nothing behind, whatever ended the reading."""
        for number, wait_s in ((signal.SIGTERM, _KILL_AFTER_S), (signal.SIGKILL, _KILL_AFTER_S)):
            if self._process.poll() is None:
                self.send_signal(number)
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(wait_s)
        self._close()
        self._recorder.save_dropped()

    def _close(self) -> None:
        for source in tuple(self._sources):
            self._end_quietly(source)
        self._selector.close()
        if self.pid and self._end_fd >= 0:
            os.close(self._end_fd)
            self._end_fd = -1

    def _end_quietly(self, source: ChildSource) -> None:
        if self.pid:
            self._end(source)
        else:
            self._sources.remove(source)
            os.close(source.fd)


def ended_text(args: Any, code: int) -> str:
    """Return a sentence that says how a command ended."""
    command = args if isinstance(args, str) else shlex.join(map(str, args if isinstance(args, Sequence) else [args]))
    if code >= 0:
        return f"{command!r:.200} ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"{command!r:.200} was killed by {name}"
