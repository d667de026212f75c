"""Redaction: which texts are secrets, by the key before them or by their shape.

Every log record passes here, so a text without any sign of a secret leaves after a few searches for short strings, at
C speed; only one with a sign meets the regular expressions. Those are linear: each starts only where a word starts,
and takes characters that none of its later parts needs back.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from runlogging._errors import InvalidValueError
from runlogging._patterns import LazyPattern

REPLACEMENT = "[REDACTED]"

_MAX_TEMPLATES = 1024

# Words that make a key secret wherever they stand in it; a number behind them may be the secret itself.
_PASSWORDS = ("password", "passwd", "pwd", "passphrase")
_ANYWHERE = (*_PASSWORDS, "credential", "credentials", "authorization", "apikey")
# Only at the end: auth_token is a secret, token_count, tokens_per_sec and max_tokens are not.
_AT_END = (
    *("token", "secret", "cookie", "api key", "access key", "account key", "encryption key", "master key"),
    *("private key", "secret key", "shared key", "signing key", "subscription key"),
)

_WORDS = LazyPattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W_a-zA-Z]+")
# A key and its sign; the value behind them is looked at only if the key is secret, so that no text is read twice.
_ASSIGNMENT = LazyPattern(
    r"""(?<![\w.\-])(?P<key>[^\W\d][\w.\-]*+)\\?["']?+\s*+(?:=>|==?|:)\s*+"""
    r"""|(?<![\w\-])--?(?P<option>[^\W\d][\w\-]*+)(?:=|["']?+,?+\s++)"""
)
_VALUE = LazyPattern(
    r"""[bru]?(?P<quoted>\\"[^"]*+"|\\'[^']*+'|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+')"""
    r"""|(?:(?:bearer|basic|digest|token)\s++)?+[^\s,;&"'()\[\]{}<>]++""",
    re.I | re.S,
)
# What stands where a secret would: a placeholder of a template, nothing, or what was redacted before.
_NO_SECRET = LazyPattern(
    r"""["']?(?:%(?:\(\w*\))?[\d.\-+ #]*[a-z%]|\$?\{[^}]*\}|none|null|true|false|\*+|\[REDACTED\])(?![\w.\-/+])""",
    re.I,
)
_NUMBER = LazyPattern(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", re.I)

_USER_INFO = LazyPattern(r"(?P<before>://[^/\s:@]*+:)[^/\s@]++(?=@)")
# A digit, a capital inside or padding: "basic understanding" is no credential.
_BEARER = LazyPattern(r"(?<!\w)(?P<before>(?i:bearer|basic)\s++)(?=[\w.~+/\-]*(?:\d|[a-z][A-Z]|=))[\w.~+/\-]{12,}+=*+")
# What the issuers say their tokens look like.
_SHAPES = (
    r"gh[opusr]_\w{30,}+",
    r"github_pat_\w{22,}+",
    r"glpat-[\w\-]{20,}+",
    r"sk-[\w\-]{20,}+",
    r"[rs]k_(?:live|test)_\w{16,}+",
    r"hf_[A-Za-z0-9]{30,}+",
    r"npm_[A-Za-z0-9]{30,}+",
    r"pypi-[\w\-]{40,}+",
    r"x(?:ox[abeoprs]|app)-[\w\-]{10,}+",
    r"A(?:KIA|SIA)[A-Z0-9]{16}(?![\w\-])",
    r"AIza[\w\-]{35}(?![\w\-])",
    r"eyJ[\w\-]{8,}+\.[\w\-]{8,}+\.[\w\-]*+",
)
_SHAPE = LazyPattern(rf"(?<![\w\-])(?:{'|'.join(_SHAPES)})")
_PRIVATE_KEY = LazyPattern(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|\Z)", re.S
)
_SIGNATURE = LazyPattern(r"(?P<before>[?&]sig=)[^&\s]++", re.I)

# All shapes with one of these characters go on for ten more; few other texts do.
_JOINED = LazyPattern(r"[_\-][\w\-]{10}")


# Templates whose parts are harmless and whose message need not be: a text beside a text, such as "%s=%s" or "--%s %s",
# and what stands before a credential.
_RISKY_TEMPLATE = LazyPattern(
    r"%(?:\(\w*\))?[-#0 +\d.]*[sra][\"']?(?:\s|=|:|>|,)*[\"']?%(?:\(\w*\))?[-#0 +\d.]*[sra]"
    r"|://[^/\s]*%|(?i:bearer|basic)|[?&]sig=|PRIVATE KEY"
)


class Redactor:
    """Take secrets out of texts.

    A text after a key (``password=``, ``"api_key":``, ``--token``) goes, and one with the shape of a well-known token.
    Keys match as whole words after splitting at ``_ - .`` and at camelCase; ``token`` and ``secret`` only as the last.

    Args:
        patterns: further regular expressions; what they match goes. Their speed is the caller's matter.
        keys: further keys whose values are secret, such as ``patient_id``; whole words, anywhere in a key.

    Attributes:
        templates: what `template` said of message templates; bounded, and emptied in place when it is full.

    Raises:
        InvalidValueError: a pattern is no regular expression, or a key has no word.
    """

    def __init__(self, patterns: Iterable[str] | None = None, keys: Iterable[str] | None = None) -> None:
        self._patterns = [_compiled(pattern) for pattern in _listed(patterns, "patterns")]
        own = [_split(key) for key in _listed(keys, "keys")]
        if () in own:
            raise InvalidValueError("a key to redact has a word of letters or digits in it, such as 'patient_id'")
        self._anywhere = {_split(word) for word in _ANYWHERE} | set(own)
        self._at_end = {_split(word) for word in _AT_END}
        self._own_signs = [words[0] for words in own]
        self.is_secret_key: Callable[[str], bool] = functools.lru_cache(1024)(self._is_secret_key)
        self.templates: dict[str, str | None] = {}

    def text(self, text: str) -> str:
        """Return a text without its secrets."""
        for pattern in self._patterns:
            text = pattern.sub(REPLACEMENT, text)
        if "=" in text or ":" in text or " -" in text or "--" in text:
            if self._may_have_key(text.lower()):
                text = self._clear_assignments(text)
            if "://" in text:
                text = _USER_INFO.re.sub(rf"\g<before>{REPLACEMENT}", text)
            if "sig=" in text:
                text = _SIGNATURE.re.sub(rf"\g<before>{REPLACEMENT}", text)
        has_mark = "AKIA" in text or "ASIA" in text or "AIza" in text or "eyJ" in text
        if has_mark or (("_" in text or "-" in text) and _JOINED.re.search(text)):
            text = _SHAPE.re.sub(REPLACEMENT, text)
        if "PRIVATE KEY" in text:
            text = _PRIVATE_KEY.re.sub(REPLACEMENT, text)
        if "earer " in text or "asic " in text:
            text = _BEARER.re.sub(rf"\g<before>{REPLACEMENT}", text)
        return text

    def _may_have_key(self, lowered: str) -> bool:
        # What some word of _ANYWHERE and _AT_END begins with or ends in; one chain, because a loop costs twice as much.
        return (
            "pass" in lowered
            or "key" in lowered
            or "token" in lowered
            or "secret" in lowered
            or "auth" in lowered
            or "pwd" in lowered
            or "cred" in lowered
            or "cookie" in lowered
            or any(sign in lowered for sign in self._own_signs)
        )

    def _clear_assignments(self, text: str) -> str:
        parts: list[str] = []
        done = begin = 0
        while match := _ASSIGNMENT.re.search(text, begin):
            begin = match.end()
            key = match["key"] or match["option"]
            value = _VALUE.re.match(text, begin) if self.is_secret_key(key) else None
            if value is not None and not self._is_harmless(key, text, value):
                quote = _quote(value["quoted"])
                parts += text[done:begin], quote, REPLACEMENT, quote
                done = begin = value.end()
        return "".join((*parts, text[done:]))

    def _is_harmless(self, key: str, text: str, value: re.Match[str]) -> bool:
        if _NO_SECRET.re.match(text, value.start()):
            return True
        size = len(_quote(value["quoted"]))
        bare = value["quoted"][size:-size] if size else value[0]
        return not bare or (_split(key)[-1] not in _PASSWORDS and _NUMBER.re.fullmatch(bare) is not None)

    def template(self, template: str) -> str | None:
        """Judge a message template, and remember it.

        Returns the template without secrets where its finished message must be looked at as a whole: it names a
        secret, or puts texts side by side, such as ``%s=%s``. None where looking at its arguments is enough.
        """
        try:
            return self.templates[template]
        except KeyError:
            if len(self.templates) >= _MAX_TEMPLATES:
                self.templates.clear()
            cleared = self.text(template)
            is_whole = cleared != template or self._names_secret(template)
            self.templates[template] = cleared if is_whole else None
            return self.templates[template]

    def attribute(self, key: str, value: Any) -> Any:
        """Return the value of an attribute without its secrets; of a secret key, all its texts go.

        Args:
            key: the attribute's name.
            value: text, number, None, or lists and dicts of them; containers are not changed, numbers never.
        """
        return self._cleared(value, is_secret=self.is_secret_key(key))

    def _cleared(self, value: Any, *, is_secret: bool) -> Any:
        if isinstance(value, str):
            return (REPLACEMENT if value else value) if is_secret else self.text(value)
        if isinstance(value, dict):
            return {
                key: self._cleared(item, is_secret=is_secret or (isinstance(key, str) and self.is_secret_key(key)))
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._cleared(item, is_secret=is_secret) for item in value]
        return value

    def _is_secret_key(self, key: str) -> bool:
        words = _split(key)
        if any(words[-size:] in self._at_end for size in (1, 2)):
            return True
        starts = range(len(words))
        return any(words[start : start + len(own)] == own for own in self._anywhere for start in starts)

    def _names_secret(self, template: str) -> bool:
        if _RISKY_TEMPLATE.re.search(template):
            return True
        return any(self.is_secret_key(key) for key in re.findall(r"[^\W\d][\w.\-]*", template))


def _quote(quoted: str | None) -> str:
    if not quoted:
        return ""
    return quoted[:2] if quoted[0] == "\\" else quoted[0]


def _split(key: str) -> tuple[str, ...]:
    return tuple(word.lower() for word in _WORDS.re.findall(key))


def _listed(given: Iterable[str] | None, what: str) -> Sequence[str]:
    listed = [given] if isinstance(given, str) else list(given or ())
    if not all(isinstance(item, str) for item in listed):
        raise InvalidValueError(f"redaction takes {what} as a list of texts, not {listed!r}")
    return listed


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise InvalidValueError(f"{pattern!r} is no regular expression: {error}") from error
