"""Output lines: what a terminal showed at last, and JSON objects among them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.progress import Progress

from runlogging.capture._lines import MAX_LINE, LineSplitter, OutputLine, parse_structured

_STEERING = [b"\x1b[" + verb for verb in b"2A,B,K,2J,9;9H,1;1H,?25l,?1049h,?1049l,1K,1J,5C,2D,,300B".split(b",")]
_STEERING += [b"\x1b7", b"\x1b8", b"\r", b"ab", b"\n", b"\b"]
_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
)


def split(*pieces: bytes, apart_s: float = 0.1, **options: float) -> list[str]:
    """Return the texts of all lines when the pieces come in equal distances."""
    return [line.text for line in lines_of(pieces, apart_s, **options)]


def lines_of(pieces: Sequence[bytes], apart_s: float = 0.1, **options: float) -> list[OutputLine]:
    """Return all lines when the pieces come in equal distances."""
    splitter, now = LineSplitter(**options), 100.0
    lines: list[OutputLine] = []
    for piece in pieces:
        lines += splitter.feed(piece, now)
        now += apart_s
        lines += splitter.poll(now)
    return lines + splitter.close(now)


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30), max_size=20),
    st.lists(st.integers(1, 40), max_size=30),
)
def test_any_text_comes_back(texts: list[str], cuts: list[int]) -> None:
    """Lines of any text come back as they are, wherever the reads cut them, also within a character."""
    data, pieces = "".join(text + "\n" for text in texts).encode(), []
    for cut in cuts:
        pieces.append(data[:cut])
        data = data[cut:]
    assert split(*pieces, data, apart_s=0.0) == texts


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_bytes_are_taken(pieces: list[bytes]) -> None:
    """No bytes raise an error, and no line is longer than its limit."""
    assert all(len(line.text) <= MAX_LINE and "\n" not in line.text for line in lines_of(pieces))


@given(st.lists(st.sampled_from(_STEERING)))
def test_any_steering_is_taken(pieces: list[bytes]) -> None:
    """Cursor movements in any order raise nothing and leave nothing of themselves in the text."""
    assert all("\x1b" not in line.text for line in lines_of(pieces, apart_s=0.3))


def test_ends_of_lines() -> None:
    """A newline ends a line, with or without a carriage return before it; empty lines are lines."""
    assert split(b"a\r\n\nb\r", b"\nc") == ["a", "", "b", "c"]


def test_bytes_that_are_no_text_stay_visible() -> None:
    """Invalid UTF-8 is escaped, a NUL stays, a character that two reads share is whole."""
    assert split(b"\xff\xfe\n", b"a\0b\n", b"\xe2\x82", b"\xac\n", b"\xe2") == ["\\xff\\xfe", "a\0b", "€", "\\xe2"]


@pytest.mark.parametrize("apart_s", [0.0, 0.1, 5.0])
def test_a_bar_is_one_line(apart_s: float) -> None:
    """A progress bar of a thousand states is its last one, however slowly they come."""
    states = [b"\r%3d%%|%-20s|" % (step // 10, b"#" * (step // 50)) for step in range(1001)]
    assert split(*states, b"\n", b"done\n", apart_s=apart_s) == ["100%|####################|", "done"]


def test_what_a_bar_leaves_of_a_longer_text_is_seen() -> None:
    """A shorter text over a longer one leaves its end, as on a terminal; spaces that clear it leave nothing."""
    assert split(b"\rlonger\rab", b"\n\rlonger\r      \rab\n\rlonger\r\x1b[Kab\n") == ["abnger", "ab", "ab"]


def test_backspaces_go_back() -> None:
    """A counter that goes back by backspaces shows its last number."""
    assert split(b"at   1%", *(b"\b\b\b\b%3d%%" % step for step in range(2, 100)), b"\n") == ["at  99%"]


def test_colours_are_taken_out() -> None:
    """Colours, titles and links leave no trace, also where a read cuts them."""
    text = b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n"
    letters = [text[at : at + 1] for at in range(len(text))]
    assert split(text) == split(*letters, apart_s=0.0) == ["red plain link"]


def test_an_unfinished_title_costs_its_line_only() -> None:
    """A sequence that never ends hides no line but its own."""
    assert split(b"a\x1b]0;never\nb\n") == ["a", "b"]


def test_nested_bars_become_their_last_states() -> None:
    """Bars in several rows, drawn with the cursor going up as tqdm does, become one line each."""
    pieces = [b"\r outer 0/5"]
    for step in range(500):
        outer = b"\r outer %d/5" % (step // 100) if step % 100 == 0 else b""
        pieces.append(outer + b"\n\r inner %3d\x1b[A" % step)
    assert split(*pieces, b"\n\r          \r\x1b[A", b"\r outer 5/5\n", b"end\n") == [" outer 5/5", "end"]


def test_slow_nested_bars_give_few_states() -> None:
    """Bars that change more seldom than lines are held give a handful of states, and no state twice."""
    pieces = [b"\x1b[?25lone 0\ntwo 0\n", *(b"\x1b[2Aone %d\ntwo %d\n" % (step, step) for step in range(1, 500))]
    lines = split(*pieces, apart_s=3.0)
    assert lines[-2:] == ["one 499", "two 499"]
    assert len(lines) < 30
    assert len(set(lines)) == len(lines)


@pytest.mark.parametrize("size", [1, 7, 100, 100_000])
def test_rich_progress_becomes_its_last_state(size: int) -> None:
    """A display of rich with two bars is its last state; what is printed above it meanwhile is kept, in order."""
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=80)
    with Progress(console=console, auto_refresh=False) as progress:
        tasks = [progress.add_task(name, total=200) for name in ("first", "second")]
        for step in range(200):
            for task in tasks:
                progress.update(task, advance=1)
            progress.refresh()
            if step % 50 == 7:
                console.print(f"[red]at[/] {step}")
    console.print("the end")
    data = output.getvalue().encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    lines = split(*pieces, apart_s=size / 10_000)
    assert [line.split()[0] for line in lines] == ["at", "at", "at", "at", "first", "second", "the"]
    assert "100%" in lines[4]


def test_a_display_that_begins_without_a_sign_is_seen_once() -> None:
    """Of a display whose first frame cannot be told from lines, the first frame stays; the others do not."""
    pieces = [b"a 0\nb 0\n", *(b"\x1b[2A\x1b[2Ka %d\n\x1b[2Kb %d\n" % (step, step) for step in range(1, 100))]
    assert split(*pieces) == ["a 0", "b 0", "a 99", "b 99"]


def test_apt_status_line_is_no_line() -> None:
    """A status line at the bottom, for which the cursor is saved and restored, is left out."""
    status = b"\x1b7\x1b[24;0fProgress: [ 50%%]\x1b8"
    assert split(b"Unpacking a\n", status, b"Unpacking b\n", status) == ["Unpacking a", "Unpacking b"]


def test_full_screen_programs_give_no_lines() -> None:
    """What is on the alternate screen is not kept."""
    assert split(b"before\n\x1b[?1049h\x1b[Hrow one\nrow two\n\x1b[?1049lafter\n") == ["before", "after"]


def test_a_cleared_screen_loses_only_what_was_held() -> None:
    """Clearing the screen takes nothing back that had been said."""
    assert split(b"before\n\x1b[2J\x1b[Hafter\n") == ["before", "after"]


def test_lines_are_held_only_near_a_display() -> None:
    """An ordinary line is given out at once; after a bar lines wait for the hold time, not longer."""
    splitter = LineSplitter(hold_s=1.0)
    assert [line.text for line in splitter.feed(b"plain\n", 0.0)] == ["plain"]
    assert splitter.feed(b"\rbar 1\rbar 2\nnext\n", 0.0) == []
    due = splitter.next_due
    assert due == 1.0
    assert [line.text for line in splitter.poll(due)] == ["bar 2", "next"]
    assert splitter.next_due is None


def test_a_question_is_seen_while_it_waits() -> None:
    """A line without its newline is given out after the idle time, and its rest is marked."""
    splitter = LineSplitter(idle_s=1.0)
    assert splitter.feed(b"name? ", 5.0) == []
    assert splitter.poll(5.9) == []
    assert splitter.next_due == 6.0
    assert splitter.poll(6.0) == [OutputLine("name? ", 5.0)]
    assert splitter.poll(60.0) == []
    assert splitter.feed(b"Ann\n", 61.0) == [OutputLine("Ann", 61.0, continued=True)]
    assert splitter.feed(b"hello\n", 62.0) == [OutputLine("hello", 62.0)]


def test_a_question_that_gets_only_its_newline_is_one_line() -> None:
    """The newline of a line that was given out adds no empty one."""
    assert lines_of([b"name? ", b"\n", b"x\n"], apart_s=2.0) == [OutputLine("name? ", 100.0), OutputLine("x", 104.0)]


def test_a_line_without_end_comes_in_pieces() -> None:
    """A line of any length takes bounded memory, and its further pieces are marked."""
    lines = lines_of([b"x" * 1000] * 200)
    assert "".join(line.text for line in lines) == "x" * 200_000
    assert [line.continued for line in lines] == [False, True, True, True]
    assert max(len(line.text) for line in lines) == MAX_LINE


def test_a_line_of_exactly_the_limit_is_whole() -> None:
    """The longest line that is allowed is one record, and no empty one follows."""
    assert [len(text) for text in split(b"x" * MAX_LINE + b"\n", b"y\n")] == [MAX_LINE, 1]
    assert [len(text) for text in split(b"x" * 2 * MAX_LINE + b"\n", b"y\n")] == [MAX_LINE, MAX_LINE, 1]


def test_a_structured_line_is_read() -> None:
    """Level, logger, message, step, metrics and time have their place, all else is an attribute."""
    line = parse_structured(
        '{"severity": "warn", "logger": "train", "msg": "slow", "step": 3, "metrics": {"loss": 0.5},'
        ' "time": "2026-11-23T23:05:02.5Z", "args": [1], "levelno": 1}'
    )
    assert line is not None
    assert (line.level, line.logger, line.message, line.step) == ("WARNING", "train", "slow", 3)
    assert (line.metrics, line.created) == ({"loss": 0.5}, 1795475102.5)
    assert line.attributes == {"args": [1], "levelno": 1}


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({"level": "info"}, "INFO"),
        ({"level": "FATAL"}, "CRITICAL"),
        ({"levelname": "DEBUG"}, "DEBUG"),
        ({"level": 30}, "WARNING"),
        ({"level": 30, "pid": 1, "hostname": "box", "msg": "pino"}, "INFO"),
        ({"metrics": {"a": 1}}, "INFO"),
    ],
)
def test_levels_of_several_loggers(given: dict[str, Any], level: str) -> None:
    """The level's usual keys and names are known, and the numbers of Python and of Node."""
    line = parse_structured(json.dumps(given))
    assert line is not None
    assert line.level == level


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "{not json}",
        "[1]",
        '{"level": "beginner"}',
        '{"level": true}',
        '{"level": null, "metrics": {}}',
        '{"metrics": 3}',
        '{"level": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"level": "info", "n": ' + "9" * 10_000 + "}",
        '{"level": "info", "text": "' + "x" * (1 << 21) + '"}',
    ],
    ids=lambda text: text[:20],
)
def test_other_lines_are_text(text: str) -> None:
    """What is no object with a level or metrics, or is too deep or too large, stays a text line and raises nothing."""
    assert parse_structured(text) is None


@pytest.mark.parametrize(
    ("time", "created"),
    [
        (1_700_000_000, 1.7e9),
        (1_700_000_000_500, 1_700_000_000.5),
        (1.7e18, 1.7e9),
        ("2023-11-14T23:13:20+01:00", 1.7e9),
        ("2023-11-14 22:13:20", None),
        ("soon", None),
        (12, None),
        (True, None),
        (float("nan"), None),
        (10**400, None),
    ],
)
def test_times(time: object, created: float | None) -> None:
    """A time with an offset, or in seconds to nanoseconds, is the record's; any other one stays an attribute."""
    line = parse_structured(json.dumps({"level": "info", "ts": time}))
    assert line is not None
    assert line.created == created
    assert ("ts" in line.attributes) == (created is None)


@given(_JSON)
def test_any_json_is_taken(value: object) -> None:
    """A line of any JSON raises nothing."""
    line = parse_structured(
        json.dumps({"level": value, "metrics": {"a": 1}, "step": value, "time": value, "name": value})
    )
    assert line is not None
    assert line.metrics == {"a": 1}
