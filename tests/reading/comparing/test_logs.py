"""Log entries by template: new, gone, multiplied; lines and files that moved; texts of f-strings."""

from __future__ import annotations

from pathlib import Path

import pytest

from runlogging.folder import Line, now_text
from runlogging.reading.comparing import LogDifference, compare
from tests.reading.comparing.tools import entry, logged


def _logs(root: Path, *runs: list[Line], level: str | int = "WARNING") -> list[LogDifference]:
    paths = [logged(root, f"r{number}", *lines) for number, lines in enumerate(runs)]
    return list(compare(*paths, level=level).logs)


@pytest.mark.parametrize(
    ("base", "other", "kind"),
    [
        (0, 1, "new"),
        (3, 0, "gone"),
        (1, 2, "multiplied"),
        (2, 3, None),
        (3, 2, None),
        (4, 2, "multiplied"),
        (5, 5, None),
    ],
)
def test_kinds(tmp_path: Path, base: int, other: int, kind: str | None) -> None:
    """Twice as many or half as many are multiplied; less than that is no difference."""
    line = entry("slow batch %d", 7)
    (found,) = _logs(tmp_path, [line] * base, [line] * other)
    assert (found.counts, found.kind, found.kinds, found.differs) == ((base, other), kind, (None, kind), bool(kind))


def test_entry_has_its_place_and_first_example(tmp_path: Path) -> None:
    """Template, source line, level, and the message, time and step of the first of them."""
    lines = [entry("batch %d is slow", number, step=number) for number in (3, 4)]
    (found,) = _logs(tmp_path, [], lines)
    assert (found.level, found.level_number, found.logger) == ("WARNING", 30, "app")
    assert (found.template, found.file, found.line) == ("batch %d is slow", "/code/train.py", 10)
    assert (found.message, found.step) == ("batch 3 is slow", 3)
    assert found.time.isoformat().replace("+00:00", "Z") == lines[0].time
    assert found.lines == (None, 10)


def test_levels_below_are_left_out_unless_asked_for(tmp_path: Path) -> None:
    """WARNING is the default; entries with metrics count as well."""
    lines = [entry("a", level="INFO"), entry("b", level="WARNING"), entry("c", level="ERROR", metrics={"loss": 1.0})]
    assert [found.template for found in _logs(tmp_path / "1", [], lines)] == ["c", "b"]
    assert [found.template for found in _logs(tmp_path / "2", [], lines, level="info")] == ["c", "b", "a"]
    assert [found.template for found in _logs(tmp_path / "3", [], lines, level=40)] == ["c"]


def test_lines_of_verbs_are_no_entries(tmp_path: Path) -> None:
    """A metric without a message is in no log."""
    assert _logs(tmp_path, [], [Line(time=now_text(), metrics={"loss": 1.0})], level=0) == []


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(entry("oops", level="ERROR"), id="level"),
        pytest.param(entry("oops", logger="other"), id="logger"),
        pytest.param(entry("other"), id="template"),
        pytest.param(entry("oops", file="/code/model.py"), id="file"),
        pytest.param(entry("oops", exception={"type": "KeyError", "message": "x"}), id="exception"),
    ],
)
def test_what_makes_two_templates(tmp_path: Path, other: Line) -> None:
    """Another level, logger, template, file or type of exception is another thing: one is gone and one is new."""
    assert [found.kind for found in _logs(tmp_path, [entry("oops")], [other])] == ["new", "gone"]


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param({"line": 12}, id="line"),
        pytest.param({"file": "/work/job-17/code/train.py"}, id="folder"),
        pytest.param({"file": "C:\\job\\train.py", "line": 99}, id="both"),
    ],
)
def test_moved_source_is_the_same(tmp_path: Path, moved: dict[str, object]) -> None:
    """The same template in a file of the same name is neither new nor gone."""
    (found,) = _logs(tmp_path, [entry("oops")], [entry("oops", **moved)])  # type: ignore[arg-type]
    assert (found.counts, found.differs, found.line) == ((1, 1), False, 10)
    assert found.lines == (10, moved.get("line", 10))


def test_same_line_goes_before_a_moved_one(tmp_path: Path) -> None:
    """Of two places with one template the one that stayed keeps its count; a further place is new."""
    base = [entry("oops", line=10), entry("oops", line=20)]
    other = [entry("oops", line=20), entry("oops", line=13), *[entry("oops", line=30)] * 4]
    found = _logs(tmp_path, base, other)
    assert [(one.line, one.lines, one.counts, one.kind) for one in found] == [
        (30, (None, 30), (0, 4), "new"),
        (10, (10, 13), (1, 1), None),
        (20, (20, 20), (1, 1), None),
    ]


def test_several_runs_are_compared_with_the_first(tmp_path: Path) -> None:
    """Each run has a kind of its own; new in two runs is one item, also where its line moved."""
    line = entry("oops")
    first, second = _logs(tmp_path, [line], [], [line] * 3 + [entry("more", line=5)], [line, entry("more", line=6)])
    assert (first.template, first.kinds, first.lines) == ("more", (None, None, "new", "new"), (None, None, 5, 6))
    assert (second.counts, second.kinds, second.kind) == ((1, 0, 3, 1), (None, "gone", "multiplied", None), "gone")


def test_template_that_says_nothing_gives_way_to_the_message(tmp_path: Path) -> None:
    """Of "%s" every message is its own, as without a template."""
    base = [entry("%s", "disk is full")]
    other = [
        entry("%s", "disk is full"),
        entry("%s", "disk is gone"),
        Line(time=now_text(), level="ERROR", message="x"),
    ]
    found = _logs(tmp_path, base, other)
    assert [(one.template, one.kind) for one in found] == [
        ("x", "new"),
        ("disk is gone", "new"),
        ("disk is full", None),
    ]


def test_texts_that_differ_in_numbers_only_are_one_template(tmp_path: Path) -> None:
    """Messages of an f-string are counted together where runs have different ones."""
    base = [entry(f"step {step} took {step / 7:.2f} s") for step in range(10)]
    other = [entry(f"step {step} took {step / 3:.2f} s") for step in range(30)]
    found = _logs(tmp_path, base, other)
    pooled = next(one for one in found if "#" in one.template)
    assert pooled.template == "step # took # s"
    assert pooled.kind == "multiplied"
    assert [sum(counts) for counts in zip(*(one.counts for one in found), strict=True)] == [10, 30]


def test_texts_with_few_numbers_stay_apart(tmp_path: Path) -> None:
    """One status in place of another is a difference."""
    found = _logs(tmp_path, [entry("HTTP 404"), entry("HTTP 200")], [entry("HTTP 500"), entry("HTTP 200")])
    assert [(one.template, one.kind) for one in found] == [
        ("HTTP 500", "new"),
        ("HTTP 404", "gone"),
        ("HTTP 200", None),
    ]


def test_template_with_arguments_keeps_its_numbers(tmp_path: Path) -> None:
    """A template that arguments went into is taken as it stands."""
    (found,) = _logs(tmp_path, [], [entry("layer 3: %d", value) for value in range(200)])
    assert (found.template, found.counts) == ("layer 3: %d", (0, 200))


def test_endless_texts_are_counted_in_bounded_memory(tmp_path: Path) -> None:
    """Beyond a limit further texts of a place count as one; no entry is lost from the counts."""
    words = ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(2000)]
    found = _logs(tmp_path, [entry(f"step {number}") for number in range(300)], [entry(word) for word in words])
    assert sum(one.counts[0] for one in found) == 300
    assert sum(one.counts[1] for one in found) == 2000
    assert len(found) < 600
    assert {one.counts for one in found if one.template == "(further texts)"} == {(0, 1500)}
    assert {one.counts for one in found if one.template == "step #"} == {(300, 0)}


def test_level_without_a_name_has_its_number(tmp_path: Path) -> None:
    """A level of the program's own is called by its number."""
    (found,) = _logs(tmp_path, [], [Line(time=now_text(), level_number=35, message="odd", logger="app")])
    assert (found.level, found.level_number, found.file, found.line) == ("Level 35", 35, None, None)
