"""Escaping: nothing from a run folder steers the terminal that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.cli._escape import escape, escape_cell, escape_lines
from tests.cli.tools import log, open_run, runlogging, strict_json, unsafe_in

EVIL = "".join(
    [
        *map(chr, (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))),
        *("\ud800", "\udfff", "\x1b]0;title\x07", "\x1b[2J", "[red]markup[/red] [link=http://x]y[/link] :smile:"),
    ]
)


@given(st.text(st.characters() | st.characters(categories=["Cc", "Cs", "Cf"])))
def test_escaped_text_has_nothing_unsafe(text: str) -> None:
    """Every character that could steer a terminal is gone, and text without any is as it was."""
    assert not unsafe_in(escape(text))
    assert "\n" not in escape(text)
    assert not {"\n", "\t"} & set(escape_cell(text))
    assert not unsafe_in("".join(escape_lines(text)))
    if escape(text) == text:
        assert "".join(escape_lines(text)) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("\r", "\\x0d"),
        ("\x7f\x85\x9b", "\\x7f\\x85\\x9b"),
        ("\u202e\u2069\u2028", "\\u202e\\u2069\\u2028"),
        ("\ud800", "\\ud800"),
        ("a\nb\tc", "a\\nb\tc"),
        ("漢字 é 😀 [red]", "漢字 é 😀 [red]"),
    ],
)
def test_escapes_are_visible(text: str, shown: str) -> None:
    """An escape says which character stood there."""
    assert escape(text) == shown


@pytest.fixture
def evil_run(tmp_path: Path) -> Path:
    """Make a run in which every text is hostile."""
    name = EVIL.replace("\ud800", "").replace("\udfff", "")  # a manifest takes none of them
    with open_run(tmp_path, run_name=name, tags={name: name}) as (logger, path):
        log(logger, EVIL, {EVIL: 1.5, "x" + EVIL: EVIL, "table" + EVIL: {"a": [1]}})
        logger.getChild(EVIL).error(EVIL)
        try:
            raise ValueError(EVIL)
        except ValueError:
            logger.exception(EVIL, extra={EVIL: EVIL}, stack_info=True)
    with (path / "logs.jsonl").open("ab") as file:
        file.write(EVIL.encode("utf-8", "surrogatepass") + b"\n")
    return path


@pytest.mark.parametrize("arguments", [["show"], ["logs"], ["metrics"], ["metrics", "--csv"]])
def test_no_unsafe_byte_leaves_a_command(evil_run: Path, arguments: list[str]) -> None:
    """Names, tags, messages, errors and problems are escaped, and markup is text."""
    command, *options = arguments
    done = runlogging(command, evil_run, *options)
    assert not unsafe_in(done.output)
    assert "\\x1b]0;title\\x07" in done.output
    assert "[red]markup[/red] [link=http://x]y[/link] :smile:" in done.output


def test_list_is_escaped(evil_run: Path) -> None:
    """So is the list of runs."""
    done = runlogging("ls", evil_run.parents[1])
    assert not unsafe_in(done.output)
    assert "[red]markup[/red]" in done.output


@pytest.mark.parametrize("arguments", [["show"], ["logs"], ["metrics"]])
def test_json_escapes_and_keeps_the_text(evil_run: Path, arguments: list[str]) -> None:
    """JSON is plain ASCII whose escapes give the text back."""
    text = runlogging(*arguments, evil_run, "--json").stdout
    assert text.isascii()
    assert not unsafe_in(text)
    parsed = [strict_json(line) for line in text.splitlines()] if arguments == ["logs"] else strict_json(text)
    assert "\x1b]0;title\x07" in repr(parsed).encode().decode("unicode_escape")
