"""An executor of processes on this machine, of which each can be lost alone.

`concurrent.futures.ProcessPoolExecutor` ends all its workers when one of them dies, and so fails points that had
nothing to do with it. Here the death of a worker is the end of its own call; the next call gets a new one.

The workers are spawned. A fork of a program with threads or an open run would copy locks that somebody holds; a fork
server would have to be started before there are any. A spawned worker imports the main module anew, so a program needs
``if __name__ == "__main__":`` around what it does.
"""

from __future__ import annotations

import multiprocessing
import pickle
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from runlogging._errors import RunLoggingError

T = TypeVar("T")

_LOOK_S = 1.0
_END_S = 5.0
_KILL_S = 2.0


class Workers(Executor):
    """Spawned processes; see the module.

    Args:
        count: how many there are at most; each is started with the first call that needs it.
    """

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="runlogging-sweep")
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._is_killed = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Call a function in a process; see `concurrent.futures.Executor.submit`.

        The future has a BrokenProcessPool error where the process died, and a RunLoggingError with the traceback as
        its text where the function raised.
        """
        return self._threads.submit(self._call, fn, args, kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes when they have done what was submitted; see `concurrent.futures.Executor.shutdown`."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def kill(self) -> None:
        """End the processes at once, in the middle of what they do."""
        with self._lock:
            self._is_killed = True
            workers = [*self._idle, *self._busy]
        for worker in workers:
            worker.terminate()
        self.shutdown(cancel_futures=True)

    def _call(self, fn: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        data = pickle.dumps((fn, args, kwargs))
        worker = self._taken()
        try:
            result: T = worker.call(data)
        except BrokenProcessPool:
            self._give_back(worker, is_alive=False)
            raise
        except BaseException:
            self._give_back(worker)
            raise
        self._give_back(worker)
        return result

    def _taken(self) -> _Worker:
        with self._lock:
            if self._is_killed:
                raise BrokenProcessPool("the worker processes were ended")
            worker = self._idle.pop() if self._idle else _Worker()
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: _Worker, *, is_alive: bool = True) -> None:
        with self._lock:
            self._busy.discard(worker)
            if is_alive:
                self._idle.append(worker)


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        # Not a daemon: a function may have processes of its own.
        self._process = context.Process(target=_serve, args=(theirs,), name="runlogging-sweep", daemon=False)
        with _interrupts_blocked():
            self._process.start()
        theirs.close()

    def call(self, data: bytes) -> Any:
        """Have a pickled call done.

        Raises:
            BrokenProcessPool: the process died.
            RunLoggingError: the function raised; the text is the traceback.
        """
        try:
            self._pipe.send_bytes(data)
            while not self._pipe.poll():
                wait([self._pipe, self._process.sentinel], timeout=_LOOK_S)
                # Forked children of the function hold copies of pipe and sentinel: ask for the process itself, too.
                if not self._process.is_alive() and not self._pipe.poll():
                    raise EOFError
            is_done, result = pickle.loads(self._pipe.recv_bytes())  # noqa: S301  (a pipe from our own child)
        except (EOFError, OSError):
            raise BrokenProcessPool(self._last_words()) from None
        if not is_done:
            raise RunLoggingError(result)
        return result

    def _last_words(self) -> str:
        self._process.join(_KILL_S)
        code = self._process.exitcode
        self._pipe.close()
        if code is None:
            return "the worker process closed its pipe"
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        return f"the worker process {how}"

    def end(self) -> None:
        """Let the process end by itself; one that does not is ended."""
        with suppress(OSError):
            self._pipe.close()
        self._process.join(_END_S)
        self.terminate()

    def terminate(self) -> None:
        """End the process, with SIGKILL where SIGTERM does not."""
        for end in (self._process.terminate, self._process.kill):
            if self._process.is_alive():
                end()
                self._process.join(_KILL_S)


def _serve(pipe: Connection) -> None:
    """Be a worker: do call after call, until the other side is gone."""
    # Ctrl-C reaches the whole group; the sweep decides what it means. No SIG_IGN: programs that are started inherit it.
    signal.signal(signal.SIGINT, _leave_it)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    with suppress(EOFError, OSError):
        while True:
            pipe.send_bytes(_answer(pipe.recv_bytes()))


def _answer(data: bytes) -> bytes:
    try:
        function, args, kwargs = pickle.loads(data)  # noqa: S301  (a pipe from our own parent)
        return pickle.dumps((True, function(*args, **kwargs)))
    except BaseException:
        return pickle.dumps((False, traceback.format_exc()))


def _leave_it(number: int, frame: object) -> None:
    return None


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Have a process that is started meanwhile begin with SIGINT blocked, until it has a handler for it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
