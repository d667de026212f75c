"""Which files of a folder a snapshot holds, and which it leaves out, with the reasons."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from runlogging._errors import ArtifactNotFoundError, InvalidValueError, SourceError
from runlogging.run._snapshots import MAX_MEMBERS
from runlogging.submit._exclusions import (
    ROOT_FOLDERS,
    content_reason,
    file_reason,
    folder_reason,
    holds_runs,
    is_root,
    is_run,
    is_secret,
)
from runlogging.submit._ignore import IgnoreRules
from runlogging.submit._members import name_problem


@dataclass
class Scan:
    """What was found.

    Attributes:
        folder: the folder, or the one file.
        files: name in the snapshot to the path that is read and the size in bytes.
        expected: name to reason of what nobody will miss: ignored, caches, runs.
        missed: name to reason of the rest that was left out.
        is_whole: False where it ended early because there were far too many files.
    """

    folder: Path
    files: dict[str, tuple[str, int]] = field(default_factory=dict)
    expected: dict[str, str] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)
    is_whole: bool = True

    @property
    def size(self) -> int:
        """How many bytes the files have."""
        return sum(size for _, size in self.files.values())


def scan(folder: Path, root: Path, max_file_bytes: int) -> Scan:
    """Look through a folder, or at one file.

    Args:
        folder: the folder, absolute.
        root: the root of the runs, which stays out.
        max_file_bytes: larger files stay out.

    Raises:
        ArtifactNotFoundError: there is nothing at this path.
        InvalidValueError: it is a run or an experiment, or an ignore file does not parse.
        SourceError: the folder or an ignore file may not be read.
    """
    scanner = _Scanner(folder, root, max_file_bytes)
    try:
        found = folder.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise ArtifactNotFoundError(f"there is no folder {folder} to take a snapshot of") from None
    except OSError as error:
        raise SourceError(f"{folder} may not be read: {error.strerror}") from error
    if stat.S_ISDIR(found.st_mode):
        scanner.look_through()
    else:
        scanner.take_file(folder.name, str(folder), found)
    return scanner.scan


class _Scanner:
    def __init__(self, top: Path, root: Path, max_file_bytes: int) -> None:
        self._top, self._root, self._max_file_bytes = top, root, max_file_bytes
        self._is_root = False
        self._links: list[tuple[str, str]] = []
        self._todo: list[tuple[str, str, IgnoreRules]] = []
        self.scan = Scan(top)

    def look_through(self) -> None:
        if is_run(str(self._top)) or holds_runs(str(self._top)):
            raise InvalidValueError(f"{self._top} holds runs of runlogging; name the folder of your code")
        self._todo = [(str(self._top), "", IgnoreRules.of(self._top))]
        while self._todo:
            self._look_into(*self._todo.pop())
            if len(self.scan.files) > MAX_MEMBERS:
                self.scan.is_whole = False
                return
        self._follow_links()

    def _look_into(self, path: str, prefix: str, rules: IgnoreRules) -> None:
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            if not prefix:
                raise SourceError(f"the folder {path} may not be read: {error.strerror}") from error
            self.scan.missed[prefix] = f"the folder may not be read: {error.strerror}"
            return
        folders = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        if not prefix:
            self._is_root = self._is_own_root(path) or is_root(path, folders)
        elif reason := content_reason(path, [entry.name for entry in entries], folders):
            self.scan.expected[prefix] = reason
            return
        rules = rules.inside(Path(path), prefix)
        for entry in entries:
            if not self._is_out(entry, f"{prefix}{entry.name}", rules):
                self._take(entry, f"{prefix}{entry.name}", rules)

    def _is_out(self, entry: os.DirEntry[str], name: str, rules: IgnoreRules) -> bool:
        is_folder = entry.is_dir(follow_symlinks=False)
        reason = folder_reason(entry.name) if is_folder else file_reason(entry.name)
        if is_folder and reason is None:
            reason = self._own_reason(entry, is_top=entry.name == name)
        if reason is None:
            reason = rules.reason(name, is_folder)
        if reason is not None:
            self.scan.expected[f"{name}/" if is_folder else name] = reason
        return reason is not None

    def _own_reason(self, entry: os.DirEntry[str], *, is_top: bool) -> str | None:
        if is_top and self._is_root and (entry.name in ROOT_FOLDERS or entry.name.startswith(".deleted-")):
            return "a folder of runs"
        if self._is_own_root(entry.path) or is_run(entry.path) or (is_top and holds_runs(entry.path)):
            return "a folder of runs"
        return None

    def _is_own_root(self, path: str) -> bool:
        try:
            return os.path.samefile(path, self._root)  # noqa: PTH121  (many folders)
        except OSError:
            return False

    def _take(self, entry: os.DirEntry[str], name: str, rules: IgnoreRules) -> None:
        if entry.is_symlink():
            self._links.append((name, entry.path))
        elif entry.is_dir(follow_symlinks=False):
            self._todo.append((entry.path, f"{name}/", rules))
        else:
            try:
                self.take_file(name, entry.path, entry.stat(follow_symlinks=False))
            except OSError:
                self.scan.missed[name] = "it vanished"

    def take_file(self, name: str, path: str, found: os.stat_result) -> None:
        reason = name_problem(name)
        if not stat.S_ISREG(found.st_mode):
            reason = "it is no regular file"
        elif is_secret(name.rpartition("/")[2]):
            reason = "a file of secrets"
        elif found.st_size > self._max_file_bytes:
            reason = f"it has {found.st_size:,} bytes, over max_file_bytes={self._max_file_bytes:,}"
        if reason is None:
            self.scan.files[name] = path, found.st_size
        else:
            self.scan.missed[name] = reason

    def _follow_links(self) -> None:
        """Take links to files that are in the snapshot, as their content; nothing else comes in through a link."""
        top, files = os.path.realpath(self._top), dict(self.scan.files)
        for name, path in self._links:
            target = os.path.realpath(path)
            relative = os.path.relpath(target, top).replace(os.sep, "/")
            if relative in files:
                self.scan.files[name] = files[relative]
                if (reason := name_problem(name)) or is_secret(name.rpartition("/")[2]):
                    del self.scan.files[name]
                    self.scan.missed[name] = reason or "a file of secrets"
            else:
                self.scan.missed[name] = _link_reason(target, relative)


def _link_reason(target: str, relative: str) -> str:
    if not os.path.exists(target):  # noqa: PTH110
        return "a link to nothing"
    if relative == ".." or relative.startswith("../") or os.path.isabs(relative):  # noqa: PTH117
        return "a link out of the folder"
    if os.path.isdir(target):  # noqa: PTH112
        return "a link to a folder"
    return "a link to a file that is left out"
