"""The ignore files of a folder: what ``.amlignore`` or ``.gitignore`` leave out of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from runlogging._errors import InvalidValueError, SourceError
from runlogging.submit._patterns import Rule, bytes_text, rule_of, shown_bytes

AMLIGNORE = ".amlignore"
GITIGNORE = ".gitignore"


class _Layer(NamedTuple):
    """The rules of one file, last line first. ``cut`` and ``above`` make a name relative to the file's folder."""

    rules: tuple[Rule, ...]
    cut: int
    above: str


class IgnoreRules:
    """The rules that hold in a folder: of its own file and of those above it; the nearest that matches decides.

    Args:
        name: what the files are called; "" where there is only the one at the top.
        layers: nearest file first.
    """

    def __init__(self, name: str = "", layers: tuple[_Layer, ...] = ()) -> None:
        self._name, self._layers = name, layers

    @classmethod
    def of(cls, top: Path) -> IgnoreRules:
        """Return the rules at the top of a folder, before its own ``.gitignore`` is looked at by `inside`.

        With ``.amlignore`` at the top no ``.gitignore`` counts. Else those of the folders above count too, up to
        the one that holds ``.git``.

        Raises:
            InvalidValueError: a line does not parse.
            SourceError: a file may not be read.
        """
        aml = top / AMLIGNORE
        if aml.is_file():
            return cls("", _layers(aml, AMLIGNORE, 0, ""))
        layers: tuple[_Layer, ...] = ()
        for folder, relative in reversed(_above(top)):
            layers = (
                _layers(folder / GITIGNORE, os.path.relpath(folder / GITIGNORE, top), 0, bytes_text(relative)) + layers
            )
        return cls(GITIGNORE, layers)

    def inside(self, folder: Path, relative: str) -> IgnoreRules:
        """Return the rules within a folder.

        Args:
            folder: the folder.
            relative: its name relative to the top, with a slash at its end; "" is the top.

        Raises:
            InvalidValueError: a line does not parse.
            SourceError: a file may not be read.
        """
        if not self._name or not (folder / self._name).is_file():
            return self
        own = _layers(folder / self._name, f"{relative}{self._name}", len(bytes_text(relative)), "")
        return IgnoreRules(self._name, own + self._layers)

    def reason(self, relative: str, is_folder: bool) -> str | None:
        """Return the line that leaves a file or folder out, or None. Folders above it were asked for before."""
        raw = bytes_text(relative)
        for layer in self._layers:
            name = layer.above + raw[layer.cut :]
            for rule in layer.rules:
                if rule.matches(name, is_folder):
                    return None if rule.negated else rule.said
        return None


def _above(top: Path) -> list[tuple[Path, str]]:
    """Return the folders above that belong to the same git repository, and the top's name relative to each."""
    found: list[tuple[Path, str]] = []
    folder, relative = top, ""
    while not (folder / ".git").exists():
        if folder == folder.parent:
            return []  # in no repository
        relative = f"{folder.name}/{relative}"
        folder = folder.parent
        if (folder / GITIGNORE).is_file():
            found.append((folder, relative))
    return found


def _layers(path: Path, shown: str, cut: int, above: str) -> tuple[_Layer, ...]:
    rules: list[Rule] = []
    for number, line in enumerate(_lines(path), 1):
        try:
            rule = rule_of(line, f"{shown}, line {number}")
        except ValueError as error:
            raise InvalidValueError(
                f"{path}, line {number}: {shown_bytes(line)!r:.80} is no pattern of an ignore file ({error}); "
                "mend or remove it"
            ) from error
        if rule is not None:
            rules.append(rule)
    return (_Layer(tuple(reversed(rules)), cut, above),)


def _lines(path: Path) -> list[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"the ignore file {path} may not be read: {error.strerror}; its rules must count") from error
    return data.removeprefix(b"\xef\xbb\xbf").decode("latin-1").split("\n")
