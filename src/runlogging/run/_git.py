"""The repository of a program: its root, commit, branch and remote, read from its files without calling git.

The layout is that of ``git help gitrepository-layout``. What cannot be read is None, with a note that says why.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from runlogging._patterns import LazyPattern
from runlogging.run._git_config import Entry, clean_url, parse_config, remote_url

_MAX_SMALL = 1 << 20
_MAX_PACKED = 64 << 20
# A symbolic reference may name another; git itself follows five.
_MAX_REFERENCES = 5
_BRANCHES = "refs/heads/"
_COMMIT = LazyPattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class Repository(NamedTuple):
    """Where a repository is.

    Attributes:
        root: the working tree.
        own: the folder with HEAD: ``.git``, or the folder that a ``.git`` file names.
        common: the folder with configuration and packed references; another than ``own`` only in a linked worktree.
    """

    root: Path
    own: Path
    common: Path


def find_repository(*folders: Path | None) -> Repository | None:
    """Return the repository that the first of the folders lies in, else the next; None where none lies in one.

    Args:
        folders: absolute paths.
    """
    for folder in folders:
        for root in (folder, *folder.parents) if folder is not None else ():
            found = _repository_at(root)
            if found is not None:
                return found
    return None


def _repository_at(root: Path) -> Repository | None:
    own = root / ".git"
    if not own.is_dir():
        pointer = _read_text(own) or ""
        if not pointer.startswith("gitdir:"):
            return None
        own = root / pointer.removeprefix("gitdir:").strip()
    # An empty .git makes no repository: git goes on upwards as well.
    if not os.path.lexists(own / "HEAD"):
        return None
    return Repository(root, own, own / (_read_text(own / "commondir") or "").strip())


def read_config(repository: Repository) -> list[Entry]:
    """Return the entries of the repository's configuration, then those of the working tree's own."""
    paths = repository.common / "config", repository.own / "config.worktree"
    return [entry for path in paths for entry in parse_config(_read_text(path) or "")]


def describe(repository: Repository, config: list[Entry], clear: Callable[[str], str]) -> dict[str, Any]:
    """Return root, commit, branch and remote of a repository, ``dirty`` as None, and perhaps a ``note``.

    Args:
        repository: the repository.
        config: its configuration.
        clear: makes a text fit for the run folder; takes out secrets.
    """
    commit, branch, note = _read_head(repository)
    url = remote_url(config, branch)
    facts = {
        "root": clear(str(repository.root)),
        "commit": commit,
        "branch": None if branch is None else clear(branch),
        "remote": None if url is None else clear(clean_url(url)),
        "dirty": None,
    }
    return {**facts, "note": note} if note else facts


def _read_head(repository: Repository) -> tuple[str | None, str | None, str | None]:
    """Return commit, branch and a note, each None where there is none."""
    head = (_read_text(repository.own / "HEAD") or "").strip()
    if _COMMIT.re.fullmatch(head):
        return head, None, None
    if not head.startswith("ref:"):
        return None, None, "HEAD cannot be read: it names neither a commit nor a branch"
    # HEAD is a placeholder there.
    if (repository.common / "reftable").is_dir():
        return None, None, "the repository keeps its references in a reftable, which is not read"
    reference = head.removeprefix("ref:").strip()
    branch = reference.removeprefix(_BRANCHES) if reference.startswith(_BRANCHES) else None
    commit = _resolve(repository, reference)
    return commit, branch, None if commit else "the branch has no commit yet, or its reference cannot be read"


def _resolve(repository: Repository, reference: str) -> str | None:
    """Return the commit of a reference, from its own file or from the packed ones."""
    for _ in range(_MAX_REFERENCES):
        # The name comes from a file of somebody: it must not lead out of the repository.
        if not reference.startswith("refs/") or ".." in reference.split("/"):
            return None
        text = _read_loose(repository, reference)
        if text is None:
            return _read_packed(repository, reference)
        if not text.startswith("ref:"):
            return text if _COMMIT.re.fullmatch(text) else None
        reference = text.removeprefix("ref:").strip()
    return None


def _read_loose(repository: Repository, reference: str) -> str | None:
    for folder in dict.fromkeys((repository.own, repository.common)):
        text = _read_text(folder / reference)
        if text is not None:
            return text.strip()
    return None


def _read_packed(repository: Repository, reference: str) -> str | None:
    data = b"\n" + (_read(repository.common / "packed-refs", _MAX_PACKED) or b"") + b"\n"
    end = data.find(b" " + os.fsencode(reference) + b"\n")
    commit = data[data.rfind(b"\n", 0, end) + 1 : end].decode("ascii", "replace") if end >= 0 else ""
    return commit if _COMMIT.re.fullmatch(commit) else None


def _read_text(path: Path) -> str | None:
    data = _read(path, _MAX_SMALL)
    return None if data is None else os.fsdecode(data)


def _read(path: Path, limit: int) -> bytes | None:
    """Return the content of a regular file of at most `limit` bytes, else None; a FIFO is not waited for."""
    with suppress(OSError, ValueError):
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            status = os.fstat(fd)
            if stat.S_ISREG(status.st_mode) and status.st_size <= limit:
                return os.read(fd, limit)
        finally:
            os.close(fd)
    return None
