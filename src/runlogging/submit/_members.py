"""The members of a snapshot: their names, and the id that follows from names, modes and contents."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import NamedTuple

_MAX_PART_BYTES = 255
# Readers of zip files take a backslash for a slash, or do not; control characters forge lines of a list.
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")


class Member(NamedTuple):
    """One file.

    Attributes:
        digest: SHA-256 of its content, in hexadecimal.
        size: its bytes.
        is_executable: whether its owner may execute it; nothing else is kept of its mode.
    """

    digest: str
    size: int
    is_executable: bool


def name_problem(name: str) -> str | None:
    """Return why a snapshot cannot hold a name, or None: a relative POSIX path that every reader takes as it is."""
    try:
        parts = name.encode().split(b"/")
    except UnicodeEncodeError:
        return "its name is no UTF-8"
    if _FORBIDDEN.search(name):
        return "its name has a backslash or a control character"
    if any(part in (b"", b".", b"..") for part in parts):
        return "its name is no relative path"
    if any(len(part) > _MAX_PART_BYTES for part in parts):
        return f"a part of its name is longer than {_MAX_PART_BYTES} bytes"
    return None


def content_id(members: Mapping[str, Member]) -> str:
    """Return the id of a snapshot: SHA-256 in hexadecimal of one line a file, sorted by the names' UTF-8.

    A line is ``x`` or ``-`` (executable or not), the SHA-256 of the content in hexadecimal, and the name, with a space
    between them and a newline at the end.
    """
    whole = hashlib.sha256()
    for name in sorted(members, key=str.encode):
        member = members[name]
        whole.update(f"{'x' if member.is_executable else '-'} {member.digest} {name}\n".encode())
    return whole.hexdigest()
