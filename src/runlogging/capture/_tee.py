"""The tee: a process of its own between a program's output and where the output goes.

It is started as a script by `OutputCapture`. It first hands bytes on, with nothing but the standard library, and only
then imports what keeps them as records: an import that fails costs records, never output. One thread a channel reads,
shows and passes on; the main thread keeps. A program that is killed leaves its last bytes in the pipe, to be kept.

Descriptors: 3 is the control socket, 4 and above are the channels' reading ends, 1 and 2 where they go. Through the
socket comes first a line of JSON, then at most one message, a letter a channel: ``M`` (the end mark is in the channel)
or ``Q`` (there is none: the channel ends when it is quiet). The answer, once all is kept, is ``D``. Then bytes are only
handed on, until everybody who holds a channel has closed it.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import select
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from runlogging.capture._keeper import Keeper

CONTROL = 3
FIRST_CHANNEL = 4
IGNORED_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGTTOU")
_CHUNK = 64 * 1024
# What may wait for the disk; then the program waits, for so long at most.
_MAX_WAITING = 8 << 20
_MAX_WAIT_S = 5.0
_WINDOW_S = 1.0
# A part of the end mark may be all that was read: so long it is not shown.
_MARK_WAIT_S = 0.05
_QUIET_S = 0.2
# The other end is gone: then the program must meet that as well. After any other error the next bytes are tried.
_GONE = (errno.EPIPE, errno.EIO, errno.EBADF, errno.ECONNRESET, errno.ENXIO)


class Channel:
    """What is read from one descriptor, written unchanged to another, and handed to the keeper.

    Args:
        number: which channel it is.
        source: the pipe or pty that the program prints to.
        target: where its output went before.
        mark: the bytes after which nothing is kept; they are not shown.
        is_terminal: whether the target is a terminal, whose size the source follows.
        put: takes ``(number, time, data)``; data is None once nothing more is kept, and ``b""`` at the end of all.
    """

    def __init__(
        self,
        number: int,
        source: int,
        target: int,
        mark: bytes,
        is_terminal: bool,
        put: Callable[[tuple[int, float, bytes | None]], None],
    ) -> None:
        self._number, self._source, self._target = number, source, target
        self._mark, self._put = mark, put
        self._is_terminal = is_terminal
        self._poller = select.poll()
        self._poller.register(source, select.POLLIN)
        self._size = b""
        self._held = b""
        self._is_kept = True
        self._waiting = 0
        self._is_late = False
        self._room = threading.Condition()
        self.lost_lines = 0

    def relay(self) -> None:
        """Hand on until the end."""
        try:
            while (data := self._read()) is not None:
                self._take(data)
                self._follow_size()
            self._hand_on(self._held)
        finally:
            self._put((self._number, time.time(), b""))

    def took(self, size: int) -> None:
        """Be told that the keeper is done with so many bytes."""
        with self._room:
            self._waiting -= size
            self._room.notify()

    def _read(self) -> bytes | None:
        """Return what came, ``b""`` when it is time to look around, None at the end."""
        timeout = _MARK_WAIT_S if self._held else _WINDOW_S if self._is_terminal else None
        if self._source < 0:
            return None
        try:
            if not self._poller.poll(None if timeout is None else timeout * 1000):
                data, self._held = self._held, b""
                self._hand_on(data)
                return b""
            return os.read(self._source, _CHUNK) or None
        except OSError:  # EIO: nobody holds the terminal any more
            return None

    def _take(self, data: bytes) -> None:
        data, self._held = self._held + data, b""
        if not self._is_kept:
            self._show(data)
            return
        before, found, after = data.partition(self._mark)
        if found:
            self._hand_on(before)
            self._is_kept = False
            self._put((self._number, time.time(), None))
            self._show(after)
            return
        cut = self._beginning_of_mark(data)
        self._held = data[cut:]
        self._hand_on(data[:cut])

    def _beginning_of_mark(self, data: bytes) -> int:
        """Return where a beginning of the mark stands at the end of the data, or the data's length."""
        cut = data.find(self._mark[:1], max(0, len(data) - len(self._mark) + 1))
        while cut >= 0 and not self._mark.startswith(data[cut:]):
            cut = data.find(self._mark[:1], cut + 1)
        return cut if cut >= 0 else len(data)

    def _hand_on(self, data: bytes) -> None:
        if not data:
            return
        self._show(data)
        if self._has_room(len(data)):
            self._put((self._number, time.time(), data))
        else:
            self.lost_lines += data.count(b"\n")

    def _has_room(self, size: int) -> bool:
        """Wait until the keeper can take more; where it does not come to it, what comes meanwhile is lost."""
        with self._room:
            wait_s = 0.0 if self._is_late else _MAX_WAIT_S
            self._is_late = not self._room.wait_for(lambda: self._waiting <= _MAX_WAITING, wait_s)
            if not self._is_late:
                self._waiting += size
            return not self._is_late

    def _show(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._target, view) :]
            except BlockingIOError:
                select.select([], [self._target], [], 1.0)
            except OSError as error:
                if error.errno in _GONE:
                    os.close(self._source)
                    self._source = -1
                return

    def _follow_size(self) -> None:
        if self._is_terminal:
            with suppress(OSError):
                self._size = copied_size(self._target, self._source, self._size)


def copied_size(terminal: int, pty: int, known: bytes = b"") -> bytes:
    """Give a pty the window size of a terminal where it is not the known one; return it as the kernel has it."""
    import fcntl
    import termios

    size = fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
    if size != known:
        fcntl.ioctl(pty, termios.TIOCSWINSZ, size)
    return size


class Tee:
    """The main thread's part: what keeps the output, and when that is over."""

    def __init__(self, control: socket.socket, config: dict[str, Any], message: bytes) -> None:
        self._control, self._message = control, message
        self._config = config
        self._items: queue.SimpleQueue[tuple[int, float, bytes | None]] = queue.SimpleQueue()
        mark = bytes.fromhex(config["mark"])
        self._channels = [
            Channel(number, FIRST_CHANNEL + number, one["target"], mark, one["terminal"], self._items.put)
            for number, one in enumerate(config["channels"])
        ]
        self._flowing = set(range(len(self._channels)))
        self._kept = set(self._flowing)
        self._quiet: dict[int, float] = {}
        self._keeper: Keeper | None = None
        self._is_asked = self._is_answered = False

    def run(self) -> None:
        """Hand on and keep until all channels are at their end."""
        for channel in self._channels:
            threading.Thread(target=channel.relay, daemon=True).start()
        threading.Thread(target=self._listen, daemon=True).start()
        self._keeper = self._made_keeper()
        while self._flowing:
            with suppress(queue.Empty):
                self._take(*self._items.get(timeout=self._timeout()))
            self._look_around()
        self._finish()

    def _listen(self) -> None:
        """Pass on what the program says, as an item of no channel."""
        with suppress(OSError):
            message = self._message or self._control.recv(16)
            if message:
                self._items.put((-1, time.time(), message))

    def _made_keeper(self) -> Keeper | None:
        try:
            # The standard library first: a queue.py beside the program's script must not become ours.
            sys.path += self._config["path"]
            from runlogging.capture._keeper import Keeper

            names = [channel["logger"] for channel in self._config["channels"]]
            redact, max_bytes = self._config["redact"], self._config["max_bytes"]
            return Keeper(self._config["run"], names, redact=redact, max_bytes=max_bytes)
        except BaseException as error:
            self._say(error)
            return None

    def _say(self, error: BaseException) -> None:
        sentence = f"output is shown but not kept in {self._config['run']}: {type(error).__name__}: {error}"
        with suppress(OSError):
            os.write(2, f"runlogging: {sentence}\n".encode("utf-8", "backslashreplace"))

    def _keep(self, keep: Callable[[Keeper], None]) -> None:
        """Do something with the keeper; an error of it costs records, never output."""
        keeper = self._keeper
        if keeper is not None:
            try:
                keep(keeper)
            except Exception as error:
                self._keeper = None
                self._say(error)
                with suppress(Exception):
                    keeper.end()

    def _timeout(self) -> float | None:
        due = [self._quiet[number] for number in self._quiet.keys() & self._kept]
        if self._keeper is not None and self._kept:
            due += [one for one in [self._keeper.next_due()] if one is not None]
        return max(0.0, min(due) - time.time()) if due else None

    def _take(self, number: int, now: float, data: bytes | None) -> None:
        if number < 0:
            self._be_asked(data or b"", now)
        elif data:
            if number in self._quiet:
                self._quiet[number] = now + _QUIET_S
            if number in self._kept:
                self._keep(lambda keeper: keeper.take(number, data, now))
            self._channels[number].took(len(data))
        else:
            self._end_channel(number, now)
            if data is not None:
                self._flowing.discard(number)

    def _be_asked(self, message: bytes, now: float) -> None:
        self._is_asked = True
        self._quiet = {number: now + _QUIET_S for number, letter in enumerate(message) if letter == ord("Q")}

    def _look_around(self) -> None:
        now = time.time()
        for number in [number for number, due in self._quiet.items() if due <= now and number in self._kept]:
            self._end_channel(number, now)
        if self._kept:
            self._keep(lambda keeper: keeper.poll(now))
        if self._is_asked and not self._kept:
            self._finish()

    def _end_channel(self, number: int, now: float) -> None:
        if number in self._kept:
            self._kept.discard(number)
            lost = self._channels[number].lost_lines
            self._keep(lambda keeper: keeper.end_channel(number, now, lost))

    def _finish(self) -> None:
        if self._is_answered:
            return
        self._is_answered = True
        self._keep(lambda keeper: keeper.end())
        with suppress(OSError):
            self._control.sendall(b"D")


def _read_config(control: socket.socket) -> tuple[dict[str, Any], bytes]:
    """Return the configuration, and what of the message came with it."""
    data = b""
    while b"\n" not in data:
        piece = control.recv(_CHUNK)
        if not piece:
            raise EOFError("the program that started the tee is gone")
        data += piece
    line, _, message = data.partition(b"\n")
    return json.loads(line), message


def _detach() -> None:
    """Be nobody's: what ends, interrupts or stops the program, or its terminal, is not for the tee."""
    for name in IGNORED_SIGNALS:
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    with suppress(OSError):
        os.setsid()
    os.chdir("/")


def main() -> None:
    """Be the tee of the program that started this process."""
    _detach()
    control = socket.socket(fileno=CONTROL)
    config, message = _read_config(control)
    # Whatever the program had open is not held open here.
    os.closerange(FIRST_CHANNEL + len(config["channels"]), _open_limit())
    Tee(control, config, message).run()
    os._exit(0)


def _open_limit() -> int:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max((limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY), default=1 << 20)


if __name__ == "__main__":
    main()
