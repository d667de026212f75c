"""Many runs of five hundred columns: what is kept for the next viewer, what is known meanwhile, and their page."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.folder import MetricSummary
from runlogging.viewer import _run_figures
from runlogging.viewer._run_cache import FIGURES_FILE, kept_blocks, open_figures
from runlogging.viewer._run_cells import NOTHING
from runlogging.viewer._run_figures import FIGURES, Figures
from runlogging.viewer._run_table import RunTable
from tests.viewer.conftest import StartViewer, Viewer, wait_until
from tests.viewer.test_runs_api import asked, keys_of, make_run

if TYPE_CHECKING:
    from playwright.sync_api import Page

METRICS = [f"m{place:03}" for place in range(480)]
PARAMETERS = [f"p{place:02}" for place in range(15)]
TAGS = [f"t{place}" for place in range(5)]


def make_wide(root: Path, runs: int, metrics: int = 480) -> Path:
    """Make runs that have ended: metric m003 of run 7 is 7.003, parameter p02 is 14, tag t1 is "8"."""
    names = METRICS[:metrics]
    seed = root.parent / make_run(root.parent, "seed", "seed", metrics=dict.fromkeys(names, 1.0))
    manifest = json.loads((seed / "run.json").read_text(encoding="utf-8"))
    moment = time.time() - 3600
    for number in range(runs):
        folder = root / f"exp{number % 3}" / f"r{number:04}"
        shutil.copytree(seed, folder)
        write_summary(folder, names, number)
        second = f"2026-11-25T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.000000Z"
        facts = {"id": folder.name, "experiment": folder.parent.name, "name": f"run {number}", "created": second}
        parameters = {name: number * place for place, name in enumerate(PARAMETERS)}
        tags = {name: str(number + place) for place, name in enumerate(TAGS)}
        text = json.dumps({**manifest, **facts, "parameters": parameters, "tags": tags})
        (folder / "run.json").write_text(text, encoding="utf-8")
        for path in (*folder.iterdir(), folder):
            os.utime(path, (moment, moment))
    return root


def write_summary(folder: Path, names: list[str], number: float) -> None:
    path = folder / "summary.json"
    summary = json.loads(path.read_text(encoding="utf-8"))
    for place, name in enumerate(names):
        value = number + place / 1000
        summary["metrics"][name].update(last=value, min=-value, max=value, mean=value / 2, step=place)
    path.write_text(json.dumps(summary), encoding="utf-8")


def value_of(number: int, metric: int) -> float:
    return number + metric / 1000


# ---------------------------------------------------------------------- figures

_VALUES = st.none() | st.integers(-(2**70), 2**70) | st.floats() | st.just(-0.0)
_SUMMARIES = st.builds(
    MetricSummary, count=st.integers(0, 3), last=_VALUES, min=_VALUES, max=st.just(1.5), step=st.integers(0, 2**54)
)
_RUNS = st.dictionaries(st.sampled_from(["a", "b", "c", "nö"]), _SUMMARIES)
_STEPS = st.lists(st.tuples(st.integers(0, 9), st.none() | _RUNS), max_size=60)


@given(steps=_STEPS, looks=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(FIGURES)), max_size=3))
def test_figures_are_those_that_were_put_last(steps: list[Any], looks: list[tuple[str, str]]) -> None:
    """Whatever runs come, change and go: each figure comes back to the bit, and none of a run that is gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_run_figures, "_BLOCK", 3)
        figures, expected = Figures(), dict[int, dict[str, MetricSummary]]()
        for number, (place, metrics) in enumerate(steps):
            if number % 5 == 0:
                for name, figure in looks:  # a column that was looked at changes with its runs
                    figures.column(name, figure)
            expected.pop(place, None)
            if metrics is None:
                figures.clear(place)
            else:
                figures.put(place, metrics)
                expected[place] = metrics
        for name in ("a", "b", "c", "nö"):
            count = sum(name in metrics for metrics in expected.values())
            assert figures.counts().get(name, 0) == count
            for figure in FIGURES:
                assert_same(figures, expected, name, figure)


def assert_same(figures: Figures, expected: dict[int, dict[str, MetricSummary]], name: str, figure: str) -> None:
    cells = figures.column(name, figure)
    for place in range(10):
        summary = expected.get(place, {}).get(name)
        wanted = None if summary is None else getattr(summary, figure)
        found = NOTHING if cells is None else cells[place]
        assert repr(None if found is NOTHING else found) == repr(wanted)


# ---------------------------------------------------------------------- what is kept


def read_table(root: Path) -> RunTable:
    """Return the table of a root that has read all, and kept what it keeps."""
    table = RunTable(root)
    table.refresh()
    table.wait()
    for thread in threading.enumerate():
        if thread.name == "runlogging table":
            thread.join()
    return table


def lasts(table: RunTable, metric: int = 3) -> dict[str, Any]:
    return {str(item.name): item.metrics.figure(METRICS[metric], "last") for item in table.items}


def all_lasts(runs: int, metric: int = 3) -> dict[str, Any]:
    return {f"run {number}": value_of(number, metric) for number in range(runs)}


def kept_names(root: Path) -> list[str]:
    file = open_figures(root)
    if file is None:
        return []
    with file:
        return sorted(run.name for block in kept_blocks(file) for run in block.runs if run is not None)


def test_figures_are_kept_for_the_next_viewer(tmp_path: Path) -> None:
    """The next one has them without a look at the summaries, which are wrong here to show it."""
    root = make_wide(tmp_path / "runs", 330, metrics=20)
    assert lasts(read_table(root)) == all_lasts(330)
    assert kept_names(root) == [f"r{number:04}" for number in range(330)]
    for path in root.glob("*/*/summary.json"):
        path.write_text("{}", encoding="utf-8")
    again = read_table(root)
    assert lasts(again) == all_lasts(330)
    assert lasts(again, 19) == all_lasts(330, 19)
    assert {item.metrics.figure(METRICS[0], "step") for item in again.items} == {0}


def test_few_runs_leave_nothing_behind(tmp_path: Path) -> None:
    """As many as are read at once are no reason for a file."""
    root = make_wide(tmp_path / "runs", 150, metrics=2)
    assert lasts(read_table(root), 1) == all_lasts(150, 1)
    assert not (root / ".index" / FIGURES_FILE).exists()


def test_what_changed_since_is_read(tmp_path: Path) -> None:
    """A run whose manifest or stream changed, one that is gone and one that came are as they are, not as they were."""
    root = make_wide(tmp_path / "runs", 330, metrics=20)
    read_table(root)
    summed, told, gone = (root / f"exp{number % 3}" / f"r{number:04}" for number in (4, 5, 6))
    write_summary(summed, METRICS[:20], 4_000)
    with (summed / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    write_summary(told, METRICS[:20], 5_000)
    (told / "run.json").write_text((told / "run.json").read_text("utf-8").replace('"run 5"', '"five"'), "utf-8")
    shutil.rmtree(gone)
    make_run(root, "exp0", "new", name="new", metrics={METRICS[3]: 9.0})
    found = lasts(read_table(root))
    expected = all_lasts(330) | {"run 4": 4_000.003, "five": 5_000.003, "new": 9.0}
    del expected["run 5"], expected["run 6"]
    assert found == expected


def _cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut": _cut,
    "empty": lambda data: b"",
    "noise": lambda data: random.Random(3).randbytes(len(data)),
    "in a block": lambda data: _flip(data, 1_000),
    "in the catalogue": lambda data: _flip(data, len(data) - 500),
    "in the foot": lambda data: _flip(data, len(data) - 7),
    "behind": lambda data: data + b"more",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_costs_time_only(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """All figures are right, and the file is whole again for the viewer after this."""
    root = make_wide(tmp_path / "runs", 330, metrics=20)
    read_table(root)
    path = root / ".index" / FIGURES_FILE
    path.write_bytes(damage(path.read_bytes()))
    assert lasts(read_table(root)) == all_lasts(330)
    assert kept_names(root) == [f"r{number:04}" for number in range(330)]


def test_a_file_that_cannot_be_written_is_no_matter(tmp_path: Path) -> None:
    """Where its folder cannot be made the table is as ever."""
    root = make_wide(tmp_path / "runs", 330, metrics=2)
    (root / ".index").write_text("in the way", encoding="utf-8")
    assert lasts(read_table(root), 1) == all_lasts(330, 1)


def test_a_viewer_goes_on_with_a_file_that_is_replaced(tmp_path: Path) -> None:
    """Columns that it had not looked at are still there when another has replaced, or removed, the file."""
    root = make_wide(tmp_path / "runs", 330, metrics=20)
    read_table(root)
    table = read_table(root)
    (root / ".index" / FIGURES_FILE).unlink()
    read_table(root)
    assert lasts(table, 7) == all_lasts(330, 7)


def test_what_a_killed_viewer_left_is_removed(tmp_path: Path) -> None:
    """A file that was left half written goes once it is old; one that is being written stays."""
    root = make_wide(tmp_path / "runs", 330, metrics=2)
    (root / ".index").mkdir()
    old, young = (root / ".index" / f"figures-{name}.part" for name in ("old", "young"))
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 3600, time.time() - 3600))
    read_table(root)
    assert sorted(path.name for path in (root / ".index").glob("figures*")) == [young.name, FIGURES_FILE]


# ---------------------------------------------------------------------- meanwhile


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a summary that takes as long as the test wants is a pipe")
def test_what_is_known_is_shown_while_the_rest_is_read(tmp_path: Path, start_viewer: StartViewer) -> None:
    """An order by a metric comes with what has been read, and says how many that are; one by a parameter is whole."""
    root = make_wide(tmp_path / "runs", 400, metrics=5)
    slow = root / "exp0" / "r0000" / "summary.json"
    content = slow.read_bytes()
    slow.unlink()
    os.mkfifo(slow)
    viewer = start_viewer(root)

    def look(**query: Any) -> Any:
        return asked(viewer, limit=3, columns=["metrics.m003"], **query)

    wait_until(lambda: look()["read"] == 399, "all but the slow one have been read")
    meanwhile = look(sort="metrics.m003", wait=1)
    assert (meanwhile["loading"], meanwhile["total"]) == (True, 400)
    assert keys_of(meanwhile) == ["exp1/r0001", "exp2/r0002", "exp0/r0003"]
    assert look(where="metrics.m003 < 3", wait=1)["fitting"] == 2
    assert keys_of(look(sort="params.p01"))[0] == "exp0/r0000"
    slow.write_bytes(content)  # the reader at the other end goes on
    whole = look(sort="metrics.m003")
    assert (whole["loading"], whole["read"]) == (False, 400)
    assert keys_of(whole)[0] == "exp0/r0000"


# ---------------------------------------------------------------------- the table


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a root of 320 runs, many of which hang on one another, at any depth."""
    rng, root = random.Random(11), tmp_path_factory.mktemp("trees") / "forest"
    for number in range(320):
        parent = f"r{rng.randrange(number):03}" if number and rng.random() < 0.7 else None
        metrics = {"score": rng.randrange(20)} if rng.random() < 0.9 else {}
        make_run(root, "e", f"r{number:03}", parent=parent, metrics=metrics, parameters={"kind": number % 4})
    return root


@pytest.fixture
def forest(trees: Path, start_viewer: StartViewer) -> Viewer:
    """Give a viewer of these."""
    return start_viewer(trees)


SORTS = {"new": "", "up": "metrics.score", "down": "-metrics.score", "parameter": "params.kind"}
FILTERS = {"all": "", "metric": "metrics.score < 5", "both": "params.kind = 3 and metrics.score > 10"}


@pytest.mark.parametrize("sort", SORTS.values(), ids=SORTS)
@pytest.mark.parametrize("where", FILTERS.values(), ids=FILTERS)
def test_children_stand_under_their_parents_on_every_page(forest: Viewer, sort: str, where: str) -> None:
    """Pages of 50 are the whole in parts; in it each row hangs on the one above it, in the order among its siblings."""
    query: dict[str, Any] = {
        "where": where,
        "sort": [sort] if sort else [],
        "columns": ["metrics.score", "params.kind"],
        "rest": 1,
    }
    rows = asked(forest, limit=1000, **query)["rows"]
    pages = [asked(forest, limit=50, offset=offset, **query)["rows"] for offset in range(0, 350, 50)]
    assert [row["key"] for page in pages for row in page] == [row["key"] for row in rows]
    above: list[str] = []
    below: dict[str | None, list[Any]] = {}
    for row in rows:
        del above[row["depth"] :]
        assert row["parent"] == (above[-1] if above else None)
        above.append(row["id"])
        value = row["cells"].get(sort.removeprefix("-"))
        below.setdefault(row["parent"], []).append(math.inf if value is None else value * (-1) ** sort.startswith("-"))
    if sort:
        assert all(values == sorted(values) for values in below.values())
    assert len(rows) > 20


# ---------------------------------------------------------------------- the page


def names(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".grid-row .name a").all_inner_texts()]


def heads(page: Page) -> list[str]:
    return [text.strip() for text in page.get_by_role("columnheader").all_inner_texts()]


def opened(page: Page, viewer: Viewer, **state: str) -> Page:
    page.goto(viewer.at(**state))
    page.wait_for_selector(".grid-row .name a")
    return page


@pytest.fixture
def wide(tmp_path: Path, start_viewer: StartViewer) -> Viewer:
    """Give a viewer of 330 runs with 480 metrics, 15 parameters and 5 tags."""
    return start_viewer(make_wide(tmp_path / "wide", 330))


EVERY = [*(f"metrics.{name}" for name in METRICS), *(f"params.{name}" for name in PARAMETERS)]


def test_five_hundred_columns_scroll_both_ways(quiet_page: Page, wide: Viewer) -> None:
    """Only what is seen is in the page, and at the far corner stands what belongs there."""
    page = opened(quiet_page, wide, cols=",".join([*EVERY, *(f"tags.{name}" for name in TAGS)]))
    grid = page.get_by_role("treegrid")
    assert grid.get_attribute("aria-colcount") == "502"
    assert page.locator(".grid .cell").count() < 900
    page.evaluate("Object.assign(document.querySelector('.grid'), { scrollTop: 1e6, scrollLeft: 1e7 })")
    wait_until(lambda: names(page)[-1:] == ["run 0"] and heads(page)[-1:] == ["t4"], "the far corner is there")
    wait_until(lambda: page.locator(".grid-row").last.inner_text().strip().endswith("4"), "its cells are there")
    last = page.locator(".grid-row").last
    assert last.locator('[aria-colindex="502"]').inner_text().strip() == "4"
    assert last.locator('[aria-colindex="497"]').inner_text().strip() == "0"
    assert page.locator(".grid .cell").count() < 900
    middle = "document.querySelector('.grid').scrollLeft = 240 * 176"
    page.evaluate(middle)
    cell = page.locator('.grid-row[data-key="exp0/r0003"] [aria-colindex="245"]')  # behind the box and the name
    wait_until(lambda: cell.count() and cell.inner_text().strip() == "3.242", "a cell in the middle has its value")


def test_of_five_hundred_columns_the_chosen_ones_stay(quiet_page: Page, wide: Viewer) -> None:
    """One that is added, pinned and moved stands where it was put after a reload, and has its values."""
    page = opened(quiet_page, wide)
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_label("Find a column").fill("m477")
    page.get_by_role("checkbox", name="metrics.m477").check()
    page.get_by_role("button", name="Pin metrics.m477").click()
    page.get_by_role("button", name="Move experiment left").click()

    def is_chosen() -> bool:
        return heads(page)[:5] == ["", "name", "m477", "experiment", "status"]

    wait_until(is_chosen, "the columns are as they were chosen")
    page.reload()
    wait_until(is_chosen, "they are after a reload")
    cell = page.locator('.grid-row[data-key="exp2/r0329"] .pinned').last
    wait_until(lambda: cell.inner_text().strip() == "329.477", "the pinned column has its value")
    page.evaluate("document.querySelector('.grid').scrollLeft = 1e6")
    wait_until(lambda: heads(page)[2] == "m477", "it stays while the others scroll")


def test_enter_asks_at_once(quiet_page: Page, wide: Viewer) -> None:
    """A filter and an order by metrics choose among all runs."""
    page = opened(quiet_page, wide, sort="-metrics.m100")
    wait_until(lambda: names(page)[:2] == ["run 329", "run 328"], "the order holds")
    page.locator("input.filter").fill("metrics.m479 < 3")
    page.keyboard.press("Enter")
    wait_until(lambda: names(page) == ["run 2", "run 1", "run 0"], "the filter holds")


def test_a_run_that_goes_and_one_that_breaks_harm_no_other(
    quiet_page: Page, tmp_path: Path, start_viewer: StartViewer
) -> None:
    """While the table is shown: the row goes, the row says what is wrong with it, and all others are as they were."""
    root = make_wide(tmp_path / "few", 12, metrics=3)
    page = opened(quiet_page, start_viewer(root), sort="metrics.m000", cols="metrics.m000")
    order = [f"run {number}" for number in range(12)]
    wait_until(lambda: names(page) == order, "all runs are there")
    before = page.locator('.grid-row[data-key="exp1/r0004"]').inner_text()
    shutil.rmtree(root / "exp2" / "r0005")
    (root / "exp0" / "r0006" / "run.json").write_text("{", encoding="utf-8")
    note = page.locator('.grid-row[data-key="exp0/r0006"] .note')
    wait_until(lambda: note.count() and "cannot be read" in note.inner_text(), "the damaged run says so")
    wait_until(lambda: page.locator('[data-key="exp2/r0005"]').count() == 0, "the deleted run is gone")
    rest = [name for name in order if name not in ("run 5", "run 6")]
    assert [name for name in names(page) if name != "r0006"] == rest
    assert page.locator('.grid-row[data-key="exp1/r0004"]').inner_text() == before
    assert "1 damaged" in page.locator(".runs-bar").inner_text()
