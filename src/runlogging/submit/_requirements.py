"""Requirements files of pip."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from runlogging._errors import ArtifactNotFoundError, InvalidValueError

_COMMENT = re.compile(r"(^|\s+)#.*$")
# Both name another file, relative to the one in which they stand.
_NESTED = re.compile(r"(-r|--requirement)[\s=]*(?P<file>\S.*)")
_CONSTRAINT = re.compile(r"(-c|--constraint)[\s=]*(?P<file>\S.*)")


def requirements_of(path: Path) -> list[str]:
    """Return the lines of a requirements file, without comments, joined where a line goes on.

    Files that it names with ``-r`` are put in its place, and the paths of constraint files become absolute, so that
    the lines can be used elsewhere.

    Raises:
        ArtifactNotFoundError: the file, or one that it names, cannot be read (also a FileNotFoundError).
        InvalidValueError: it is no text, or files name each other in a circle.
    """
    return list(_lines(path, ()))


def _lines(path: Path, above: tuple[Path, ...]) -> Iterator[str]:
    place = path.absolute()
    if place in above:
        raise InvalidValueError(f"the requirements file {path} names itself, through {len(above)} files")
    for line in _joined(_read(path)):
        nested, constraint = _NESTED.fullmatch(line), _CONSTRAINT.fullmatch(line)
        if nested and "://" not in nested["file"]:
            yield from _lines(path.parent / nested["file"], (*above, place))
        elif constraint and "://" not in constraint["file"]:
            yield f"-c {place.parent / constraint['file']}"
        else:
            yield line


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValueError(f"the requirements file {path} is no text in UTF-8: {error}") from error
    except OSError as error:
        raise ArtifactNotFoundError(f"the requirements file {path} cannot be read: {error.strerror}") from error


def _joined(text: str) -> Iterator[str]:
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        plain = _COMMENT.sub("", line).replace("\t", " ").strip()
        if plain:
            yield plain
