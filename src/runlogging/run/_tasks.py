"""Carrying a run into threads, executors and callbacks."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from runlogging.run._base import RunBase
from runlogging.run._context import enter, leave

if TYPE_CHECKING:
    from typing import Self

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


class Tasks(RunBase):
    """Which run the records of a thread or task go to.

    A task of asyncio is in the run in which it was made. A thread is in none: its records go to the outermost run of
    the process, unless `activate` or `bind` says otherwise.
    """

    @contextmanager
    def activate(self) -> Iterator[Self]:
        """Be in this run for a while, without ending it: its records, and `Run.get_context`, are this run's."""
        enter(self)  # type: ignore[arg-type]
        try:
            yield self
        finally:
            leave(self)  # type: ignore[arg-type]

    def bind(self, function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
        """Return a function that runs in this run, wherever it is called: in a thread, a callback, an executor.

        A coroutine function gives one whose coroutine runs in this run. The result can be pickled where the function
        can: in another process it joins the run.
        """
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def bound(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> Any:
                with self.activate():
                    return await function(*args, **kwargs)

            return bound  # type: ignore[return-value]
        return _Bound(self, function)


class _Bound(Generic[_Arguments, _Result]):
    """A function and the run that it runs in."""

    def __init__(self, run: Tasks, function: Callable[_Arguments, _Result]) -> None:
        self._run, self._function = run, function
        # Not the function's dict: what it holds there may not be picklable.
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        with self._run.activate():
            return self._function(*args, **kwargs)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Bound, (self._run, self._function)
