"""The cache of environments: ``.envs`` in a root. What is in it under a key was built there once, and whole.

A virtual environment cannot be moved, so it is built where it stays, under a lock, and its marker is written last. A
folder without the marker is half made: whoever next builds anything removes it.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from runlogging.folder import lock_descriptor, now_text, release_descriptor
from runlogging.submit._prepared import Say

ENVIRONMENTS_FOLDER = ".envs"
MARKER = ".complete"
_LOCKS_FOLDER = ".locks"
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.02, 0.5

Build = Callable[[Path, int], None]
"""Makes a folder, which is not there yet; the second argument is the descriptor of the lock."""


def built(root: Path, key: str, facts: Mapping[str, object], build: Build, say: Say) -> Path:
    """Return the folder of a key; build it where it is not there, once however many processes ask.

    Args:
        root: the root that holds the cache.
        key: the folder's name: a hash of all that decides on what is in it.
        facts: what is written into the marker, for people.
        build: makes the folder. What it raises goes on, after the folder was removed.
        say: called once where another process builds the same.

    Raises:
        OSError: the cache cannot be written.
    """
    cache = root.absolute() / ENVIRONMENTS_FOLDER
    folder = cache / key
    if (folder / MARKER).exists():
        with suppress(OSError):  # when it was last used is what `runlogging gc` goes by
            os.utime(folder / MARKER)
        return folder
    (cache / _LOCKS_FOLDER).mkdir(parents=True, exist_ok=True)
    with _held(cache, key, lambda: say("another run builds the same environment; waiting for it")) as fd:
        if not (folder / MARKER).exists():
            _remove(folder)
            _sweep(cache)
            try:
                build(folder, fd)
                (folder / MARKER).write_text(json.dumps({**facts, "built": now_text()}, indent=1), encoding="utf-8")
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
    return folder


def forget(root: Path, key: str) -> None:
    """Have the folder of a key built anew: it does not work any more."""
    with suppress(OSError):
        (root.absolute() / ENVIRONMENTS_FOLDER / key / MARKER).unlink()


@contextmanager
def _held(cache: Path, key: str, on_wait: Callable[[], None]) -> Iterator[int]:
    """Hold the lock of a key, however long another builds it; a killed builder's lock is free."""
    fd = _opened(cache, key)
    try:
        pause = _FIRST_PAUSE_S
        while not _take(fd):
            if pause == _FIRST_PAUSE_S:
                on_wait()
            time.sleep(pause)  # long: a build takes seconds, and a hundred may wait for it
            pause = min(pause * 1.5, _LAST_PAUSE_S)
        yield fd
    finally:
        release_descriptor(fd)


def _opened(cache: Path, key: str) -> int:
    return os.open(cache / _LOCKS_FOLDER / f"{key}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _take(fd: int) -> bool:
    try:
        lock_descriptor(fd, 0.0)
    except TimeoutError:
        return False
    except OSError:  # a file system without locks: nobody waits
        return True
    return True


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.exists():
        shutil.rmtree(folder)


def _sweep(cache: Path) -> None:
    """Remove what other builders left half made when they were killed."""
    for folder in cache.iterdir():
        if folder.name.startswith(".") or (folder / MARKER).exists():
            continue
        fd = _opened(cache, folder.name)
        try:
            with suppress(OSError):  # somebody is building it, or there are no locks to tell
                lock_descriptor(fd, 0.0)
                if not (folder / MARKER).exists():
                    shutil.rmtree(folder, ignore_errors=True)
        finally:
            release_descriptor(fd)
