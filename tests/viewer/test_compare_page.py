"""Several runs compared in a real browser."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from runlogging.folder import Line, RunSpec, Writer, now_text
from tests.viewer.conftest import StartRunning, StartViewer, Viewer, keys, wait_until
from tests.viewer.test_runs_api import asked, make_run

if TYPE_CHECKING:
    from playwright.sync_api import Page

_MISSING = object()


@pytest.fixture
def sweep(tmp_path: Path, start_viewer: StartViewer) -> Viewer:
    """Give a viewer of six runs: one parameter of each kind of nothing, and one score."""
    root = tmp_path / "sweep"
    kinds: list[Any] = [0, False, "", None, _MISSING, "0"]
    for number, kind in enumerate(kinds):
        parameters = {"optimizer": {"rate": number / 10, "name": "adam"}}
        if kind is not _MISSING:
            parameters["kind"] = kind
        make_run(
            root, "e", f"r{number}", name=f"run {number}", parameters=parameters, metrics={"accuracy": number * 2.0}
        )
    return start_viewer(root)


def chosen(count: int = 6) -> str:
    return ",".join(f"e/r{number}" for number in range(count))


def row_of(page: Page, name: str) -> list[str]:
    page.wait_for_selector(f'tr[data-row="{name}"]')
    return page.locator(f'tr[data-row="{name}"] td').all_inner_texts()


def test_only_what_differs_is_shown(quiet_page: Page, sweep: Viewer) -> None:
    """Kinds of nothing are told apart, keys of nested parameters are joined; what is the same comes on demand."""
    quiet_page.goto(sweep.at(view="compare", runs=chosen(), tab="table"))
    assert row_of(quiet_page, "kind") == ["0", "false", '""', "null", "missing", '"0"']
    assert row_of(quiet_page, "optimizer.rate") == ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]
    assert quiet_page.locator('tr[data-row="optimizer.name"]').count() == 0
    quiet_page.get_by_role("checkbox", name="also what is the same").check()
    assert row_of(quiet_page, "optimizer.name") == ["adam"] * 6
    quiet_page.get_by_label("Find a row").fill("rate")
    assert quiet_page.locator("tr[data-row]:visible").count() == 1


# ---------------------------------------------------------------------- cell by cell

_KINDS: list[Any] = [0, False, "", None, "0", "false", 1.5, "adam", [1, 2], _MISSING]
_PARAMETERS = 200


def _logged(run: int) -> dict[str, Any]:
    """Return the flat parameters of a run: 200 that differ somewhere, twenty a group."""
    return {f"g{place // 20}.p{place}": _KINDS[(run + place) % len(_KINDS)] for place in range(_PARAMETERS)}


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"same": {"in": {"all": 7}}}
    for name, value in flat.items():
        group, _, key = name.partition(".")
        made.setdefault(group, {})
        if value is not _MISSING:
            made[group][key] = value
    return made


def _make_many(root: Path, count: int) -> dict[str, dict[str, Any]]:
    """Let `count` runs be logged; return what each logged."""
    runs = {f"e/r{number}": _logged(number) for number in range(count)}
    for number, (key, flat) in enumerate(runs.items()):
        metrics = {"loss": number / 4, **({"seldom": number} if number % 3 else {})}
        make_run(root, "e", key[2:], name=key[2:], parameters=_nested(flat), metrics=metrics)
    return runs


def _said(value: Any) -> str:
    if value is _MISSING:
        return "missing"
    is_plain = isinstance(value, str) and value not in ("", "0", "false")
    return str(value) if is_plain else json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("count", [2, 20, 100])
def test_every_cell_is_what_was_logged(tmp_path: Path, start_viewer: StartViewer, count: int) -> None:
    """0, false, "", null, texts that look like them and what is missing are told apart, in nested keys too."""
    runs = _make_many(tmp_path / "many", count)
    found = asked(start_viewer(tmp_path / "many"), "api/compare", run=list(runs))
    assert found["keys"] == list(runs)
    cells = {
        (key, item["key"]): _MISSING if place in item["missing"] else value
        for item in found["parameters"]
        for place, (key, value) in enumerate(zip(runs, item["values"], strict=True))
    }
    expected = {(key, name): value for key, flat in runs.items() for name, value in flat.items()}
    # The text tells 0 from false, which Python holds to be equal.
    assert {place: _said(value) for place, value in cells.items()} == {
        place: _said(value) for place, value in expected.items()
    }
    assert found["same"]["parameters"] == 1
    metrics = {metric["name"]: metric["runs"] for metric in found["metrics"]}
    assert [one["last"] for one in metrics["loss"]] == [number / 4 for number in range(count)]
    assert [one and one["last"] for one in metrics["seldom"]] == [
        number if number % 3 else None for number in range(count)
    ]


def test_a_hundred_runs_are_read_cell_by_cell_on_the_page(
    quiet_page: Page, tmp_path: Path, start_viewer: StartViewer
) -> None:
    """Scrolled from end to end, the table shows every cell as it was logged; only what is in sight is in the page."""
    page, runs = quiet_page, _make_many(tmp_path / "hundred", 100)
    viewer = start_viewer(tmp_path / "hundred")
    page.goto(viewer.at(view="compare", all="1", tab="table"))
    page.wait_for_selector("tr[data-row]")
    heads = page.locator(".compare-scroll thead th[title]").evaluate_all("all => all.map((one) => one.title)")
    assert sorted(heads) == sorted(runs)
    shown: dict[str, list[str]] = {}
    while True:
        rows = page.locator("tr[data-row]").evaluate_all(
            "rows => rows.map((row) => [row.dataset.row, [...row.querySelectorAll('td')].map((td) => td.textContent)])"
        )
        assert len(rows) < _PARAMETERS / 2
        shown.update(rows)
        is_over = page.locator(".compare-scroll").evaluate(
            """async (box) => {
                const before = box.scrollTop;
                box.scrollTop += box.clientHeight;
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                return box.scrollTop === before;
            }"""
        )
        if is_over:
            break
    assert shown == {name: [_said(runs[key][name]) for key in heads] for name in _logged(0)}


def test_a_large_table_is_filtered_by_row(quiet_page: Page, tmp_path: Path, start_viewer: StartViewer) -> None:
    """All rows are searched, not only those in sight, and what fits comes below the name of its part."""
    _make_many(tmp_path / "rows", 40)
    quiet_page.goto(start_viewer(tmp_path / "rows").at(view="compare", all="1", tab="table"))
    quiet_page.wait_for_selector("tr[data-row]")
    quiet_page.get_by_label("Find a row").fill("P19")
    rows = quiet_page.locator("tr[data-row]")
    wait_until(lambda: rows.count() == 11, "p19 and p190 to p199 are left")
    assert quiet_page.locator("tbody th[scope=rowgroup]").all_inner_texts() == ["parameters"]
    quiet_page.get_by_role("tab", name="Metrics").click()
    wait_until(lambda: quiet_page.locator("tr[data-row]").count() == 0, "no metric is called so")
    quiet_page.get_by_label("Find a row").fill("sel")
    wait_until(lambda: quiet_page.locator('tr[data-row="seldom"]').count() == 40, "a metric comes with all its runs")


# ---------------------------------------------------------------------- parts of the page


def test_metrics_stand_apart_with_the_best(quiet_page: Page, sweep: Viewer) -> None:
    """Last, change, best and area, and the winner has a star."""
    quiet_page.goto(sweep.at(view="compare", runs=chosen(3), tab="metrics"))
    quiet_page.wait_for_selector('tr[data-row="accuracy"]')
    rows = quiet_page.locator('tr[data-row="accuracy"]').all_inner_texts()
    assert [("★" in row) for row in rows] == [False, False, True]
    assert "run 2" in rows[2]


def test_curves_are_overlaid(quiet_page: Page, viewer: Viewer, made_root: Path) -> None:
    """A chart a metric with a line a run; a run can be left out, and taken out of the comparison."""
    runs = [key for key in keys(made_root, "ridge") if "broken" not in key]
    quiet_page.goto(viewer.at(view="compare", runs=",".join(runs)))
    quiet_page.wait_for_selector('.chart-card[data-name="train/loss"][data-ready="true"]')
    quiet_page.wait_for_selector('.chart-card[data-name="val/loss"][data-ready="true"]')
    assert quiet_page.locator(".compare-runs li").count() == 3
    quiet_page.get_by_role("button", name="Remove broken").click()
    quiet_page.wait_for_selector("h1:has-text('Compare (2)')")
    quiet_page.go_back()
    quiet_page.wait_for_selector("h1:has-text('Compare (3)')")


def test_log_templates_are_new_gone_or_multiplied(quiet_page: Page, tmp_path: Path, start_viewer: StartViewer) -> None:
    """Against the first run; the text of a template is shown as it is."""
    for name, templates in (("a", ["old <b>%s</b>", "often"]), ("b", ["new <i>%s</i>", *["often"] * 5])):
        writer = Writer(RunSpec(tmp_path / "logs" / "e" / name, name, "e"))
        writer.open()
        for template in templates:
            writer.write(
                Line(
                    time=now_text(),
                    level="WARNING",
                    level_number=logging.WARNING,
                    logger="t",
                    template=template,
                    message=template,
                )
            )
        writer.end("Completed")
    quiet_page.goto(start_viewer(tmp_path / "logs").at(view="compare", runs="e/a,e/b", tab="logs"))
    quiet_page.wait_for_selector(".log-kind")
    kinds = quiet_page.locator(".log-kind").all_inner_texts()
    assert sorted(kinds) == ["gone", "multiplied", "new"]
    assert "new <i>%s</i>" in quiet_page.locator(".compare-scroll").inner_text()


def test_a_brush_on_an_axis_filters(quiet_page: Page, sweep: Viewer) -> None:
    """Dragging along an axis keeps the runs in that range, a click on it keeps all again."""
    page = quiet_page
    page.goto(sweep.at(view="compare", runs=chosen(), tab="parallel", axes="params.optimizer.rate,metrics.accuracy"))
    page.wait_for_selector("svg.parallel .line", state="attached")  # a level one has no height
    assert page.locator("svg.parallel .line").count() == 6
    axis = page.locator('[data-axis="params.optimizer.rate"]')
    box = axis.bounding_box()
    assert box is not None
    x = box["x"] + box["width"] / 2
    page.mouse.move(x, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(x, box["y"] + box["height"] / 2)
    page.mouse.up()
    wait_until(lambda: page.locator("svg.parallel .line").count() == 3, "three are in the upper half")
    assert "3 of 6" in page.locator(".compare-body").inner_text()
    page.mouse.click(x, box["y"] + 50)
    wait_until(lambda: page.locator("svg.parallel .line").count() == 6, "all are back")


def test_a_scatter_of_two_columns(quiet_page: Page, sweep: Viewer) -> None:
    """A dot a run at its place; other columns can be chosen, and stand in the URL."""
    page = quiet_page
    page.goto(sweep.at(view="compare", runs=chosen(), tab="scatter"))
    page.wait_for_selector("svg.scatter .dot")
    dots = [
        (float(dot.get_attribute("cx") or 0), float(dot.get_attribute("cy") or 0)) for dot in page.locator(".dot").all()
    ]
    assert len(dots) == 6
    page.get_by_label("x", exact=True).select_option("metrics.accuracy")
    page.wait_for_url("**sx=metrics.accuracy**")
    wait_until(lambda: page.locator(".dot").count() == 6, "it is drawn anew")
    places = [
        (float(dot.get_attribute("cx") or 0), float(dot.get_attribute("cy") or 0)) for dot in page.locator(".dot").all()
    ]
    slopes = {round((places[n + 1][1] - places[n][1]) / (places[n + 1][0] - places[n][0]), 6) for n in range(5)}
    assert len(slopes) == 1


def test_twenty_runs_and_fewer_than_two(page: Page, tmp_path: Path, start_viewer: StartViewer) -> None:
    """Twenty are compared; one alone is told to be too few, and one that is gone is named beside the others."""
    for number in range(20):
        make_run(tmp_path / "twenty", "e", f"r{number}", parameters={"p": number}, metrics={"loss": number})
    viewer = start_viewer(tmp_path / "twenty")
    page.goto(viewer.at(view="compare", runs=chosen(20), tab="table"))
    assert row_of(page, "p") == [str(number) for number in range(20)]
    page.goto(viewer.at(view="compare", runs="e/r1"))
    page.wait_for_selector("text=two runs at least")
    page.goto(viewer.at(view="compare", runs="e/r1,e/r2,e/gone"))
    page.wait_for_selector(".problem:has-text('e/gone could not be read')")
    assert page.locator(".compare-runs li").count() == 2


def test_the_answer_is_that_of_compare(sweep: Viewer) -> None:
    """Without what is the same, and with how much that is; with all=1 nothing is left out."""
    runs = ["e/r0", "e/r1"]
    part, whole = asked(sweep, "api/compare", run=runs), asked(sweep, "api/compare", run=runs, all=1)
    assert [item["key"] for item in part["parameters"]] == ["optimizer.rate", "kind"]
    assert part["same"]["parameters"] == len(whole["parameters"]) - 2 == 1
    assert part["keys"] == runs
    assert whole["same"]["environment"] == 0


def test_columns_of_a_sweep(sweep: Viewer) -> None:
    """Of named runs, or of those that fit a filter."""
    by_filter = asked(
        sweep, "api/scatter", where="metrics.accuracy > 6", column=["params.optimizer.rate", "metrics.accuracy"]
    )
    assert sorted(row["values"] for row in by_filter["rows"]) == [[0.4, 8.0], [0.5, 10.0]]
    by_name = asked(sweep, "api/scatter", run="e/r2", column="metrics.accuracy")
    assert [(row["key"], row["values"]) for row in by_name["rows"]] == [("e/r2", [4.0])]


def test_too_many_and_too_few_runs_are_refused(client: httpx.Client) -> None:
    """With a sentence that says what to do."""
    many = client.get("api/compare", params={"run": [f"e/r{number}" for number in range(101)]})
    assert (many.status_code, "100 at most" in many.json()["error"]) == (400, True)
    few = client.get("api/compare", params={"run": ["demo/gone"]})
    assert (few.status_code, "Two runs at least" in few.json()["error"]) == (400, True)


def test_buttons_zoom_and_pan_the_comparison(quiet_page: Page, viewer: Viewer) -> None:
    """The buttons of a run's charts are here, too, and what is shown of x is the same in all charts."""
    quiet_page.goto(viewer.at(view="compare", where="experiment = 'ridge'"))
    quiet_page.wait_for_selector(".chart-card[data-ready]")

    def shown() -> list[list[float]]:
        found: list[list[float]] = quiet_page.locator(".chart-card[data-ready] .chart-figure").evaluate_all(
            "(all) => all.map(({ chart: { plot } }) => [plot.scales.x.min, plot.scales.x.max])"
        )
        return found

    whole = shown()[0]
    middle, width = sum(whole) / 2, whole[1] - whole[0]
    quiet_page.get_by_label("Zoom in").click()
    assert shown()[0] == pytest.approx([middle - width / 4, middle + width / 4])
    quiet_page.get_by_label("Later").click()
    assert shown()[0] == pytest.approx([middle - width / 8, middle + width * 3 / 8])
    assert all(span == shown()[0] for span in shown())
    quiet_page.get_by_label("Zoom out one step").click()
    quiet_page.get_by_role("button", name="Show all").click()
    assert shown()[0] == whole


def test_what_comes_moves_no_zoom(
    quiet_page: Page, viewer: Viewer, made_root: Path, start_running: StartRunning
) -> None:
    """A point of a run that goes on is drawn, and zoom, hidden lines and the charts themselves stay."""
    runs = [start_running(name=f"now {number}") for number in range(2)]
    for run in runs:
        for step in range(20):
            run.log("loss", float(step), step)
    quiet_page.goto(viewer.at(view="compare", runs=",".join(run.key for run in runs)))
    figure = quiet_page.locator(".chart-card[data-ready] .chart-figure")
    figure.wait_for()
    figure.evaluate("({ chart }) => { chart.isTheOne = true; chart.group.zoomTo(5, 10); }")
    quiet_page.locator(".legend-line").first.click()
    runs[0].log("loss", 77.5, 20)
    quiet_page.wait_for_function(
        "() => document.querySelector('.chart-figure').chart.columns.lines.some(({ last }) => last.value === 77.5)"
    )
    assert figure.evaluate("({ chart }) => chart.isTheOne")
    assert figure.evaluate("({ chart: { plot } }) => [plot.scales.x.min, plot.scales.x.max]") == [5, 10]
    assert quiet_page.locator('.legend-line[aria-pressed="false"]').count() == 1
