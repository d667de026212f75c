"""One line of an ignore file as a rule, in git's reading of it (``git help gitignore``); the matching is pathspec's.

Git matches bytes: its ``?`` is one byte of a name. So here a text has one character for each byte (Latin-1).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from runlogging._errors import MissingExtraError

# An escaped character, or a bracket expression: its negation, and its members.
_BRACKET = re.compile(r"\\.|\[([!^]?)(\]?(?:\[:\w*:\]|\\.|[^\]\\])*)\]", re.DOTALL)
_FIRST_SPACE = re.compile(r"\A\s")
_LAST_SPACE = re.compile(r"(?<!\\)((?:\\\\)*)\\?(\s)\Z")
# A part of three stars or more means what two mean.
_STARS = re.compile(r"(?<![^/])\*{3,}(?![^/])")
_CLASS = re.compile(r"\[:(\w*):\]")
_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "xdigit": "0-9a-fA-F",
    "space": " \t\r\f\v",
    "blank": " \t",
    "punct": ":-@!-.[-`{-~",  # without the slash, which no bracket matches
}


class Rule(NamedTuple):
    """What one line says.

    Attributes:
        search: finds the pattern in the bytes of a relative name; a match of a folder above has the group ``ps_d``.
        negated: whether what matches stays in.
        only_folders: whether files do not match.
        said: file, line number and text, for people.
    """

    search: Callable[[str], Any]
    negated: bool
    only_folders: bool
    said: str

    def matches(self, name: str, is_folder: bool) -> bool:
        """Tell whether the pattern matches the bytes of a name itself, and not only a folder that it lies in."""
        if self.only_folders and not is_folder:
            return False
        found = self.search(name)
        return found is not None and found.lastgroup != "ps_d"


def rule_of(line: str, said: str) -> Rule | None:
    """Return the rule of a line, or None where it says nothing.

    Args:
        line: the bytes of the line, without its end.
        said: where it stands, for people.

    Raises:
        ValueError: it is no pattern.
        MissingExtraError: pathspec is not installed.
    """
    text = _trimmed(line)
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    pattern = text[1:] if negated else text
    only_folders = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    if only_folders and pattern in ("", "/"):  # git matches nothing with it
        return None
    return Rule(_search(pattern), negated, only_folders, f"{said}: {shown_bytes(text)}")


def bytes_text(name: str) -> str:
    """Return a name with one character for each of its bytes."""
    return name if name.isascii() else os.fsencode(name).decode("latin-1")


def shown_bytes(text: str) -> str:
    """Return what the bytes say, for people."""
    return text if text.isascii() else text.encode("latin-1").decode(errors="replace")


def _trimmed(line: str) -> str:
    """Cut a line as git does: spaces at the end go, but not the one behind a backslash."""
    text = line.removesuffix("\r").partition("\0")[0]
    bare = text.rstrip(" ")
    slashes = len(bare) - len(bare.rstrip("\\"))
    return f"{bare} " if slashes % 2 and len(bare) < len(text) else bare


def _search(pattern: str) -> Callable[[str], Any]:
    try:
        from pathspec import GitIgnoreSpec
    except ImportError as error:
        raise MissingExtraError("an ignore file", "pathspec", "submit") from error
    plain = _STARS.sub("**", _BRACKET.sub(_plain_bracket, pattern))
    if plain[:1] in ("#", "!"):  # no comment and no negation any more
        plain = f"\\{plain}"
    # The versions of pathspec take white space off the ends that git keeps.
    plain = _FIRST_SPACE.sub(r"[\g<0>]", _LAST_SPACE.sub(r"\1[\2]", plain))
    try:
        parsed: Any = list(GitIgnoreSpec.from_lines([plain]).patterns)
    except Exception as error:  # re.error and what the versions of pathspec raise
        raise ValueError(str(error)) from error
    if not parsed or parsed[0].regex is None:
        raise ValueError("it matches nothing")
    search: Callable[[str], Any] = parsed[0].regex.search
    return search


def _plain_bracket(found: re.Match[str]) -> str:
    """Return a bracket expression without escapes and named classes, which pathspec does not know."""
    if found[0].startswith("\\"):
        return found[0]
    moved = {"]": "", "^": "", "!": "", "-": ""}  # the places where these are plain characters

    def member(escape: re.Match[str]) -> str:
        if escape[1] not in moved:
            return escape[1]
        moved[escape[1]] = escape[1]
        return ""

    members = re.sub(r"\\(.)", member, _CLASS.sub(_members_of_class, found[2]))
    if not found[1] and members.startswith("[") and not members.startswith("[-"):
        members = f"{members[1:]}["  # at the front it makes `re` warn of a nested set
    body = moved["]"] + members + moved["^"] + moved["!"] + moved["-"]
    if not found[1] and len(body) == 1:
        return f"\\{body}"
    return f"[{found[1]}{body}]"


def _members_of_class(found: re.Match[str]) -> str:
    if found[1] not in _CLASSES:
        raise ValueError(f"there is no class [:{found[1]}:]; there are {', '.join(_CLASSES)}")
    return _CLASSES[found[1]]
