"""Several runs compared in a real browser."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from runlogging.folder import Line, RunSpec, Writer, now_text
from tests.viewer.conftest import StartViewer, Viewer, keys, wait_until
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
