"""The texts of the pages: each key is there in both languages, used, and with the same places for values."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.viewer.conftest import PAGES

_STRING = r'"(?:[^"\\]|\\.)*"'
_PAIR = re.compile(rf'"([\w.-]+)":\s*\[\s*({_STRING}),\s*({_STRING}),?\s*\]')
_COMMENT = re.compile(r"^\s*//.*?$|^\s*/\*.*?\*/", re.MULTILINE | re.DOTALL)
_KEY = re.compile(r"[a-z]+(?:\.[A-Za-z_]+)+")


class Words(NamedTuple):
    """What a module adds: key to its English and its Japanese text; and its code without that."""

    pairs: list[tuple[str, str, str]]
    code: str


def _inside(text: str, start: int) -> str:
    """Return what stands between the bracket at a place and the one that closes it; brackets in texts do not count."""
    depth = 0
    for found in re.compile(rf"{_STRING}|[(){{}}]").finditer(text, start):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return text[start + 1 : found.start()]
    raise AssertionError(f"no end of what begins at {text[start : start + 60]!r}")


def _words(path: Path) -> Words:
    code = _COMMENT.sub("", path.read_text(encoding="utf-8"))
    pairs: list[tuple[str, str, str]] = []
    while (at := code.find("addWords({")) >= 0:
        block = _inside(code, at + len("addWords"))
        pairs += [(key, english[1:-1], japanese[1:-1]) for key, english, japanese in _PAIR.findall(block)]
        code = code[:at] + code[at + len("addWords") + len(block) + 2 :]
    return Words(pairs, code)


MODULES = {path.relative_to(PAGES).as_posix(): _words(path) for path in sorted(PAGES.rglob("*.js"))}
# The types of values of docs/format.md: their texts are put together from what the server sends.
TYPES = (
    *("none", "bool", "text", "list", "matrix", "row", "table", "json", "image", "figure", "histogram"),
    *("confusion_matrix", "accuracy_table", "residuals", "predictions"),
)
ALL = [pair for words in MODULES.values() for pair in words.pairs]
KEYS = {key for key, _, _ in ALL}


def _asked_for(code: str) -> set[str]:
    """Return the keys that stand in the first argument of a call of ``t``, as texts."""
    calls = [_inside(code, found.end() - 1) for found in re.finditer(r"(?<![\w.])t\(", code)]
    firsts = [re.split(r",\s*\{", call)[0] for call in calls]
    return {text[1:-1] for first in firsts for text in re.findall(_STRING, first) if _KEY.fullmatch(text[1:-1])}


def _put_together(code: str) -> set[str]:
    """Return the keys that the code puts together: ``view.`` and any word of it for ``t(`view.${name}`)``."""
    beginnings = set(re.findall(r"`([a-z]+\.)\$\{", code))
    return {beginning + part for beginning in beginnings for part in set(re.findall(r"\w+", code))}


def test_texts_were_found() -> None:
    """What the tests below look at is all of it: every block of texts was read to its end."""
    assert len(KEYS) > 200
    sources = [_COMMENT.sub("", path.read_text(encoding="utf-8")) for path in PAGES.rglob("*.js")]
    counted = sum(len(re.findall(rf'"{_KEY.pattern}": \[', source)) for source in sources)
    assert counted == len(ALL)


def test_each_key_is_added_once() -> None:
    """No module writes over the text of another."""
    assert [key for key, times in Counter(key for key, _, _ in ALL).items() if times > 1] == []


def test_each_text_is_there_in_both_languages() -> None:
    """English and Japanese are filled, and have the same places for values."""

    def places(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", text))

    assert [key for key, english, japanese in ALL if not english.strip() or not japanese.strip()] == []
    assert [key for key, english, japanese in ALL if places(english) != places(japanese)] == []


@pytest.mark.parametrize("name", sorted(name for name, words in MODULES.items() if _asked_for(words.code)))
def test_each_text_that_is_asked_for_is_there(name: str) -> None:
    """No page shows a key instead of a text."""
    assert _asked_for(MODULES[name].code) - KEYS == set()


def test_no_text_is_unused() -> None:
    """Each key stands in the code besides its text, whole or by its beginning."""
    types = {f"type.{name}" for name in TYPES}
    assert types <= KEYS
    code = "".join(words.code for words in MODULES.values())
    named = set(re.findall(rf'"({_KEY.pattern})"', code)) | _put_together(code)
    assert sorted(KEYS - named - types) == []
