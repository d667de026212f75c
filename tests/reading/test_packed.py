"""Reading packed streams: with either engine, piece by piece, and from damaged files."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runlogging._errors import MissingExtraError
from runlogging.folder import METRICS, STREAMS, Line, StreamName, encode_line, format_time
from runlogging.keeping.packing import _file as _pack_file
from runlogging.keeping.packing._file import read_packing_of
from runlogging.reading import open_run
from runlogging.reading._packed import PackedFile
from runlogging.reading._streams import StreamFile

from .tools import manifest_only, value_line, written

pytest.importorskip("pyarrow")
polars = pytest.importorskip("polars")

BEGIN = 1_796_000_000


engines = pytest.mark.parametrize("engine", ["pyarrow", "polars"])


def read_with(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on read with a package: pyarrow is hidden where it is polars."""
    if engine == "polars":
        monkeypatch.setitem(sys.modules, "pyarrow", None)


def metric_lines(count: int) -> list[Line]:
    """Return lines of one, two and no plain numbers."""
    lines = []
    for number in range(1, count + 1):
        metrics: dict[str, float | int | None] = {"loss": 1 / number}
        if number % 3 == 0:
            metrics["n"] = number
        line = Line(seq=number, time=format_time(BEGIN + number / 7), step=number, metrics=metrics)
        if number % 5 == 0:
            metrics["odd"], line.nonfinite = None, {"odd": "Infinity"}
        lines.append(line)
    return lines


def packed(folder: Path, stream: str, content: bytes) -> tuple[Path, Path]:
    """Return a file of JSON Lines and what it was packed to."""
    plain, target = folder / f"{stream}.jsonl", folder / f"{stream}.parquet"
    plain.write_bytes(content)
    _pack_file.pack_file(plain, target, StreamName(stream, "main"), ("test", "r1"))
    return plain, target


def encoded(lines: list[Line]) -> bytes:
    """Return the bytes of lines."""
    return b"".join(map(encode_line, lines))


def small_groups(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Make groups of so few rows that a small file has several."""
    monkeypatch.setattr(_pack_file, "_GROUP_ROWS", rows)


# ------------------------------------------------------------------ what is read


@engines
def test_either_engine_reads_the_same(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records, counts, times and problems are those of the JSON Lines, over several groups of rows."""
    small_groups(monkeypatch, 40)
    content = encoded(metric_lines(200)) + b'{"bad\n\n{"seq":1.50}\n' + encoded(metric_lines(3)) + b"torn"
    plain, target = packed(tmp_path, "metrics", content)
    read_with(engine, monkeypatch)
    one, other = StreamFile(plain), PackedFile(target)
    assert list(other.new_records()) == list(one.new_records())
    for file in (one, other):
        file.note_torn()
    assert other.problems == one.problems
    assert [(problem.file, problem.kind) for problem in other.problems] == [
        ("metrics.jsonl", kind) for kind in ("bad", "bad", "torn")
    ]
    assert (other.line_count(), other.last_time(), other.rest) == (one.line_count(), one.last_time(), 4)
    assert (other.stream, other.writer, other.part) == ("metrics", "main", 1)


def test_nothing_is_new_twice(tmp_path: Path) -> None:
    """What was read once does not come again; who stops in the middle goes on there."""
    _, target = packed(tmp_path, "metrics", encoded(metric_lines(10)))
    file = PackedFile(target)
    first = file.new_records()
    assert [next(first).line.seq for _ in range(4)] == [1, 2, 3, 4]
    assert [record.line.seq for record in file.new_records()] == [5, 6, 7, 8, 9, 10]
    assert list(file.new_records()) == []


def blocks(file: StreamFile, place: int = 0) -> Iterator[tuple[int, list[Line], int]]:
    """Yield the blocks of a file from a place on: where each begins, its lines and the next place."""
    while True:
        lines, following = file.block(place)
        if following is None:
            return
        yield place, lines, following
        place = following


@engines
def test_blocks_hold_all_lines_and_are_found_again(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks have the good lines in the order of the file, and each can be read again from its place."""
    small_groups(monkeypatch, 700)
    content = encoded(metric_lines(1500)) + b"bad\n" + encoded(metric_lines(200))
    plain, target = packed(tmp_path, "metrics", content)
    read_with(engine, monkeypatch)
    file = PackedFile(target)
    found = list(blocks(file))
    assert len(found) > 3
    assert [line for _, lines, _ in found for line in lines] == [
        record.line for record in StreamFile(plain).new_records()
    ]
    for place, lines, following in reversed(found):
        assert PackedFile(target).block(place) == (lines, following)
        assert file.block(place) == (lines, following)
    assert file.block(found[-1][2]) == ([], None)
    assert file.problems == []


def test_values_and_artifacts_of_a_packed_run(tmp_path: Path) -> None:
    """What is no number is read from columns, too."""
    run = written(tmp_path, value_line({"name": "note", "type": "text", "value": "ü"}, step=3))
    before = [(value.name, value.value, value.step) for value in open_run(run).values()]
    plain, _ = packed(run, "values", (run / "values.jsonl").read_bytes())
    plain.unlink()
    assert [(value.name, value.value, value.step) for value in open_run(run).values()] == before == [("note", "ü", 3)]


def packed_run(root: Path, count: int = 900) -> Path:
    """Return the folder of a run that the real writer wrote, with its streams packed beside and the lines gone."""
    lines = metric_lines(count)
    texts = [Line(time=line.time, level="INFO", message=f"message {line.step}") for line in lines]
    run = written(root, *(line for pair in zip(lines, texts, strict=True) for line in pair))
    for stream in ("metrics", "logs"):
        packed(run, stream, (run / f"{stream}.jsonl").read_bytes())
    return run


def remove_plain(run: Path) -> None:
    """Take the JSON Lines away."""
    for path in run.glob("*.jsonl"):
        path.unlink()


def test_pages_of_a_packed_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any page of the log is the one that the JSON Lines give, in whatever order pages are asked for."""
    small_groups(monkeypatch, 500)
    run = packed_run(tmp_path)
    expected = [vars(entry) for entry in open_run(run).logs()]
    remove_plain(run)
    pages = open_run(run).log_pages()
    assert pages.count() == len(expected) == 900
    for begin in (850, 0, 430, 3, 899, 600):
        assert [vars(entry) for entry in pages.page(begin, 60)] == expected[begin : begin + 60]
    assert [vars(entry) for entry in open_run(run).iter_logs()] == expected


@engines
def test_packed_run_in_a_zip(engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A packed run is read straight from a zip."""
    run = packed_run(tmp_path, 30)
    before = repr(open_run(run).records())
    remove_plain(run)
    shutil.make_archive(str(tmp_path / "out"), "zip", run)
    read_with(engine, monkeypatch)
    reader = open_run(tmp_path / "out.zip")
    assert repr(reader.records()) == before
    assert (reader.counts["metrics"], reader.problems) == (30, [])


# ------------------------------------------------------------------ damage


def test_damage_costs_what_lies_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records before the damage come, and nothing behind it was looked at before; then it is one problem."""
    small_groups(monkeypatch, 3000)
    _, target = packed(tmp_path, "metrics", encoded(metric_lines(9000)))
    data = bytearray(target.read_bytes())
    data[len(data) * 3 // 5] ^= 0xFF
    target.write_bytes(data)
    file = PackedFile(target)
    records = file.new_records()
    assert next(records).line.seq == 1
    assert file.problems == []
    assert len(list(records)) < 8999
    (problem,) = file.problems
    assert (problem.file, problem.offset, problem.kind) == ("metrics.parquet", None, "unreadable")


@engines
@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"no parquet at all" * 9, None], ids=["empty", "magic", "text", "folder"]
)
def test_file_that_is_none_is_one_problem(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """A run with a packed file that cannot be read is read, without it; nothing raises."""
    read_with(engine, monkeypatch)
    run = manifest_only(tmp_path, status="Completed")
    path = run / "metrics.parquet"
    path.mkdir() if content is None else path.write_bytes(content)
    reader = open_run(run)
    assert (reader.records(), reader.metrics(), reader.counts["metrics"], reader.last_record) == ([], {}, 0, None)
    assert [(problem.file, problem.kind) for problem in reader.problems] == [("metrics.parquet", "unreadable")]


def test_other_parquet_is_no_stream(tmp_path: Path) -> None:
    """A Parquet file of somebody's own is not taken for lines of ours."""
    path = tmp_path / "metrics.parquet"
    polars.DataFrame({"loss": [1.0]}).write_parquet(path)
    file = PackedFile(path)
    assert list(file.new_records()) == []
    assert "no packed stream" in file.problems[0].text


def test_either_package_is_enough_and_none_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyarrow and polars the error names the extra to install."""
    _, target = packed(tmp_path, "metrics", encoded(metric_lines(3)))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r"reading a packed run needs pyarrow.*runlogging\[pack\]"):
        list(PackedFile(target).new_records())


@pytest.mark.parametrize(
    ("lines", "is_sorted"),
    [
        ([Line(seq=1), Line(seq=2), Line(seq=2)], True),
        ([Line(seq=2), Line(seq=1)], False),
        ([Line(seq=1), Line(seq=2, recorded=True)], False),
        ([Line(seq=1), Line()], False),
    ],
    ids=["rising", "falling", "recorded", "unnumbered"],
)
def test_a_packed_stream_says_whether_it_is_in_order(tmp_path: Path, lines: list[Line], is_sorted: bool) -> None:
    """Sorted means: numbers never fall, none is missing, and nothing was kept back in memory first."""
    for line in lines:
        line.time, line.metrics = format_time(BEGIN), {"a": 1.5}
    _, target = packed(tmp_path, STREAMS[METRICS], encoded(lines))
    assert read_packing_of(target).sorted is is_sorted
