"""How a command of a submitted run is started: what `prepare` returns, for every kind of environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

PYTHON_TOKEN = "{python}"  # noqa: S105  (a place in a command, no secret)
"""The first item of a command that the interpreter of the environment starts."""
PROGRAMS = "Scripts" if os.name == "nt" else "bin"

Say = Callable[[str], None]


class Prepared(NamedTuple):
    """How a command is started.

    Attributes:
        command: the full list of program and arguments.
        environment: the variables that are added to those of this process; an empty text takes one's effect away.
        note: a warning for people, or None.
    """

    command: list[str]
    environment: dict[str, str]
    note: str | None


def with_python(command: list[str], python: str) -> list[str]:
    """Put an interpreter where the command asks for one."""
    return [python, *command[1:]] if command[:1] == [PYTHON_TOKEN] else list(command)


def python_of(folder: Path) -> Path:
    """Return where the interpreter of an environment's folder is."""
    return folder / PROGRAMS / ("python.exe" if os.name == "nt" else "python")


def first_on_path(folder: Path, variables: Mapping[str, str]) -> str:
    """Return a PATH that begins with a folder."""
    return os.pathsep.join([str(folder), variables.get("PATH") or os.environ.get("PATH") or os.defpath])


def note_of(sentences: list[str]) -> str | None:
    """Return sentences as one note, or None where there is nothing to say."""
    return " ".join(sentences) or None
