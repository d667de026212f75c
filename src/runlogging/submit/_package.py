"""This very package, for other interpreters: never fetched by its name, always copied from where it is running."""

from __future__ import annotations

import hashlib
import os
import shutil
import site
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from runlogging._version import __version__
from runlogging.submit._cache import built
from runlogging.submit._prepared import Say

PACKAGE = Path(__file__).absolute().parents[1]
"""The folder of the package that is running."""
DEPENDENCIES = ("python-json-logger>=4,<5", "filelock>=4,<5", "msgspec>=0.20", "click>=8.1", "rich>=13")
"""What it needs, as pyproject.toml says it (a test compares them)."""
_LEFT_OUT = ("__pycache__", ".*")


def digest_of(path: Path) -> str:
    """Return a hash of a file's content, or of the names and contents of all files below a folder.

    Files that begin with a dot and byte code are left out.
    """
    digest = hashlib.sha256()
    for name, file in sorted(_files(path)):
        digest.update(f"{name}\0{file.stat().st_size}\0".encode("utf-8", "surrogateescape"))
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    if path.is_file():
        yield "", path
    for folder, folders, files in os.walk(path):
        folders[:] = [name for name in folders if name != "__pycache__" and not name.startswith(".")]
        for name in files:
            file = Path(folder, name)
            if not name.startswith(".") and not name.endswith(".pyc") and file.is_file():
                yield file.relative_to(path).as_posix(), file


@cache
def package_digest() -> str:
    """Return the hash of the package that is running."""
    return digest_of(PACKAGE)


def package_folder(root: Path, say: Say) -> Path:
    """Return a folder in the cache of a root that holds a copy of the package and nothing else to import."""
    return built(
        root,
        f"package-{package_digest()[:16]}",
        {"runlogging": __version__},
        lambda folder, _lock: copy_package(folder),
        say,
    )


def copy_package(folder: Path) -> None:
    """Copy the package into a folder of packages, with the few lines by which pip knows what is installed."""
    shutil.copytree(PACKAGE, folder / PACKAGE.name, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    info = folder / f"runlogging-{__version__}.dist-info"
    info.mkdir()
    needed = "".join(f"Requires-Dist: {one}\n" for one in DEPENDENCIES)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: runlogging\nVersion: {__version__}\nRequires-Python: >=3.11\n{needed}",
        encoding="utf-8",
    )
    (info / "INSTALLER").write_text("runlogging\n", encoding="utf-8")
    ours = sorted(file for place in (folder / PACKAGE.name, info) for _, file in _files(place))
    lines = [f"{file.relative_to(folder).as_posix()},,\n" for file in [*ours, info / "RECORD"]]
    (info / "RECORD").write_text("".join(lines), encoding="utf-8")


def is_importable(variables: Mapping[str, str]) -> bool:
    """Tell, without starting it, whether this interpreter imports this package when it is started anew.

    Args:
        variables: the environment that it is started with.

    Returns whether the package lies where the interpreter looks by itself; False where that is not certain.
    """
    home = str(PACKAGE.parent)
    named = variables.get("PYTHONPATH", "").split(os.pathsep)
    folders = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    return home in named or home in folders or any(_names(Path(folder), home) for folder in folders)


def _names(folder: Path, home: str) -> bool:
    """Tell whether a ``.pth`` file of a folder names the package's home: an editable installation."""
    if str(folder) not in sys.path:
        return False
    files = folder.glob("*.pth")
    return any(home in file.read_text(encoding="utf-8", errors="replace").splitlines() for file in files)
