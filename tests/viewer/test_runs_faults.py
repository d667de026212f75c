"""What the table of runs went wrong at: odd names, what piles up, what two threads read, what can be read again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.folder import Line, Manifest, MetricSummary, RunSpec, Writer
from runlogging.reading.search import RunRow
from runlogging.reading.search._filter import parse_filter
from runlogging.viewer import _run_cells
from runlogging.viewer._curves import RunCurves
from runlogging.viewer._run_blocks import Block, Shape, pack
from runlogging.viewer._run_cells import NOTHING, Cells
from runlogging.viewer._run_columns import column_of
from runlogging.viewer._run_figures import Figures
from runlogging.viewer._run_groups import where_of
from runlogging.viewer._run_items import RunItems
from runlogging.viewer._run_table import RunTable
from tests.viewer.conftest import StartViewer, Viewer, _environment, wait_until
from tests.viewer.test_runs_api import asked, make_run
from tests.viewer.test_runs_wide import all_lasts, kept_names, lasts, make_wide, read_table

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

ODD = [
    "acc (top1)",
    "f(x)",
    "a)",
    "(a)",
    "min(metrics.a)",
    "a.b.c",
    "`a`",
    'a "b"',
    "two\nlines",
    "-a",
    "!a",
    "x" * 10_000,
]


# ---------------------------------------------------------------------- names


def test_a_column_may_have_any_name(tmp_path: Path, start_viewer: StartViewer) -> None:
    """Each column that is offered can be asked for, sorted by and grouped by, and has what was logged."""
    facts: dict[str, Any] = {
        "metrics": {name: float(place) for place, name in enumerate(ODD)},
        "parameters": {name: place for place, name in enumerate(ODD)},
        "tags": {name: str(place) for place, name in enumerate(ODD)},
    }
    make_run(tmp_path / "runs", "e", "odd", **facts)
    viewer = start_viewer(tmp_path / "runs")
    offered = {column["name"] for column in asked(viewer, about=1)["columns"] if column["kind"] != "fact"}
    assert offered == {f"{room}.{name}" for room in ("metrics", "params", "tags") for name in ODD}
    for place, name in enumerate(ODD):
        wanted = {f"metrics.{name}": place, f"params.{name}": place, f"tags.{name}": str(place)}
        figure = f"max(metrics.{name})"
        row = asked(viewer, columns=[*wanted, figure], sort=f"metrics.{name}")["rows"][0]
        assert row["cells"] == {**wanted, figure: place}
        group = asked(viewer, group=f"params.{name}", limit=1)["groups"][0]
        assert asked(viewer, where=group["where"])["fitting"] == 1


@contextmanager
def renamed(path: Path, name: bytes) -> Iterator[None]:
    """Give a folder a name that is no UTF-8 for a while, where the disk takes one."""
    odd = os.fsencode(path.parent) + b"/" + name
    try:
        os.rename(os.fsencode(path), odd)
    except OSError:
        pytest.skip("this disk takes names in UTF-8 only")
    yield
    os.rename(odd, os.fsencode(path))  # what removes the folders of tests may not know such names


def test_a_folder_whose_name_is_no_text_harms_no_other(tmp_path: Path, start_viewer: StartViewer) -> None:
    """Its row is there with an escape in its place, and all other rows are."""
    make_run(tmp_path / "runs", "e", "good")
    make_run(tmp_path / "runs", "e", "odd")
    with renamed(tmp_path / "runs" / "e" / "odd", b"odd\xff"):
        rows = asked(start_viewer(tmp_path / "runs"))["rows"]
        assert {row["key"] for row in rows} == {"e/good", "e/odd\\udcff"}
        assert {Path(row["path"]).name for row in rows} == {"good", "odd\\udcff"}


def test_figures_are_kept_beside_a_name_that_is_no_text(tmp_path: Path) -> None:
    """One such folder is read each time, all others are known to the next viewer."""
    root = make_wide(tmp_path / "runs", 330, metrics=2)
    with renamed(root / "exp0" / "r0006", b"r\xff"):
        read_table(root)
        assert kept_names(root) == [f"r{number:04}" for number in range(330) if number != 6]
        assert lasts(read_table(root), 1) == all_lasts(330, 1)


# ---------------------------------------------------------------------- what is kept of columns

_VALUES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=2) | st.just([1])
_CHANGES = st.lists(st.tuples(st.integers(0, 9), st.just(NOTHING) | _VALUES), max_size=60)


def _summary(value: float) -> MetricSummary:
    return MetricSummary(count=1, last=value, min=value, max=value, mean=value, step=0)


def test_the_order_of_names_makes_no_difference() -> None:
    """Runs with the same metrics in any order are one shape, and each figure is that of its metric."""
    figures = Figures()
    for place in range(6):
        names = ["a", "b", "c"][place % 3 :] + ["a", "b", "c"][: place % 3]
        figures.put(place, {name: _summary(ord(name) + place / 10) for name in names})
    assert len(figures._shapes) == 1
    cells = figures.column("b", "max")
    assert cells is not None
    assert [cells[place] for place in range(6)] == [ord("b") + place / 10 for place in range(6)]


def test_shapes_without_runs_are_forgotten() -> None:
    """A run that gains one metric after the other leaves no trace of what it was, in a block or waiting."""
    figures = Figures()
    for count in range(1, 60):
        figures.put(0, {f"m{number}": _summary(number) for number in range(count)})
        if count % 3 == 0:
            figures.flush()
    assert [len(shape.names) for shape in figures._shapes.values()] == [59]
    assert len(figures._usual) == 1
    figures.clear(0)
    assert not figures._shapes
    assert not figures._usual
    assert not figures.blocks


def test_a_full_disk_loses_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written waits on, and is written when there is room again."""
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    figures = Figures()
    for place in range(9):
        figures.put(place, {"loss": _summary(place)})
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "TemporaryFile", lambda **_: open("/dev/full", "r+b", buffering=0))  # noqa: SIM115
        with pytest.raises(OSError, match="No space"):
            figures.flush()
        figures.clear(8)
    figures._file = None
    figures.flush()
    cells = figures.column("loss", "last")
    assert cells is not None
    assert [cells[place] for place in range(8)] == list(range(8))
    assert cells[8] is NOTHING


@pytest.mark.parametrize("name", ["loss", "f(x)", 'a "b"'])
@pytest.mark.parametrize("figure", ["", "min", "last"])
def test_a_filter_of_a_group_names_its_figure(name: str, figure: str) -> None:
    """The filter that leads to a group of a metric's figure is read, and is of that figure."""
    column = column_of(f"{figure}(metrics.{name})" if figure else f"metrics.{name}")
    where = where_of([column], [1.5])
    assert where is not None
    quoted = '"{}"'.format(name.replace('"', '""'))
    assert where == (f"{figure}(metrics.{quoted}) = 1.5" if figure else f"metrics.{quoted} = 1.5")
    parse_filter(where)


@given(changes=_CHANGES, few=st.sampled_from([0, 3, 64]))
def test_a_column_has_what_was_set_last(changes: list[tuple[int, Any]], few: int) -> None:
    """Whatever is set and cleared, in a short column and a long one, of the same type to the bit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_run_cells, "_FEW", few)
        cells, expected = Cells(), dict[int, Any]()
        for place, value in changes:
            expected.pop(place, None)
            if value is NOTHING:
                cells.clear(place)
            else:
                cells[place] = expected[place] = value
        assert cells.count == len(expected)
        for place in range(10):
            assert repr(cells[place]) == repr(expected.get(place, NOTHING))


def grown(work: Callable[[], object]) -> int:
    """Return by how many bytes the memory in use grew."""
    tracemalloc.start()
    try:
        kept = work()
        size = tracemalloc.get_traced_memory()[0]
        del kept
        return size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("runs", [1, 100], ids=["short", "long"])
@pytest.mark.parametrize("make", [lambda n: str(n) * 500, lambda n: [n] * 500], ids=["texts", "lists"])
def test_what_was_replaced_is_not_kept(make: Callable[[int], Any], runs: int) -> None:
    """A run that is going on is read each second: what it said an hour ago takes no memory."""

    def fill() -> Cells:
        cells = Cells()
        for place in range(runs):
            cells[place] = make(place)
        for number in range(2_000):
            cells[number % runs] = make(number)
        return cells

    assert grown(fill) < 1_000_000


def test_names_of_their_own_cost_runs_little() -> None:
    """4,000 runs, each with a parameter and a tag that no other has, take a few megabytes."""

    def fill() -> RunItems:
        items = RunItems()
        for number in range(4_000):
            name = f"r{number}"
            manifest = Manifest(status="Completed", id=name, parameters={name: number}, tags={name: "x"})
            items.put(RunRow("/runs/e", name, manifest=manifest), {})
        return items

    assert grown(fill) < 20_000_000


# ---------------------------------------------------------------------- what is read by several


def test_two_threads_read_columns_of_one_file(tmp_path: Path) -> None:
    """While a kept file is looked through, what requests read of it is theirs."""
    data, packed = pack([[float(column) + run / 100 for column in range(50)] for run in range(20)])
    path = tmp_path / "figures.bin"
    path.write_bytes(data)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with path.open("rb", buffering=0) as file:
            block = Block(Shape(()), range(20), file, 0, packed)
            expected, wrong = [block.column(column) for column in range(50)], list[int]()

            def look(begin: int) -> None:
                for number in range(5_000):
                    column = (7 * number + begin) % 50
                    if block.column(column) != expected[column]:
                        wrong.append(column)

            threads = [threading.Thread(target=look, args=[begin]) for begin in (0, 3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong == []


def test_several_viewers_keep_one_whole_file(tmp_path: Path) -> None:
    """Three that start at the same time each know all figures, and what they leave is one file that is whole."""
    root = make_wide(tmp_path / "runs", 330, metrics=5)
    program = (
        "import sys; from pathlib import Path; from tests.viewer.test_runs_wide import *; "
        "assert lasts(read_table(Path(sys.argv[1])), 4) == all_lasts(330, 4)"
    )
    command = [sys.executable, "-c", program, str(root)]
    repository = Path(__file__).parent.parent.parent
    started = [subprocess.Popen(command, cwd=repository, env=_environment()) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    assert kept_names(root) == [f"r{number:04}" for number in range(330)]
    assert [path.name for path in (root / ".index").glob("figures*")] == ["figures.bin"]


def test_the_figures_of_another_root_count_for_nothing(tmp_path: Path) -> None:
    """A file that lies beside runs of the same names says nothing of them."""
    one, other = (make_wide(tmp_path / name / "runs", 330, metrics=2) for name in ("one", "other"))
    for path in other.glob("*/*/summary.json"):
        summary = json.loads(path.read_text(encoding="utf-8"))
        summary["metrics"]["m001"]["last"] = 5.0
        path.write_text(json.dumps(summary), encoding="utf-8")
    read_table(one)
    (other / ".index").mkdir()
    (one / ".index" / "figures.bin").rename(other / ".index" / "figures.bin")
    assert set(lasts(read_table(other), 1).values()) == {5.0}


# ---------------------------------------------------------------------- what can be read again


def test_what_cannot_be_read_is_looked_at_again(tmp_path: Path) -> None:
    """Not every mending shows at the manifest: a right that was given back, a file that was put back with its times."""
    make_run(tmp_path, "e", "a", metrics={"loss": 0.5})
    path = tmp_path / "e" / "a" / "run.json"
    content, facts = path.read_bytes(), path.stat()

    def put(data: bytes) -> None:
        with path.open("r+b") as file:
            file.write(data)
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))

    put(b"}" * len(content))
    table = RunTable(tmp_path)
    table.refresh()
    assert "cannot be read" in str(table.items[0].problem)
    put(content)
    table.refresh(fresh=True)
    assert table.items[0].problem is None
    assert table.items[0].metrics.figure("loss", "last") == 0.5


def test_what_an_error_kept_from_being_read_is_read_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a look ends early, for want of room for the figures, the next one takes what it left."""
    for name in ("a", "b"):
        make_run(tmp_path, "e", name, tags={"note": "old"})
    table = RunTable(tmp_path)
    table.refresh()
    for path in tmp_path.glob("e/*/run.json"):
        path.write_text(path.read_text(encoding="utf-8").replace('"old"', '"newer"'), encoding="utf-8")

    def full(*facts: object) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(table, "_add", full)
        with pytest.raises(OSError, match="No space"):
            table.refresh(fresh=True)
    table.refresh(fresh=True)
    assert [dict(item.tags) for item in table.items] == [{"note": "newer"}] * 2


@pytest.mark.parametrize(
    ("time", "wall"),
    [("2026-11-25T12:00:01.xx0000Z", None), ("2026-11-25T14:00:01.5+02:00", 1.5)],
    ids=["none", "zone"],
)
def test_an_odd_time_harms_no_other(tmp_path: Path, time: str, wall: float | None) -> None:
    """A point whose time is none is left out, as by every other reader; one of another form stands where it says."""
    writer = Writer(RunSpec(tmp_path / "e" / "a", "a", "e"))
    writer.open()
    times = [f"2026-11-25T12:00:0{second}.250000Z" for second in range(4)]
    for step, text in enumerate(times):
        writer.write(Line(time=text, step=step, metrics={"loss": 0.5}))
    writer.end("Completed")
    path = tmp_path / "e" / "a" / "metrics.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace(times[1], time), encoding="utf-8")
    curves = RunCurves(path.parent)
    curves.refresh()
    walls = [wall for table in curves.tables.values() for wall in table.walls()]
    noon = datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp()
    assert walls == [noon + second for second in (0.25, wall, 2.25, 3.25) if second is not None]


# ---------------------------------------------------------------------- the page


def opened(page: Page, viewer: Viewer, **state: str) -> Page:
    page.goto(viewer.at(**state))
    page.wait_for_selector(".grid-row .name a")
    return page


def test_small_curves_come_after_a_failure(page: Page, viewer: Viewer) -> None:
    """Where the server did not answer once, the next drawing of the table asks again."""
    page.route("**/api/sparks?*", lambda route: route.abort(), times=1)
    with page.expect_event("requestfailed", lambda request: "sparks" in request.url):
        opened(page, viewer)
    with page.expect_response(lambda answer: "sparks" in answer.url):
        page.evaluate("dispatchEvent(new Event('themechange'))")
    page.wait_for_selector(".grid-row svg.spark path")


def test_a_table_that_cannot_be_handed_out_says_so(page: Page, viewer: Viewer) -> None:
    """A click on CSV while the server does not answer is answered by a sentence."""
    opened(page, viewer)
    page.route("**/api/runs?*limit=1000*", lambda route: route.abort())  # the page itself asks for fewer
    page.get_by_role("button", name="CSV").click()
    page.wait_for_selector("#filter-error .problem")


def test_what_was_typed_last_does_not_follow_to_another_page(quiet_page: Page, viewer: Viewer) -> None:
    """A filter that was being written as a run was opened is not in the URL of that run."""
    page = opened(quiet_page, viewer)
    page.evaluate("""() => {
      const box = document.querySelector("input.filter");
      box.value = "name = 'x'";
      box.dispatchEvent(new Event("input"));
      document.querySelector(".grid-row .name a").click();
    }""")
    page.wait_for_selector("#run-panel")
    page.wait_for_timeout(600)  # more than the box waits
    assert "where=" not in page.url


def test_no_more_are_hidden_than_can_be_said(quiet_page: Page, viewer: Viewer) -> None:
    """With 200 hidden runs the button says so instead of hiding one in name only."""
    page = opened(quiet_page, viewer)
    keys = json.dumps([f"e/gone{number}" for number in range(199)])
    page.evaluate("(keys) => localStorage.setItem('runlogging.runs.hidden', keys)", keys)
    opened(page, viewer)
    button = page.get_by_role("button", name="Hide", exact=True)
    boxes = page.locator(".grid-row input[type=checkbox]")
    boxes.nth(0).click()
    wait_until(button.is_enabled, "one more can be hidden")
    boxes.nth(1).click()
    wait_until(button.is_disabled, "two more cannot")
    assert button.get_attribute("title") == "At most 200 runs can be hidden"


def test_what_is_typed_before_the_runs_are_there_counts(page: Page, viewer: Viewer) -> None:
    """Slash and a filter work as soon as the box is seen; it keeps the keyboard and all letters when the runs come."""
    held: list[Route] = []
    are_held = True
    page.route("**/api/runs?*", lambda route: held.append(route) if are_held else route.continue_())
    page.goto(viewer.at())
    page.wait_for_selector("input.filter")
    wait_until(lambda: bool(held), "the runs are asked for")
    page.keyboard.press("/")
    page.keyboard.type("name = ")
    page.wait_for_url("**where=*")
    page.keyboard.type("'lasso 0.1'")
    are_held = False
    for route in held:
        route.continue_()
    wait_until(lambda: page.locator(".runs-bar").inner_text().find("1 of 5") >= 0, "the filter holds")
    assert page.evaluate("document.activeElement.value") == "name = 'lasso 0.1'"
