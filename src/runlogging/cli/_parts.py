"""A long file in parts, which several processes read at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

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

    # The commands have one thread, so a fork is safe, and it takes no time to start.
    context = get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(count, context, initializer=_ignore_interrupts) as pool:
        try:
            answers = [pool.submit(work, *question) for question in questions]
            for question, answer in zip(questions, answers, strict=True):
                try:
                    yield answer.result()
                except BrokenExecutor:
                    yield work(*question)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _processors() -> int:
    """Return how many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _ignore_interrupts() -> None:
    # Ctrl-C is for the one that waits for them.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
