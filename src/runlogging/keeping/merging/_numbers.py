"""The numbers of an experiment's runs go on behind the highest that any of its copies has given."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from runlogging.folder._atomic import write_atomic
from runlogging.folder._joining import _last_number
from runlogging.folder._locks import held_lock
from runlogging.keeping.collecting._look import Found
from runlogging.keeping.collecting._places import NUMBER_FILE

_LOCK_WAIT_S = 5


def highest_number(found: Found) -> int:
    """Return the highest number that a run of a source and its experiment know of; 0 where they know none."""
    own = found.manifest.number if found.manifest else None
    given = 0
    with suppress(OSError, ValueError):
        given = int((found.path.parent / NUMBER_FILE).read_text(encoding="ascii"))
    return max(own or 0, given)


def raise_number(experiment: Path, number: int) -> None:
    """Let the next run of an experiment get a number above the given one.

    Raises:
        TimeoutError: another process held the numbers for five seconds.
        OSError: the number cannot be written.
    """
    path = experiment / NUMBER_FILE
    with held_lock(path.with_name(f"{NUMBER_FILE}.lock"), _LOCK_WAIT_S):
        if _last_number(path) < number or not path.exists():
            write_atomic(path, f"{max(number, _last_number(path))}\n".encode("ascii"))
