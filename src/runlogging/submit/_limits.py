"""How much a snapshot may hold."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from runlogging._errors import InvalidValueError
from runlogging.run._snapshots import MAX_BYTES, MAX_FILE_BYTES, MAX_FILES, MAX_MEMBERS
from runlogging.submit._scan import Scan

_SHOWN = 3
# A folder that holds this share of all is named alone.
_MOST = 2 / 3


class Limits(NamedTuple):
    """How many files, how many bytes in all, and how many in one file."""

    max_files: int = MAX_FILES
    max_bytes: int = MAX_BYTES
    max_file_bytes: int = MAX_FILE_BYTES

    def check(self) -> Limits:
        """Return it when it can be kept to.

        Raises:
            InvalidValueError: one is no whole number, or below 0, or there are more files than any snapshot holds.
        """
        for name, value in self._asdict().items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise InvalidValueError(f"{name} is a whole number, 0 or more, not {value!r:.80}")
        if self.max_files > MAX_MEMBERS:
            raise InvalidValueError(f"max_files is {MAX_MEMBERS:,} at most, not {self.max_files:,}")
        return self


def check_limits(scan: Scan, limits: Limits) -> None:
    """Refuse a folder that is too large; the message names what is largest in it.

    Raises:
        InvalidValueError: it has more files or bytes than the limits allow.
    """
    count, size = len(scan.files), scan.size
    if count > limits.max_files or not scan.is_whole:
        many = f"{count:,} files" if scan.is_whole else f"more than {count - 1:,} files"
        weights = dict.fromkeys(scan.files, 1)
        raise _too_large(scan, many, f"max_files={limits.max_files:,}", weights, "files")
    if size > limits.max_bytes:
        weights = {name: bytes_ for name, (_, bytes_) in scan.files.items()}
        raise _too_large(scan, f"{size:,} bytes", f"max_bytes={limits.max_bytes:,}", weights, "bytes")


def _too_large(scan: Scan, much: str, limit: str, weights: dict[str, int], unit: str) -> InvalidValueError:
    largest = _largest(weights)
    named = ", ".join(f"{name!r} ({weight:,} {unit})" for name, weight in largest)
    return InvalidValueError(
        f"{scan.folder} has {much} for a snapshot, over {limit}; most are in {named}. Leave out what is no code by a "
        f"file .amlignore or .gitignore in it, with a line such as {'/' + largest[0][0]!r}, or raise the limit"
    )


def _largest(weights: dict[str, int]) -> list[tuple[str, int]]:
    """Return the deepest folder that has most of all, else the first folders and files by weight, heaviest first."""
    folders: Counter[str] = Counter()
    first: Counter[str] = Counter()
    for name, weight in weights.items():
        parts = name.split("/")
        first[parts[0] if len(parts) == 1 else f"{parts[0]}/"] += weight
        for depth in range(1, len(parts)):
            folders[f"{'/'.join(parts[:depth])}/"] += weight
    whole = sum(weights.values())
    heavy = [folder for folder, weight in folders.items() if weight >= _MOST * whole]
    if heavy:
        deepest = max(heavy, key=len)
        return [(deepest, folders[deepest])]
    return first.most_common(_SHOWN)
