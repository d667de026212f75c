"""The process that applies Python's expressions to texts; a program of its own, which imports nothing of the package.

An expression such as ``(a+)+$`` may take longer than the universe has lasted, and no thread can be stopped in the
middle of one. This process can: a timer of its own ends what takes too long, and the viewer ends the process where even
that fails. See `_log_expressions` for the other end.

It reads and writes messages of marshal, each behind its length in four bytes. A question is
``(work, expression, flags, limit in s of processor time, items)``, an answer ``(kind, result)``.
"""

from __future__ import annotations

import marshal
import re
import resource
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

_MEMORY = 1 << 30
_MOST_SPANS = 200
# Which item is looked through: said where time runs out.
_at = 0


def _hits(pattern: re.Pattern[str], rows: list[tuple[str, ...]]) -> list[int]:
    global _at
    search, found = pattern.search, []
    for _at, texts in enumerate(rows):
        for text in texts:
            if search(text) is not None:
                found.append(_at)
                break
    return found


def _spans(pattern: re.Pattern[str], texts: list[str]) -> list[list[tuple[int, int]]]:
    global _at
    found = []
    for _at, text in enumerate(texts):
        spans: list[tuple[int, int]] = []
        for match in pattern.finditer(text):
            if match.end() > match.start():
                spans.append(match.span())
            if len(spans) >= _MOST_SPANS:
                break
        found.append(spans)
    return found


_WORKS: dict[str, Callable[[re.Pattern[str], Any], list[Any]]] = {"hits": _hits, "spans": _spans}


def _answer(work: str, expression: str, flags: int, limit_s: float, items: list[Any]) -> tuple[str, Any]:
    global _at
    _at = 0
    # Time of the processor: a busy machine makes no expression a slow one.
    signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
    try:
        return "found", _WORKS[work](re.compile(expression, flags), items)
    except (TimeoutError, MemoryError):
        return "slow", _at
    except (re.error, RecursionError, OverflowError) as error:
        return "wrong", str(error)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _too_slow(number: int, frame: object) -> None:
    raise TimeoutError


def _read(source: BinaryIO) -> Any:
    size = source.read(4)
    if len(size) < 4:
        raise EOFError
    return marshal.loads(source.read(int.from_bytes(size)))  # noqa: S302  it comes from the viewer alone


def main() -> None:
    """Answer questions until the other end is gone."""
    signal.signal(signal.SIGVTALRM, _too_slow)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    while True:
        try:
            data = marshal.dumps(_answer(*_read(sys.stdin.buffer)))
            sys.stdout.buffer.write(len(data).to_bytes(4) + data)
            sys.stdout.buffer.flush()
        except (EOFError, BrokenPipeError):
            return


if __name__ == "__main__":
    main()
