"""The installed distributions, from the names of their folders alone.

`importlib.metadata` opens a file of each; the names say the same (the binary distribution format and the core metadata
specifications of packaging.python.org) at a tenth of the cost.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

_SUFFIXES = (".dist-info", ".egg-info")
# The folder of a script, which is on sys.path too, may hold millions of data files.
_MAX_ENTRIES = 50_000

_Key = tuple[tuple[str, int], ...]
_known: tuple[_Key, dict[str, str | None]] | None = None


def installed_packages() -> dict[str, str | None]:
    """Return the version of each installed distribution by its normalised name (PEP 503), sorted.

    The first on `sys.path` wins, as at an import. The version is None where the name of the folder has none. What was
    found is kept for the process until one of the folders changes.
    """
    global _known
    key = tuple(_folders())
    known = _known
    if known is None or known[0] != key:
        found: dict[str, str | None] = {}
        for folder, _ in key:
            for name, version in _distributions(folder):
                found.setdefault(name, version)
        known = _known = key, dict(sorted(found.items()))
    return known[1].copy()


def _folders() -> Iterator[tuple[str, int]]:
    """Yield each folder of `sys.path` with the time of its last change in ns."""
    for path in dict.fromkeys(sys.path):
        with suppress(OSError, TypeError, ValueError):
            folder = Path(path or Path.cwd())
            yield str(folder), folder.stat().st_mtime_ns


def _distributions(folder: str) -> Iterator[tuple[str, str | None]]:
    # A zip file on sys.path is no folder.
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in islice(entries, _MAX_ENTRIES):
            # What pip could not remove starts with "~".
            if entry.name.endswith(_SUFFIXES) and entry.name[0] != "~":
                name, _, rest = entry.name.rpartition(".")[0].partition("-")
                yield normalised(name), rest.partition("-")[0] or None


def normalised(name: str) -> str:
    """Return the name of a distribution in the one spelling of PEP 503: lower case, words joined by single hyphens."""
    words = name.lower().replace("_", "-").replace(".", "-").split("-")
    return "-".join(word for word in words if word)
