"""Points that are calls of a Python function, on any executor."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from runlogging._errors import RunLoggingError
from runlogging._sessions import ending
from runlogging.folder import ErrorInfo, read_manifest, say
from runlogging.run import Run
from runlogging.sweep._executors import local_executor
from runlogging.sweep._launching import Flight, drained, prepared
from runlogging.sweep._point import Point
from runlogging.sweep._processes import Workers
from runlogging.sweep._stopping import end_child, stop_child
from runlogging.sweep._worker import Task, work

_TRIES = 2


class FunctionLauncher:
    """Call a function for each point, in its child run.

    Args:
        parent: the run of the sweep.
        function: the function.
        gives_run: whether it has a parameter ``run``.
        executor: where it is called; None takes one of this machine.
        count: how many calls at a time an executor of this machine does.
    """

    def __init__(
        self, parent: Run, function: Callable[..., Any], *, gives_run: bool, executor: Executor | None, count: int
    ) -> None:
        self._parent, self._function, self._gives_run = parent, function, gives_run
        self._count, self._is_own = count, executor is None
        self._executor = executor or local_executor(function, count)
        self._landed: queue.SimpleQueue[Flight] = queue.SimpleQueue()
        self._has_any_begun = False

    def launch(self, point: Point) -> Flight:
        """Make the child run of a point, and have the function called."""
        flight = Flight(point, prepared(self._parent, point))
        self._submit(flight)
        return flight

    def _submit(self, flight: Flight) -> None:
        task = Task(str(flight.run.path), flight.point.parameters, self._function, self._gives_run)
        try:
            future: Future[None] = self._executor.submit(work, task)
        except BrokenExecutor as error:  # it broke at another point, and says so from now on
            future = Future()
            future.set_exception(error)
        flight.future = future
        future.add_done_callback(lambda _: self._landed.put(flight))

    def landed(self, timeout_s: float) -> list[Flight]:
        """Return the points whose calls have ended; wait for the first some seconds."""
        return drained(self._landed, timeout_s)

    def settle(self, flight: Flight) -> bool:
        """See to it that the child has an end; return False where it is tried once more.

        Raises:
            KeyboardInterrupt: the call was interrupted.
            RunLoggingError: no worker can be started at all.
        """
        assert flight.future is not None  # noqa: S101  (it landed)
        try:
            flight.future.result()
        except CancelledError:
            end_child(flight.run, "Canceled")
        except BrokenExecutor as error:
            return self._settle_broken(flight, error)
        except Exception as error:
            end_child(flight.run, *ending(error))
        self._has_any_begun = True
        # The worker ended it already, unless it could not write.
        end_child(flight.run, "Failed", ErrorInfo("NoEnd", "the worker came back, and the run had no end"))
        return True

    def _settle_broken(self, flight: Flight, error: BrokenExecutor) -> bool:
        self._replace_broken()
        has_begun = self._has_begun(flight)
        self._has_any_begun = self._has_any_begun or has_begun
        if not has_begun and flight.tries < _TRIES:  # it went down with another one's process
            flight.tries += 1
            self._submit(flight)
            return False
        end_child(flight.run, "Failed", ErrorInfo("WorkerDied", f"{error}"))
        if not self._has_any_begun:
            raise RunLoggingError(
                f"no worker process of the sweep can start ({error}); what it says on stderr tells why. "
                'A program that sweeps needs `if __name__ == "__main__":` around the call'
            ) from None
        return True

    def _has_begun(self, flight: Flight) -> bool:
        with suppress(RunLoggingError, OSError):
            return bool(read_manifest(flight.run.path).owner)
        return True

    def _replace_broken(self) -> None:
        """Go on in workers of this machine where the user's own executor is broken for good."""
        if self._is_own:  # a `Workers` goes on by itself
            return
        say("the executor of the sweep is broken, as one of its processes died; the rest runs in new processes")
        self._executor, self._is_own = local_executor(self._function, self._count), True

    def stop(self, flight: Flight, reason: str) -> None:
        """Stop one: its next verb raises."""
        stop_child(flight.run.path, reason)

    def abandon(self, flights: list[Flight]) -> None:
        """Cancel everything; processes of ours are ended, a thread ends at the next verb of its run."""
        for flight in flights:
            if flight.future is not None:
                flight.future.cancel()
            end_child(flight.run, "Canceled")
        if isinstance(self._executor, Workers):
            self._executor.kill()
        elif self._is_own and isinstance(self._executor, ThreadPoolExecutor):
            self._executor.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the executor where it is ours."""
        if self._is_own:
            self._executor.shutdown()
