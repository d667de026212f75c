"""What the server answers about a log: pages, filters, search, places, what stands around a point, download."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from runlogging.folder import Line, encode_line, stream_path
from runlogging.viewer._log_expressions import Expressions, TooSlowError
from tests.reading.tools import manifest_only
from tests.viewer.conftest import PATIENCE_S, StartViewer

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOGGERS = ("train", "train.loop", "training", "data")
KEY = "test/r1"


def _time(number: int) -> str:
    return f"2026-11-23T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}.000000Z"


def _line(number: int, writer: int) -> Line:
    level, logger = LEVELS[number % 7 % 4], LOGGERS[number % 5 % 4]
    message = 'a "quoted" Ärger \\ here' if number % 50 == 0 else f"Message {number} of writer {writer}"
    exception = {"type": "ValueError", "message": "needle", "stacktrace": "Trace"} if number % 97 == 0 else None
    numbers = {"loss": number / 10} if number % 3 == 0 else None
    return Line(
        seq=number,
        time=_time(number),
        level=level,
        logger=logger,
        message=message,
        exception=exception,
        metrics=numbers,
        step=number // 2 if numbers else None,
    )


def _write(run: Path, count: int) -> list[tuple[str, Line]]:
    """Write two writers' lines; return all in the order of the log."""
    found = []
    for place, writer in enumerate(("main", "rank1")):
        files: dict[str, list[bytes]] = {"logs": [], "metrics": []}
        for number in range(1, count + 1):
            line = _line(number, place)
            files["metrics" if line.metrics else "logs"].append(encode_line(line))
            if number % 10 == 0:  # a point without an entry
                seq = count + number
                files["metrics"].append(encode_line(Line(seq=number, time=_time(number), metrics={"x": seq}, step=seq)))
            found.append((number, place, writer, line))
        for stream, lines in files.items():
            stream_path(run, stream, writer).write_bytes(b"".join(lines))
    return [(writer, line) for _, _, writer, line in sorted(found, key=lambda one: one[:2])]


@pytest.fixture
def log(tmp_path: Path) -> list[tuple[str, Line]]:
    """Give the entries of the run test/r1 below tmp_path / "runs"."""
    return _write(manifest_only(tmp_path / "runs", status="Completed"), 1500)


@pytest.fixture
def asker(log: list[tuple[str, Line]], tmp_path: Path, start_viewer: StartViewer) -> Iterator[httpx.Client]:
    """Give a client of a viewer of that run."""
    viewer = start_viewer(tmp_path / "runs")
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        yield client


def _get(client: httpx.Client, name: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"api/{name}", params={"run": KEY, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _whole(client: httpx.Client) -> int:
    """Wait until the log is indexed; return how many entries it has."""
    while not (found := _get(client, "logs", count=0))["complete"]:
        pass
    total: int = found["total"]
    return total


def _searched(client: httpx.Client, query: str) -> int:
    """Search to the end of the log, and return how many hits there are."""
    while not (found := _get(client, "log_search", q=query))["done"]:
        pass
    hits: int = found["hits"]
    return hits


def _entries(client: httpx.Client, **query: Any) -> list[tuple[str, int]]:
    found = [
        (entry["writer"], entry["seq"])
        for begin in range(0, _get(client, "logs", count=0, **query)["total"], 700)
        for entry in _get(client, "logs", begin=begin, count=700, **query)["entries"]
    ]
    return found


def _is_below(logger: str | None, name: str) -> bool:
    return not name or logger == name or (logger or "").startswith(f"{name}.")


@pytest.mark.parametrize("level", ["", "INFO", "ERROR", "35"])
@pytest.mark.parametrize("logger", ["", "train", "train.loop", "nobody"])
def test_pages_of_a_level_and_a_logger(
    asker: httpx.Client, log: list[tuple[str, Line]], level: str, logger: str
) -> None:
    """Pages give the entries of a level and above, of a logger and those below it, in the order of the log."""
    assert _whole(asker) == len(log)
    least = {"": 0, "INFO": 20, "ERROR": 40, "35": 35}[level]
    numbers = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
    wanted = [
        (writer, line.seq)
        for writer, line in log
        if numbers[line.level or ""] >= least and _is_below(line.logger, logger)
    ]
    assert _entries(asker, level=level, logger=logger) == wanted


def test_places_and_rows(asker: httpx.Client, log: list[tuple[str, Line]]) -> None:
    """An entry's place counts all entries, whatever the filter, and a negative begin counts rows from the end."""
    _whole(asker)
    found = _get(asker, "logs", begin=-3, count=10, level="ERROR", logger="train")
    errors = [n for n, (_, line) in enumerate(log) if line.level == "ERROR" and _is_below(line.logger, "train")]
    assert [entry["place"] for entry in found["entries"]] == errors[-3:]
    assert (found["total"], found["begin"]) == (len(errors), len(errors) - 3)
    at = _get(asker, "log_place", place=errors[5] + 1, level="ERROR", logger="train")
    assert (at["place"], at["row"]) == (errors[6], 6)


@pytest.mark.parametrize(
    ("query", "expression", "flags"),
    [
        ("message 77", "message 77", re.I),
        ('a "QUOTED" ', 'a "quoted" ', re.I),
        ("ärger \\", r"ärger \\", re.I),
        ("NEEDLE", "needle", re.I),
        ("train.loop", r"train\.loop", re.I),
        ("/Message 1?5 .*1$/", "Message 1?5 .*1$", 0),
        ("/MESSAGE (7|8)1 /i", "message (7|8)1 ", re.I),
        ("nothing of this", "nothing of this", 0),
    ],
)
@pytest.mark.parametrize("level", ["", "WARNING"])
def test_search(
    asker: httpx.Client, log: list[tuple[str, Line]], query: str, expression: str, flags: int, level: str
) -> None:
    """Search counts every entry whose message, logger or exception has the text or matches, and gives their rows."""
    total = _whole(asker)
    shown = [line for _, line in log if not level or line.level in ("WARNING", "ERROR")]
    texts = [[line.message, line.logger, *(line.exception or {}).values()] for line in shown]
    wanted = [n for n, own in enumerate(texts) if any(re.search(expression, text or "", flags) for text in own)]
    while not (found := _get(asker, "log_search", q=query, level=level, row=100, buckets=13))["done"]:
        pass
    assert (found["hits"], found["places"]) == (len(wanted), wanted[:1000])
    assert found["scanned"] == found["total"] == len(shown) <= total
    assert found["next"] == next((row for row in wanted if row > 100), None)
    assert found["previous"] == next((row for row in reversed(wanted) if row < 100), None)
    buckets = Counter(row * 13 // len(shown) for row in wanted)
    assert found["buckets"] == [buckets[n] for n in range(13)]


def test_marks_count_as_browsers_do(asker: httpx.Client, tmp_path: Path) -> None:
    """The marks of hits in a message count in UTF-16, and texts beyond a size are cut and fetched whole."""
    run = manifest_only(tmp_path / "runs", "r2")
    text = "😀 loss" + "." * 100_000
    stream_path(run, "logs", "main").write_bytes(encode_line(Line(seq=1, time=_time(1), level="INFO", message=text)))
    found = asker.get("api/logs", params={"run": "test/r2", "q": "LOSS"}).json()["entries"][0]
    assert found["spans"] == [[3, 7]]
    assert (found["cut"], len(found["message"])) == ({"message": len(text)}, 4000)
    whole = asker.get("api/log_entry", params={"run": "test/r2", "place": 0}).json()["entry"]
    assert whole["message"] == text


def test_a_zero_is_something(asker: httpx.Client, tmp_path: Path) -> None:
    """A step, a metric and a level of 0 are told of; what an entry lacks is left out."""
    run = manifest_only(tmp_path / "runs", "r3")
    line = Line(seq=1, time=_time(1), level="NOTSET", level_number=0, message="", step=0, metrics={"x": 0})
    stream_path(run, "metrics", "main").write_bytes(encode_line(line))
    entry = asker.get("api/logs", params={"run": "test/r3"}).json()["entries"][0]
    assert (entry["step"], entry["metrics"], entry["level_number"], entry["message"]) == (0, {"x": 0}, 0, "")
    assert not {"stack", "exception", "recorded", "attributes", "line"} & set(entry)


def test_histogram(asker: httpx.Client, log: list[tuple[str, Line]]) -> None:
    """The histogram counts every entry once, by level, in buckets that cover the whole range."""
    _whole(asker)
    found = _get(asker, "log_levels", buckets=50)
    counts = Counter({"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}[line.level or ""] for _, line in log)
    assert {int(level): sum(column) for level, column in found["counts"].items()} == counts
    assert found["begin"][0] == 0
    assert found["begin"] == sorted(set(found["begin"]))
    assert [level["name"] for level in found["levels"]] == list(LEVELS)
    second = found["begin"][1]
    assert found["counts"]["40"][0] == sum(line.level == "ERROR" for _, line in log[:second])
    loggers = Counter(line.logger for _, line in log)
    assert {one["name"]: one["count"] for one in _get(asker, "log_loggers")["loggers"]} == loggers


def test_places_of_time_step_and_record(asker: httpx.Client, log: list[tuple[str, Line]]) -> None:
    """A time, a step and a record's number lead to their entry, or to the nearest one."""
    places = {(writer, line.seq): place for place, (writer, line) in enumerate(log)}
    assert _get(asker, "log_place", time=_time(700), writer="rank1", seq=700)["place"] == places["rank1", 700]
    assert _get(asker, "log_place", time=_time(700), writer="main", seq=700)["place"] == places["main", 700]
    assert _get(asker, "log_place", time="2027-01-01T00:00:00.000000Z")["place"] == len(log) - 1
    assert _get(asker, "log_place", time="2026-01-01T00:00:00.000000Z")["place"] == 0
    step = next(place for place, (_, line) in enumerate(log) if line.step == 300)
    assert _get(asker, "log_place", step=300)["place"] == step
    # 1510 is the step of a point that has no entry: the entry that was logged with it is next to it.
    assert log[_get(asker, "log_place", step=1510)["place"]][1].time in (_time(10), _time(11))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"place": 0}, 0),
        ({"place": -5}, 0),
        ({"place": 2999}, -1),
        ({"place": 10**15}, -1),
        ({"time": _time(1)}, 0),
        ({"time": "0001-01-01T00:00:00.000000Z"}, 0),
        ({"time": _time(1500), "writer": "rank1", "seq": 1500}, -1),
        ({"time": "9999-12-31T23:59:59.999999Z"}, -1),
        ({"step": 1}, "step 1"),
        ({"step": -(10**9)}, "step 1"),
        ({"step": 10**12}, "step last"),
    ],
    ids=["first-line", "before-it", "last-line", "beyond", "first-time", "long-ago", "last-time", "far-ahead",
         "first-step", "below-all", "beyond-all-steps"],
)  # fmt: skip
@pytest.mark.parametrize("level", ["", "ERROR"])
def test_the_ends_of_a_log_can_be_gone_to(
    asker: httpx.Client, log: list[tuple[str, Line]], asked: dict[str, Any], expected: int | str, level: str
) -> None:
    """A line, a time and a step at the ends of a log, and beyond them, lead to the first or the last there is."""
    _whole(asker)
    place = expected if isinstance(expected, int) else _end_of_steps(log, expected == "step last")
    place = place if place >= 0 else len(log) - 1
    shown = [n for n, (_, line) in enumerate(log) if not level or line.level == "ERROR"]
    row = min(sum(n < place for n in shown), len(shown) - 1)
    found = _get(asker, "log_place", level=level, **asked)
    assert (found["row"], found["place"], found["total"]) == (row, shown[row], len(shown))


def _end_of_steps(log: list[tuple[str, Line]], is_last: bool) -> int:
    """Return the place of what is nearest to the least step, or to the greatest, which a point without an entry has."""
    if is_last:
        return min(place for place, (_, line) in enumerate(log) if line.time == _time(1500))
    return min(place for place, (_, line) in enumerate(log) if line.step == 1)


@pytest.mark.parametrize(("level", "logger"), [("", ""), ("WARNING", ""), ("", "train"), ("CRITICAL", "")])
@pytest.mark.parametrize("buckets", [1, 7, 2_000])
def test_the_histogram_covers_the_whole_range(
    tmp_path: Path, start_viewer: StartViewer, level: str, logger: str, buckets: int
) -> None:
    """A long log, too, has each entry in the bucket of its place, whatever is filtered, from the first to the last."""
    log = _write(manifest_only(tmp_path / "runs", status="Completed"), 12_000)
    viewer = start_viewer(tmp_path / "runs")
    with httpx.Client(base_url=viewer.base, timeout=PATIENCE_S) as client:
        client.get(viewer.url)
        _whole(client)
        found = _get(client, "log_levels", buckets=buckets, level=level, logger=logger)
    least = {"": 0, "WARNING": 30, "CRITICAL": 50}[level]
    numbers = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}
    shown = [line for _, line in log if numbers[line.level or ""] >= least and _is_below(line.logger, logger)]
    assert found["total"] == len(shown)
    assert len(found["begin"]) <= buckets
    ends = [*found["begin"][1:], len(shown)]
    for at, (begin, end) in enumerate(zip(found["begin"], ends, strict=False)):
        own = Counter(str(numbers[line.level or ""]) for line in shown[begin:end])
        assert own == Counter({number: column[at] for number, column in found["counts"].items() if column[at]})
    assert list(found["begin"][:1]) == ([0] if shown else [])


def test_around_prefers_the_writer(asker: httpx.Client, log: list[tuple[str, Line]]) -> None:
    """Around a point stand its writer's diagnostics, without the points below WARNING, and the point itself."""
    found = _get(asker, "around", time=_time(600), writer="rank1", seq=600, n=6)
    own = [line for writer, line in log if writer == "rank1" and (not line.metrics or line.level in LEVELS[2:])]
    before = [line.seq for line in own if (line.seq or 0) < 600][-3:]
    behind = [line.seq for line in own if (line.seq or 0) > 600][:3]
    assert [entry["seq"] for entry in found["entries"]] == [*before, 600, *behind]
    assert {entry["writer"] for entry in found["entries"]} == {"rank1"}
    assert (found["is_entry"], found["before"]) == (True, 3)


def test_around_a_writer_without_a_log(asker: httpx.Client) -> None:
    """A point of a writer that logs nothing gets the nearest lines of the others."""
    found = _get(asker, "around", time="2026-11-23T00:10:00.500000Z", writer="rank9", seq=4, n=4)
    assert found["entries"]
    assert {entry["seq"] for entry in found["entries"]} <= set(range(595, 607))


def test_download(asker: httpx.Client, log: list[tuple[str, Line]]) -> None:
    """The whole log comes as text, a line an entry with steering characters escaped, or as lines of JSON."""
    answer = asker.get("api/logs.txt", params={"run": KEY, "level": "ERROR"})
    errors = [line for _, line in log if line.level == "ERROR"]
    assert answer.headers["content-disposition"] == 'attachment; filename="test-r1.txt"'
    lines = [line for line in answer.text.splitlines() if not line.startswith("    ")]
    assert len(lines) == len(errors)
    assert all(line.message in text for line, text in zip(errors, lines, strict=True) if line.message)
    answer = asker.get("api/logs.txt", params={"run": KEY, "format": "jsonl"})
    rows = [json.loads(text) for text in answer.text.splitlines()]
    assert [(row["writer"], row["seq"]) for row in rows] == [(writer, line.seq) for writer, line in log]


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        ("logs", {"level": "LOUD"}, "is no level"),
        ("logs", {"begin": "x"}, "whole number"),
        ("log_search", {"q": "/(/"}, "is no expression"),
        ("log_search", {}, "needs a text"),
        ("log_search", {"q": "x" * 1001}, "at most 1000"),
        ("around", {"time": "noon"}, "a time looks like"),
        ("log_entry", {"place": "999999"}, "no entry"),
        ("logs.txt", {"format": "pdf"}, "text or jsonl"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_wrong_questions(asker: httpx.Client, name: str, query: dict[str, str], said: str) -> None:
    """A wrong question gets a sentence and the status 400."""
    answer = asker.get(f"api/{name}", params={"run": KEY, **query})
    assert answer.status_code == 400
    assert said in answer.json()["error"]


_ENDLESS = ["/(a+)+$/", "/(a|aa)+$/i", "/aaa(.*)(.*)(.*)(.*)(.*)z/"]


@pytest.mark.parametrize("query", _ENDLESS, ids=["nested", "alternatives", "repeats"])
def test_an_expression_without_end_is_stopped(asker: httpx.Client, tmp_path: Path, query: str) -> None:
    """An expression that would run for years is stopped, the line is named, and the server goes on."""
    _whole(asker)
    path = stream_path(tmp_path / "runs" / "test" / "r1", "logs", "main")
    with path.open("ab") as file:
        file.write(encode_line(Line(seq=9000, time=_time(9000), level="INFO", message="a" * 2_000 + "!")))
    total = _whole(asker)
    for _ in range(2):
        while (answer := asker.get("api/log_search", params={"run": KEY, "q": query})).status_code == 200:
            assert not answer.json()["done"]
        assert answer.status_code == 400
        assert "takes too long" in answer.json()["error"]
        assert f"at line {total:,}, which has 2,001 characters" in answer.json()["error"]
    # The entries come all the same, without marks.
    found = _get(asker, "logs", begin=total - 1, count=1, q=query)["entries"]
    assert [(entry["message"][:3], "hit" in entry) for entry in found] == [("aaa", False)]
    assert _searched(asker, "/Message 1500 .*[ab]/") == 0
    assert _searched(asker, "/a{2000}!/") == 1


@pytest.mark.parametrize("query", ["/((a{1000}){1000}){1000}/", "/" + "(?:" * 40 + "a" + "{2})" * 40 + "/"])
def test_an_expression_that_asks_for_much_is_searched(asker: httpx.Client, query: str) -> None:
    """An expression that is short and means a lot takes no memory beyond its limit."""
    assert _searched(asker, query) == 0


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_the_process_of_the_expressions_may_die(blow: signal.Signals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the process that applies expressions is gone or hangs, that search fails and the next one has a new one."""
    monkeypatch.setattr("runlogging.viewer._log_expressions._PATIENCE_S", 0.2)
    expressions = Expressions()
    assert expressions.ask("hits", "a+", 0, [("b", "caa"), ("b",)]) == [0]
    assert expressions._process is not None
    expressions._process.send_signal(blow)
    with pytest.raises(TooSlowError):
        expressions.ask("hits", "a+", 0, [("caa",)], limit_s=0.2)
    monkeypatch.undo()
    assert expressions.ask("spans", "a+|", 0, ["caa \ud83d", ""]) == [[(1, 3)], []]
    expressions.close()


def test_a_growing_log(asker: httpx.Client, log: list[tuple[str, Line]], tmp_path: Path) -> None:
    """Entries that come while somebody looks stand behind the others, and searches go on with them."""
    total = _whole(asker)
    assert _get(asker, "log_search", q="brand new")["hits"] == 0
    path = stream_path(tmp_path / "runs" / "test" / "r1", "logs", "main")
    with path.open("ab") as file:
        file.write(encode_line(Line(seq=9000, time=_time(9000), level="INFO", message="Brand new")))
    found = _get(asker, "logs", begin=total, count=10)
    assert (found["total"], [entry["message"] for entry in found["entries"]]) == (total + 1, ["Brand new"])
    assert _get(asker, "log_search", q="brand new")["places"] == [total]
