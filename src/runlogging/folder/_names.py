"""Names: which ones a run folder may hold, and how new ones are made."""

from __future__ import annotations

import os
import re
import time

from runlogging._errors import InvalidNameError
from runlogging._patterns import LazyPattern

_EXPERIMENT = LazyPattern(r"[A-Za-z0-9._\- ]{1,128}\Z")
_IDENTIFIER = LazyPattern(r"[A-Za-z0-9_\-]{1,64}\Z")
# Win32 file names: these stems are devices, with any extension and in any case (learn.microsoft.com, "Naming Files").
_RESERVED = LazyPattern(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?\Z", re.IGNORECASE)
_FORBIDDEN_IN_PART = LazyPattern(r'[\x00-\x1f\x7f\\:*?"<>|]')
# No vowels and no look-alikes: a random id spells no word and can be read aloud.
_ALPHABET = "2345679bcdfghjkmnpqrstvwxyz8"
_MAX_PART_BYTES = 255


def is_reserved(name: str) -> bool:
    """Tell whether Windows takes this file name for a device."""
    return _RESERVED.re.match(name) is not None


def check_experiment(name: object) -> str:
    """Return the name of an experiment, or refuse it.

    Args:
        name: 1 to 128 of letters, digits, dot, underscore, hyphen and space; no leading dot, no dot or space at
            the end, nothing that Windows reserves.

    Raises:
        InvalidNameError: the name is none of that; the error offers a valid spelling.
    """
    if not isinstance(name, str):
        raise InvalidNameError(f"the experiment's name must be text, not {type(name).__name__}", repr(name)[:64])
    bad_edge = name.startswith((".", " ")) or name.endswith((".", " "))
    if not _EXPERIMENT.re.match(name) or bad_edge or is_reserved(name):
        raise InvalidNameError(
            f"{name[:140]!r} cannot name an experiment: use 1 to 128 of A-Z a-z 0-9 . _ - and space, "
            "not starting with a dot, and no name that Windows reserves",
            name,
            suggest_experiment(name),
        )
    return name


def suggest_experiment(name: str) -> str:
    """Return a valid experiment name that looks like the given one."""
    plain = _ascii(name)
    text = re.sub(r"[^A-Za-z0-9._\- ]+", "-", plain).strip(". -")[:128].rstrip(". ")
    if not text:
        return "default"
    return f"x-{text}"[:128].rstrip(". ") if is_reserved(text) else text


def check_identifier(value: object, what: str) -> str:
    """Return a run id or a writer's name, or refuse it.

    Args:
        value: 1 to 64 of letters, digits, underscore and hyphen.
        what: what the value names, for the message: "run id" or "writer".

    Raises:
        InvalidNameError: the value is none of that; the error offers a valid spelling.
    """
    if not isinstance(value, str) or not _IDENTIFIER.re.match(value) or is_reserved(value):
        shown = value if isinstance(value, str) else repr(value)
        raise InvalidNameError(
            f"{shown[:80]!r} cannot be a {what}: use 1 to 64 of A-Z a-z 0-9 _ -", shown, clean_identifier(shown)
        )
    return value


def clean_identifier(text: str) -> str:
    """Return a valid run id or writer's name that looks like the given text."""
    plain = _ascii(text)
    cleaned = re.sub(r"[^A-Za-z0-9_\-]+", "-", plain).strip("-")[:64]
    if not cleaned:
        return "x"
    return f"{cleaned[:62]}-1" if is_reserved(cleaned) else cleaned


def new_run_id(now: float | None = None) -> str:
    """Make a run id: UTC start to the microsecond, then six random characters.

    Ids sort by their time as text. 28^6 random endings in the same microsecond make a clash a matter of billions of
    runs; creation notices one all the same, because a folder is made only once.

    Args:
        now: seconds since the epoch; None takes the clock.
    """
    us = round((time.time() if now is None else now) * 1e6)
    seconds, fraction = divmod(us, 1_000_000)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds))
    return f"{stamp}-{fraction:06d}-{_random_text(6)}"


def _random_text(length: int) -> str:
    # 252 of 256 bytes are taken: 9 x 28, so every character is as likely as any other.
    taken: list[str] = []
    while len(taken) < length:
        taken += [_ALPHABET[byte % 28] for byte in os.urandom(length) if byte < 252]
    return "".join(taken[:length])


def check_artifact(name: object) -> str:
    """Return the name of an artifact, or refuse it.

    Args:
        name: a relative POSIX path such as ``outputs/model.pkl``, in Unicode's NFC: no ``..``, no drive or colon, no
            backslash, no control character, no name that Windows reserves, at most 255 bytes of UTF-8 a part.

    Raises:
        InvalidNameError: the name is none of that; the message says which rule it breaks.
    """
    text = os.fspath(name) if isinstance(name, os.PathLike) else name
    if not isinstance(text, str):
        raise InvalidNameError(f"an artifact's name must be text, not {type(name).__name__}", repr(name)[:64])
    problem = _artifact_problem(text)
    if problem:
        raise InvalidNameError(f"{text[:120]!r} cannot name an artifact: {problem}", text)
    return text


def _artifact_problem(text: str) -> str | None:
    if not text or text.startswith("/"):
        return "it must be a relative path"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "it has a lone surrogate, which no file system keeps"
    if _normal_form(text) != text:
        return "it is not in Unicode's normal form NFC"
    return next((problem for part in text.split("/") if (problem := _part_problem(part))), None)


def _part_problem(part: str) -> str | None:
    if part in ("", ".", ".."):
        return f"the part {part!r} is not allowed"
    if _FORBIDDEN_IN_PART.re.search(part):
        return f"the part {part[:40]!r} has a character that not every system takes in a file name"
    if part.endswith((".", " ")) or is_reserved(part):
        return f"the part {part[:40]!r} is no file name on Windows"
    if len(part.encode()) > _MAX_PART_BYTES:
        return f"a part is longer than {_MAX_PART_BYTES} bytes"
    return None


def _ascii(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def _normal_form(text: str) -> str:
    import unicodedata

    return unicodedata.normalize("NFC", text)
