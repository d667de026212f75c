"""Curves as the server gives them: true points, bit for bit, and only what is new."""

from __future__ import annotations

import asyncio
import csv
import io
import math
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

import runlogging
from runlogging.folder import format_time, parse_time
from runlogging.reading import RunReader
from runlogging.viewer import _run, _series
from runlogging.viewer._curves import RunCurves, Shelf
from runlogging.viewer._settings import Settings
from runlogging.viewer._state import State

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give an empty root."""
    return tmp_path / "runs"


class Server:
    """The part of a viewer that answers for curves, asked without a socket."""

    def __init__(self, root: Path) -> None:
        state = State(Settings(root=root, token="t"))
        self._app = Starlette(routes=[*_series.routes(state), *_run.routes(state)])

    def get(self, path: str, params: dict[str, Any]) -> httpx.Response:
        """Return the answer to a question."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return await client.get(path, params=params)

        return asyncio.run(asked())


@pytest.fixture
def server(root: Path) -> Server:
    """Give a server of the root."""
    return Server(root)


@pytest.fixture
def ask(server: Server) -> Ask:
    """Give a function that asks for curves and gives the answer."""

    def asked(path: str = "api/series", **query: Any) -> dict[str, Any]:
        query = {name.rstrip("_"): value for name, value in query.items()}
        answer = server.get(f"/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    return asked


def _key(run: Any) -> str:
    return f"{run.path.parent.name}/{run.path.name}"


def _start(root: Path, **options: Any) -> Any:
    return runlogging.start_run("e", root=root, capture=False, **options)


def _bits(values: list[float]) -> list[bytes]:
    return [struct.pack("d", value) for value in values]


def _lines(run: Any, texts: list[str]) -> None:
    """Append lines to the metrics of a run, as they stand."""
    with (Path(run.path) / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write("".join(f"{text}\n" for text in texts))


def _line(seq: int, value: float, step: int | None = None, name: str = "loss") -> str:
    where = "" if step is None else f'"step":{step},'
    return f'{{"seq":{seq},"time":"{format_time(1.8e9 + seq)}",{where}"metrics":{{"{name}":{value!r}}}}}'


# ---------------------------------------------------------------------- what was logged


def test_points_are_given_as_they_were_logged(root: Path, ask: Ask) -> None:
    """Step, time, number and value of every point are those of the reader, to the last bit."""
    rng = random.Random(1)
    with _start(root) as run:
        for step in range(0, 300, 3):
            run.log("loss", rng.random() * 10 ** rng.randint(-300, 300), step=step)
            run.log("other", step, step=step)
    series = RunReader(run.path).series("loss")
    found = ask(run=_key(run), name="loss", width=600)
    (line,) = found["series"]
    assert not found["sampled"]
    assert _bits(line["y"]) == _bits([float(value) for value in series.values])
    assert line["step"] == series.steps == found["x"]
    assert line["seq"] == series.seqs
    times = [line["time0"] + time for time in line["time"]]
    assert [format_time(time / 1e6) for time in times] == series._times
    assert found["bounds"] == [0, 297]


@pytest.mark.parametrize("lines", [1, 2000])
def test_every_way_of_reading_gives_the_same(root: Path, ask: Ask, lines: int) -> None:
    """Lines of one kind, of changing kinds, with messages, odd values and damage are read as the reader reads them."""
    rng = random.Random(lines)
    with _start(root) as run:
        for step in range(lines):
            run.log("loss", rng.random(), step=step)
            if step % 97 == 0:
                run.log_metrics({"loss": math.nan, "accuracy": 0.5}, step=step)
            if step % 131 == 0:
                run.log("loss", step)
            if step % 53 == 0:
                run.log("accuracy", 2**63 + step, step=step)
    _lines(run, ["", "no line", '{"time":"2026-01-01T00:00:00.000000Z","metrics":{"loss":true}}', '{"metrics":'])
    expected = RunReader(run.path).metrics()
    curves = RunCurves(run.path)
    curves.refresh()
    for name, series in expected.items():
        tables = curves.named[name]
        found = sorted((table.seqs[row], table.values[name][row]) for table in tables for row in range(len(table)))
        wanted = sorted((seq or 0, float(value)) for seq, value in zip(series.seqs, series.values, strict=True))
        assert [seq for seq, _ in found] == [seq for seq, _ in wanted]
        assert _bits([value for _, value in found]) == _bits([value for _, value in wanted])
    assert sorted(curves.named) == sorted(expected)
    assert ask("api/series", run=_key(run), name="loss")["series"][0]["nonfinite"] == {"NaN": -(-lines // 97)}


def test_whole_numbers_beyond_doubles_keep_their_digits(root: Path, ask: Ask) -> None:
    """The digits stand beside the nearest double."""
    with _start(root) as run:
        for value in (1, 2**60 + 1, 2**60, 10**30 + 1):
            run.log("n", value, step=1)
    (line,) = ask(run=_key(run), name="n")["series"]
    assert line["exact"] == {"1": str(2**60 + 1), "3": str(10**30 + 1)}
    assert line["y"] == [1.0, float(2**60), float(2**60), float(10**30)]


@pytest.mark.parametrize("place", [0, 4, 9])
def test_what_is_not_finite_is_a_gap_and_a_mark(root: Path, ask: Ask, place: int) -> None:
    """At any place NaN and infinities are null in the line, and marks with their kind, counted."""
    values = [float(n) for n in range(10)]
    values[place : place + 3] = [math.nan, math.inf, -math.inf][: len(values[place : place + 3])]
    with _start(root) as run:
        for step, value in enumerate(values):
            run.log("v", value, step=step)
    (line,) = ask(run=_key(run), name="v")["series"]
    assert line["y"] == [value if math.isfinite(value) else None for value in values]
    kinds = "".join({"nan": "n", "inf": "+", "-inf": "-"}[str(value)] for value in values if not math.isfinite(value))
    assert line["marks"]["kind"] == kinds
    assert line["marks"]["step"] == [step for step, value in enumerate(values) if not math.isfinite(value)]
    assert sum(line["nonfinite"].values()) == len(kinds)


def test_marks_are_bounded_and_counted(root: Path, ask: Ask) -> None:
    """Of very many NaN some are drawn, and the others are counted."""
    with _start(root) as run:
        run.log("v", 1.0, step=0)
    bad = (
        '{{"seq":{0},"time":"2026-11-23T23:05:02.123456Z","step":{0},"metrics":{{"v":null}},"nonfinite":{{"v":"NaN"}}}}'
    )
    _lines(run, [bad.format(n) for n in range(2, 9_002)])
    (line,) = ask(run=_key(run), name="v", width=100)["series"]
    assert line["nonfinite"] == {"NaN": 9_000}
    assert len(line["marks"]["kind"]) + line["marks"]["left_out"] == 9_000
    assert len(line["marks"]["kind"]) <= 2_000


# ---------------------------------------------------------------------- sampling and smoothing


@pytest.fixture
def long_run(root: Path) -> Any:
    """Give a run of 20,000 points with one spike and one NaN."""
    with _start(root) as run:
        run.log("loss", 0.5, step=0)
    rng = random.Random(2)
    values = [rng.random() for _ in range(20_000)]
    values[12_345] = 77.0
    _lines(run, [_line(n + 2, value, n + 1) for n, value in enumerate(values)])
    return run


def test_a_long_curve_is_sampled_with_true_points(ask: Ask, long_run: Any) -> None:
    """Fewer points come, each a true one, with the spike among them; a narrow range comes whole."""
    series = RunReader(long_run.path).series("loss")
    found = ask(run=_key(long_run), name="loss", width=300)
    (line,) = found["series"]
    assert found["sampled"]
    assert len(found["x"]) <= 4 * 300
    assert line["count"] == 20_001
    assert max(line["y"]) == 77.0
    assert all(series.values[step] == value for step, value in zip(line["step"], line["y"], strict=True))
    assert line["x"] == line["step"]
    zoomed = ask(run=_key(long_run), name="loss", width=300, from_=12_300, to=12_400)
    assert not zoomed["sampled"]
    assert zoomed["x"] == list(range(12_299, 12_402))
    assert zoomed["series"][0]["in_view"] == 101


def test_smoothing_is_the_same_at_every_zoom_and_width(ask: Ask, long_run: Any) -> None:
    """The smoothed value of a point is that of the full data, whatever is shown."""
    whole = ask(run=_key(long_run), name="loss", width=16_000, smooth=0.9)
    assert not whole["sampled"]
    (line,) = whole["series"]
    full = dict(zip(line["step"], line["smooth"], strict=True))
    for query in (
        {"width": 50},
        {"width": 900},
        {"from_": 11_000, "to": 13_000, "width": 200},
        {"from_": 100, "to": 110},
    ):
        (part,) = ask(run=_key(long_run), name="loss", smooth=0.9, **query)["series"]
        assert part["smooth"] == [full[step] for step in part["step"]]
        assert "line" not in part or set(part["line"]["y"]) <= set(full.values())


def test_runs_share_one_grid(root: Path, ask: Ask, long_run: Any) -> None:
    """Several runs have their points at the same x, so that a chart needs no joining."""
    with _start(root) as other:
        other.log("loss", 3.0, step=7)
        other.log("loss", 4.0, step=9_000)
    found = ask(run=[_key(long_run), _key(other)], name="loss", width=200)
    assert [line["run"] for line in found["series"]] == [_key(long_run), _key(other)]
    assert found["x"] == sorted(found["x"])
    assert len(found["x"]) <= 4 * 200
    assert found["series"][1]["y"] == [3.0, 4.0]
    assert found["series"][1]["x"] == [7, 9_000]


def test_outliers_are_counted_by_the_spread_of_the_curve(ask: Ask, long_run: Any) -> None:
    """The limits hold the bulk, and what lies beyond is counted on the full data."""
    (line,) = ask(run=_key(long_run), name="loss", clip=1)["series"]
    assert line["clip"]["outside"] == 1
    assert line["clip"]["low"] < 0 < 1 < line["clip"]["high"] < 77


def test_very_many_points_at_one_step_are_sampled_too(root: Path, ask: Ask) -> None:
    """A curve without any extent is bounded like every other."""
    with _start(root) as run:
        run.log("loss", 0.0, step=3)
    _lines(run, [_line(n + 2, math.sin(n), 3) for n in range(5_000)])
    (line,) = ask(run=_key(run), name="loss", width=300)["series"]
    assert line["count"] == 5_001
    assert len(line["y"]) <= 4
    assert max(line["y"]) == max(math.sin(n) for n in range(5_000))


# ---------------------------------------------------------------------- axes


def test_x_may_be_time_or_another_metric(root: Path, ask: Ask) -> None:
    """Steps, relative steps, times, and the last value of another metric are axes."""
    with _start(root) as run:
        for step in range(5, 15):
            if step % 2:
                run.log("epoch", step // 2, step=step)
            run.log("v", step * 1.5, step=step)
    series = RunReader(run.path).series("v")
    key = _key(run)
    seconds = [time.timestamp() for time in series.times]
    assert ask(run=key, name="v", x="relstep")["x"] == list(range(10))
    assert ask(run=key, name="v", x="wall")["x"] == pytest.approx(seconds, abs=1e-6)
    started = RunReader(run.path).started
    assert started is not None
    relative = [second - started.timestamp() for second in seconds]
    assert ask(run=key, name="v", x="relative")["x"] == pytest.approx(relative, abs=1e-5)
    assert ask(run=key, name="v", x="metric:epoch")["x"] == [2, 2, 3, 3, 4, 4, 5, 5, 6, 6]


def test_points_without_step_are_told(root: Path, ask: Ask) -> None:
    """Without any step the order is the axis; a few without one are counted."""
    with _start(root) as run:
        for value in range(5):
            run.log("bare", value)
            run.log("mixed", value, step=None if value == 2 else value)
    bare = ask(run=_key(run), name="bare")
    assert (bare["axis"], bare["x"]) == ("index", [0, 1, 2, 3, 4])
    (mixed,) = ask(run=_key(run), name="mixed")["series"]
    assert (mixed["count"], mixed["without_x"], mixed["y"]) == (4, 1, [0, 1, 3, 4])


def test_steps_that_go_back_are_put_in_order(root: Path, ask: Ask) -> None:
    """What is drawn never falls in x, and equal steps keep the order in which they were logged."""
    with _start(root) as run:
        for step, value in [(0, 1.0), (5, 2.0), (3, 3.0), (3, 4.0), (6, 5.0)]:
            run.log("v", value, step=step)
    found = ask(run=_key(run), name="v")
    assert found["x"] == [0, 3, 3, 5, 6]
    assert found["series"][0]["y"] == [1.0, 3.0, 4.0, 2.0, 5.0]


def test_active_time_leaves_out_the_pause_before_a_resumption(root: Path, ask: Ask) -> None:
    """Each attempt is a line of its own; the time between them does not count."""
    with _start(root) as run:
        run.log("v", 1.0, step=0)
    with _start(root, run_id=Path(run.path).name, resume=True) as again:
        again.log("v", 2.0, step=1)
    found = ask(run=_key(run), name="v", x="active")
    relative = ask(run=_key(run), name="v", x="relative")
    assert [line["writer"] for line in found["series"]] == ["main", "main-2"]
    first, second = RunReader(run.path).attempts
    pause = parse_time(second.started or "").timestamp() - parse_time(first.ended or "").timestamp()
    assert relative["x"][1] - found["x"][1] == pytest.approx(pause, abs=1e-5)


# ---------------------------------------------------------------------- what is new


def test_only_new_points_come_after_a_cursor(root: Path, ask: Ask) -> None:
    """An idle run answers with nothing; a running one with what was logged since."""
    with _start(root) as run:
        key = _key(run)
        for step in range(50):
            run.log("a", step, step=step)
            run.log("b", -step, step=step)
        cursor = ask(run=key, name="a")["cursors"][key]
        idle = ask("api/news", run=key, name=["a", "b"], after=cursor)
        assert (idle["news"], idle["again"], idle["cursors"][key]) == ([], [], cursor)
        _wait_for_the_next_look()
        run.log("a", 50.5, step=50)
        run.log("a", math.nan, step=51)
        found = ask("api/news", run=key, name=["a", "b"], after=cursor, smooth=0.5)
        (news,) = found["news"]
        assert (news["name"], news["x"], news["y"], news["step"]) == ("a", [50, 51], [50.5, None], [50, 51])
        assert (news["nonfinite"], news["marks"]["kind"]) == ({"NaN": 1}, "n")
        again = ask("api/news", run=key, name="a", after=found["cursors"][key])
        assert again["news"] == []


def _wait_for_the_next_look() -> None:
    import time

    time.sleep(0.05)


def test_what_comes_out_of_order_is_asked_for_anew(root: Path, ask: Ask) -> None:
    """A step before the last one, and a cursor that nobody knows, are answered with the names to ask for again."""
    with _start(root) as run:
        key = _key(run)
        for step in range(5):
            run.log("a", step, step=step)
        cursor = ask(run=key, name="a")["cursors"][key]
        _wait_for_the_next_look()
        run.log("a", 9.0, step=2)
        assert ask("api/news", run=key, name="a", after=cursor)["again"] == [{"run": key, "name": "a"}]
        assert ask("api/news", run=key, name="a", after="other-7")["again"] == [{"run": key, "name": "a"}]


def test_an_idle_page_of_fifty_runs_costs_little(root: Path, server: Server) -> None:
    """Where nothing came, the answer for 50 runs has less than seven kilobytes, and it is asked for only on news."""
    runs = []
    for _ in range(3):
        with _start(root) as run:
            for step in range(2_000):
                run.log("a", step, step=step)
        runs.append(_key(run))
    query = {"run": runs, "name": "a"}
    cursors = server.get("/api/series", params=query).json()["cursors"]
    answer = server.get("/api/news", params={**query, "after": [cursors[key] for key in runs]})
    assert len(answer.content) / len(runs) < 140


def test_a_packed_or_replaced_stream_is_read_anew(root: Path, ask: Ask) -> None:
    """Where a file was cut nothing that was read holds any more."""
    with _start(root) as run:
        for step in range(5):
            run.log("a", step, step=step)
    path = Path(run.path) / "metrics.jsonl"
    cursor = ask(run=_key(run), name="a")["cursors"][_key(run)]
    path.write_text(_line(1, 7.0, 0, "a") + "\n")
    _wait_for_the_next_look()
    assert ask(run=_key(run), name="a")["series"][0]["y"] == [7.0]
    assert ask("api/news", run=_key(run), name="a", after=cursor)["again"]


def test_a_packed_run_gives_the_same_curves(root: Path, ask: Ask) -> None:
    """Packing a run changes nothing of what is drawn."""
    from runlogging.keeping import pack

    with _start(root) as run:
        for step in range(700):
            run.log("a", math.sin(step) if step != 33 else math.inf, step=step)
    before = ask(run=_key(run), name="a")["series"]
    pack(run.path)
    _wait_for_the_next_look()
    assert ask(run=_key(run), name="a")["series"] == before


def test_the_shelf_keeps_what_fits(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was looked at longest ago goes when there is too much, and the last one always stays."""
    from runlogging.viewer import _curves

    monkeypatch.setattr(_curves, "_KEPT_BYTES", 1)
    shelf = Shelf()
    paths = []
    for _ in range(2):
        with _start(root) as run:
            run.log("a", 1.0, step=0)
        paths.append(Path(run.path))
    first = shelf.of(paths[0])
    shelf.of(paths[1])
    assert shelf.of(paths[0]) is not first
    assert shelf.of(paths[0]).named.keys() == {"a"}


# ---------------------------------------------------------------------- CSV, and bad input


def test_csv_has_all_points_as_they_were_logged(root: Path, server: Server) -> None:
    """The file has every point, with NaN by its name and all digits."""
    values = [0.1, math.nan, 2**60 + 1, 1e-300]
    with _start(root) as run:
        for step, value in enumerate(values):
            run.log("v", value, step=step)
        run.log("v", 5.0)
    answer = server.get("/api/series.csv", params={"run": _key(run), "name": "v"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["value"] for row in rows] == ["0.1", "NaN", str(2**60 + 1), "1e-300", "5.0"]
    assert [row["step"] for row in rows] == ["0", "1", "2", "3", ""]


@pytest.mark.parametrize(
    "query",
    [
        {"x": "foo"},
        {"x": "metric:"},
        {"from": "a"},
        {"from": "5", "to": "4"},
        {"smooth": "1"},
        {"width": "x"},
        {"name": ""},
    ],
    ids=str,
)
def test_a_wrong_question_is_answered_with_a_sentence(root: Path, server: Server, query: dict[str, str]) -> None:
    """It says what is wrong, and nothing breaks."""
    with _start(root) as run:
        run.log("v", 1.0, step=0)
    answer = server.get("/api/series", params={"run": _key(run), "name": "v", **query})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_run_that_is_gone_is_told(server: Server, root: Path) -> None:
    """A run that was deleted while shown is a sentence with 404, and so is one that was never there."""
    answer = server.get("/api/series", params={"run": "e/nothing", "name": "v"})
    assert answer.status_code == 404
    assert "no run" in answer.json()["error"]


def test_a_metric_that_is_not_there_has_no_curve(root: Path, ask: Ask) -> None:
    """A name that a run of several lacks is no error: the others are drawn."""
    with _start(root) as run:
        run.log("v", 1.0, step=0)
    found = ask(run=_key(run), name="w")
    assert (found["series"], found["x"], found["bounds"]) == ([], [], None)


# ---------------------------------------------------------------------- one run


def test_a_run_tells_its_metrics_alike_while_it_runs_and_after(root: Path, ask: Ask) -> None:
    """The figures of a running run, from its columns, are those of the summary that it leaves."""
    with _start(root, tags={"a": "b"}, parameters={"lr": 0.1}) as run:
        for step in range(20):
            run.log("v", 1.5 * step if step != 3 else math.nan, step=step)
            run.log("w", step, step=step)
        run.log_text("note", "x", step=1)
        running = ask("api/run", run=_key(run))
    ended = ask("api/run", run=_key(run))
    assert running["facts"]["status"] == "Running"
    assert ended["facts"]["status"] == "Completed"
    assert running["metrics"] == ended["metrics"]
    assert [metric["name"] for metric in ended["metrics"]] == ["v", "w"]
    assert running["values"] == ended["values"] == [{"name": "note", "type": "text", "count": 1, "step": 1}]
    assert ended["facts"]["tags"] == {"a": "b"}
    assert ended["facts"]["parameters"] == {"lr": 0.1}
    assert ended["problems"] == []


def test_a_failed_run_tells_its_error(root: Path, ask: Ask) -> None:
    """Type, message and stack of what ended it come with the facts."""
    with pytest.raises(ZeroDivisionError), _start(root) as run:
        raise ZeroDivisionError("it went wrong")
    facts = ask("api/run", run=_key(run))["facts"]
    assert (facts["status"], facts["error"]["type"], facts["error"]["message"]) == (
        "Failed",
        "ZeroDivisionError",
        "it went wrong",
    )


def test_children_and_environment_are_told(root: Path, ask: Ask) -> None:
    """The runs that name a run as their parent, and what it was started with."""
    with _start(root) as parent, parent.child_run("inner", capture=False) as child:
        child.log("v", 1.0)
    found = ask("api/children", run=_key(parent))["runs"]
    assert [row["key"] for row in found] == [_key(child)]
    assert found[0]["status"] == "Completed"
    assert ask("api/run", run=_key(parent))["children"] == 1
    assert ask("api/environment", run=_key(parent))["environment"]["command"]
    assert ask("api/problems", run=_key(parent)) == {"problems": [], "faults": {}}
