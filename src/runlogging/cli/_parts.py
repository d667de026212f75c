"""A long file in parts, which several processes read at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

# Small ones, so that no process waits long for another one, nor Ctrl-C for any.
_PART_BYTES = 16 << 20
_MOST_PROCESSES = 4

Result = TypeVar("Result")


def parts_of(path: Path) -> list[tuple[int, int | None]]:
    """Return where parts of whole lines of a file begin and end; the last one ends where the file does, then."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begins: set[int] = {0}
            for place in range(_PART_BYTES, size, _PART_BYTES):
                file.seek(place)
                file.readline()
                begins.add(file.tell())
    except OSError:  # the reading itself says what is wrong
        return [(0, None)]
    starts = sorted(begins)
    return list(zip(starts, [*starts[1:], None], strict=True))


def at_once(work: Callable[..., Result], questions: Sequence[tuple[Any, ...]]) -> Iterator[Result]:
    """Yield the answers to questions in their order; as many processes work on them as there are processors, 4 at most.

    What a process cannot answer, as it was ended or none could be started, is answered by this one.

    Args:
        work: a function of a module, which the processes know by its name.
        questions: the arguments of each call.
    """
    count = min(_processors(), _MOST_PROCESSES)
    if count < 2:
        yield from (work(*question) for question in questions)
        return
    from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(count, get_context(_way_to_start()), initializer=_ignore_interrupts) as pool:
        try:
            answers: list[Future[Result]] = []
            with suppress(OSError, BrokenExecutor):  # no process can be started
                for question in questions:
                    answers.append(pool.submit(work, *question))
            for question, answer in zip_longest(questions, answers):
                try:
                    yield work(*question) if answer is None else answer.result()
                except BrokenExecutor:
                    yield work(*question)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _way_to_start() -> str:
    """Return how processes are to be started: a fork takes no time, and is safe where there is one thread."""
    try:
        return "fork" if len(list(Path("/proc/self/task").iterdir())) == 1 else "spawn"
    except OSError:  # not Linux
        return "spawn"


def _processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _ignore_interrupts() -> None:
    # Ctrl-C is for the one that waits for them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
