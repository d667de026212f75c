"""Carrying a run into threads, executors and callbacks."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
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

        A coroutine function gives one whose coroutine runs in this run, and a generator runs in it from one value to
        the next. The result can be pickled where the function can, unless that is a coroutine function: in another
        process it joins the run.
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
            result: Any = self._function(*args, **kwargs)
        if inspect.isgenerator(result):
            return _BoundGenerator(self._run, result)  # type: ignore[return-value]
        if inspect.isasyncgen(result):
            return _BoundAsyncGenerator(self._run, result)  # type: ignore[return-value]
        return result  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        return _Bound, (self._run, self._function)


class _BoundGenerator(Generator[Any, Any, Any]):
    """A generator that is in a run while it works, and not while it waits: then its caller goes on in its context."""

    def __init__(self, run: Tasks, generator: Generator[Any, Any, Any]) -> None:
        self._run, self._generator = run, generator

    def send(self, value: Any) -> Any:
        with self._run.activate():
            return self._generator.send(value)

    def throw(self, *error: Any) -> Any:
        with self._run.activate():
            return self._generator.throw(*error)


class _BoundAsyncGenerator(AsyncGenerator[Any, Any]):
    """The same of an asynchronous one."""

    def __init__(self, run: Tasks, generator: AsyncGenerator[Any, Any]) -> None:
        self._run, self._generator = run, generator

    async def asend(self, value: Any) -> Any:
        with self._run.activate():
            return await self._generator.asend(value)

    async def athrow(self, *error: Any) -> Any:
        with self._run.activate():
            return await self._generator.athrow(*error)
