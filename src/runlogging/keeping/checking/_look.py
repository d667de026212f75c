"""A look at one run for verifying it: what lies in its folder, and what was found so far."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from runlogging._errors import MissingExtraError
from runlogging.folder import Life, Manifest, WriterInfo
from runlogging.keeping.checking._findings import Findings, Told

CHUNK_BYTES = 1 << 20


class Tree(NamedTuple):
    """What lies in a run folder, by names in it.

    Attributes:
        files: regular files and their sizes in bytes.
        links: symbolic links, which are not followed.
        odd: pipes, sockets, devices and what cannot be looked at.
    """

    files: dict[str, int]
    links: list[str]
    odd: list[str]


def tree_of(run: Path) -> Tree:
    """Return what lies in a run folder; nothing raises."""
    tree = Tree({}, [], [])
    folders: list[tuple[str, Path]] = [("", run)]
    while folders:
        prefix, folder = folders.pop()
        try:
            for path in sorted(folder.iterdir()):
                name = prefix + path.name
                status = path.lstat()
                if stat.S_ISDIR(status.st_mode):
                    folders.append((f"{name}/", path))
                elif stat.S_ISREG(status.st_mode):
                    tree.files[name] = status.st_size
                else:
                    (tree.links if stat.S_ISLNK(status.st_mode) else tree.odd).append(name)
        except OSError:
            tree.odd.append(prefix.rstrip("/") or ".")
    return tree


class Look:
    """What the checks of one run share.

    Args:
        run: the run folder.
        tree: what lies in it.
        told: told of the bytes that were read.

    Attributes:
        findings: what was found.
        manifest: the manifest; None where it cannot be read.
        writers, lives: what the folder says of the writers.
        read: the names of the files that were read whole.
    """

    def __init__(self, run: Path, tree: Tree, told: Told) -> None:
        self.run, self.tree, self.told = run, tree, told
        self.findings = Findings()
        self.manifest: Manifest | None = None
        self.writers: list[WriterInfo] = []
        self.lives: dict[str, Life] = {}
        self.read: set[str] = set()

    def check(self, what: str, step: Callable[[Look], None]) -> None:
        """Do one check. Whatever it meets that nobody thought of is damage in a file and ends no other check."""
        try:
            step(self)
        except MissingExtraError as error:
            self.findings.note("unchecked", what, f"not checked: {error}")
        except Exception as error:
            self.findings.damage("unreadable", what, f"cannot be read: {type(error).__name__}: {error}")

    def content(self, name: str) -> bytes | None:
        """Return the bytes of a small file of the folder; None where there is none, or it cannot be read."""
        if name not in self.tree.files:
            return None
        self.mark_read(name)
        try:
            return (self.run / name).read_bytes()
        except OSError as error:
            self.findings.damage("unreadable", name, f"cannot be read: {error.strerror or error}")
            return None

    def mark_read(self, name: str, *, told: int = 0) -> None:
        """Know that a file was read; ``told`` of its bytes were told of already."""
        if name not in self.read:
            self.read.add(name)
            self.told.add(self.tree.files.get(name, 0) - told)

    def is_alive(self, writer: str) -> bool:
        """Tell whether a writer lives, so that what it has not finished is no damage."""
        return self.lives.get(writer) is Life.ALIVE
