"""Roots: the folders that hold experiments."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runlogging._errors import RootError

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_ROOT = "runs"
ROOT_VARIABLE = "RUNLOGGING_ROOT"
RUN_VARIABLE = "RUNLOGGING_RUN"


def find_root(root: str | os.PathLike[str]) -> Path:
    """Return a root as an absolute path; the default gives way to the variable RUNLOGGING_ROOT."""
    from pathlib import Path  # its import costs more than that of this whole package

    if os.fspath(root) == DEFAULT_ROOT:
        root = os.environ.get(ROOT_VARIABLE) or root
    return Path(os.path.abspath(Path(root).expanduser()))  # noqa: PTH100  (resolve() would follow links)


def check_writable(path: Path) -> None:
    """Check that a folder can be made and written, without making it.

    Raises:
        RootError: it is a file, or the nearest folder that exists may not be written.
    """
    nearest = path
    while not os.path.exists(nearest) and nearest != nearest.parent:  # noqa: PTH110  (Path.exists() may raise)
        nearest = nearest.parent
    if not nearest.is_dir():
        raise RootError(f"{nearest} is a file, so {path} cannot hold runs; name another folder as root", path)
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise RootError(f"{nearest} cannot be written, so {path} cannot hold runs; name another folder as root", path)
