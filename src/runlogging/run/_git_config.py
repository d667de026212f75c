"""The configuration of a repository, as far as a run needs it: which remote, and which filters.

Only ``.git/config`` itself is read, not what it includes, nor the configuration of the user. See ``git help config``,
"CONFIGURATION FILE", for the syntax.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from runlogging._patterns import LazyPattern
from runlogging._redaction import REPLACEMENT

# Whatever is none of these is skipped; a value goes on over lines whose newline is escaped.
_TOKEN = LazyPattern(
    r"""\[\s*+(?P<section>[\w.\-]++)(?:\s++"(?P<subsection>(?:[^"\\\n]|\\.)*+)")?\s*+\]"""
    r"""|(?P<name>[A-Za-z][\w\-]*+)[ \t]*+(?:=(?P<value>(?:"(?:[^"\\\n]|\\.)*+"?|\\.|[^\n"\\#;])*+))?"""
    r"""|[#;][^\n]*+""",
    re.S | re.A,
)
_ESCAPE = LazyPattern(r'\\(.)|"', re.S)
_ESCAPED = {"n": "\n", "t": "\t", "b": "", "\n": ""}
_KEEPS_USER = ("ssh", "git+ssh", "ssh+git")


class Entry(NamedTuple):
    """One ``name = value`` of a configuration; section and name in lower case, the value of a bare name is "true"."""

    section: str
    subsection: str
    name: str
    value: str


def parse_config(text: str) -> list[Entry]:
    """Return the entries of a configuration in their order; what is no configuration is passed over."""
    entries: list[Entry] = []
    section = subsection = ""
    for match in _TOKEN.re.finditer(text.replace("\r\n", "\n")):
        if match["section"]:
            section, _, subsection = match["section"].lower().partition(".")
            if match["subsection"] is not None:
                subsection = _unescaped(match["subsection"])
        elif match["name"]:
            value = match["value"]
            plain = "true" if value is None else _unescaped(value.strip())
            entries.append(Entry(section, subsection, match["name"].lower(), plain))
    return entries


def _unescaped(text: str) -> str:
    return _ESCAPE.re.sub(lambda match: _ESCAPED.get(match[1], match[1]) if match[1] else "", text)


def remote_url(entries: list[Entry], branch: str | None) -> str | None:
    """Return the address of ``origin``, else of the branch's remote, else of the only one; None without one.

    Args:
        entries: the configuration.
        branch: the name of the current branch, or None.
    """
    urls: dict[str, str] = {}
    own = None
    for entry in entries:
        if entry.section == "remote" and entry.name == "url" and entry.value:
            urls.setdefault(entry.subsection, entry.value)
        if (entry.section, entry.subsection, entry.name) == ("branch", branch, "remote"):
            own = entry.value
    for name in ("origin", own):
        if name in urls:
            return urls[name]
    return next(iter(urls.values())) if len(urls) == 1 else None


def filter_names(entries: list[Entry]) -> list[str]:
    """Return the filters that the configuration defines; git would run their programs."""
    return list(dict.fromkeys(entry.subsection for entry in entries if entry.section == "filter"))


def clean_url(url: str) -> str:
    """Return the address of a repository without user, password, query and fragment.

    The user of an SSH address stays, for it names the account of the service. An address for a transport that runs a
    command (``ext::``) loses the command.
    """
    if url.startswith("ext::"):
        return f"ext::{REPLACEMENT}"
    before, sign, rest = url.partition("://")
    if not sign:
        # user:password@host:path is no address that git takes, and is written all the same.
        return re.sub(r"\A([^/@:\\]*):[^/@\\]*@", r"\1@", url)
    user, host = _split_user(rest)
    host = re.split(r"[?#]", host, maxsplit=1)[0]
    if user and before.rpartition("::")[2].lower() in _KEEPS_USER:
        host = f"{user.partition(':')[0]}@{host}"
    return f"{before}://{host}"


def _split_user(rest: str) -> tuple[str, str]:
    """Split what follows the scheme into user info and the remainder."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    port = authority.rpartition(":")[2] if ":" in authority and not authority.endswith("]") else ""
    # A password may hold an unescaped "/" or "?": what looks like its host then has a port that is no number.
    is_torn = "@" not in authority and port != "" and not port.isdecimal()
    user, sign, host = (rest if is_torn else authority).rpartition("@")
    if not sign:
        return "", rest
    return user, host if is_torn else host + rest[len(authority) :]
