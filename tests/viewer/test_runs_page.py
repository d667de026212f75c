"""The page of runs in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.viewer.conftest import NewTab, Noise, StartRunning, StartViewer, Viewer, keys, wait_until
from tests.viewer.test_runs_api import make_many, make_run

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytest.importorskip("playwright.sync_api", reason="the package playwright is not installed")

HOSTILE = '<img src=x onerror="window.bad=1"></td><script>window.bad=1</script>{{7*7}}'


def names(page: Page) -> list[str]:
    return [text.strip() for text in page.locator(".grid-row .name a").all_inner_texts()]


def is_near(page: Page, number: float) -> bool:
    """Tell whether the last row that is shown is about the run of a number."""
    return any(abs(number - float(name.removeprefix("run "))) < 60 for name in names(page)[-1:])


def opened(page: Page, viewer: Viewer, **state: str) -> Page:
    page.goto(viewer.at(**state))
    page.wait_for_selector(".grid-row .name a")
    return page


def shows(page: Page, holds: Callable[[list[str]], object], what: str) -> None:
    wait_until(lambda: holds(names(page)), what)


def test_the_table_shows_all_runs(quiet_page: Page, viewer: Viewer, noise: Noise) -> None:
    """Each with its status in words and its metrics with a small curve, in an ARIA grid; nothing is asked elsewhere."""
    page = opened(quiet_page, viewer)
    grid = page.get_by_role("treegrid")
    assert grid.get_attribute("aria-rowcount") == "6"
    assert {"broken", "lasso 0.1", "ridge 0.01", "ridge 0.1"} < set(names(page))
    assert page.locator('.grid-row .status[data-status="Failed"]').inner_text().strip() == "Failed"
    page.wait_for_selector(".grid-row svg.spark path")
    assert page.locator('.grid-row:has-text("lasso 0.1")').inner_text().count("0.169492") == 1
    assert page.locator('.grid-row:has-text("broken")').inner_text().count("NaN") == 1
    assert noise.outside(viewer) == []


def test_a_filter_chooses_and_stands_in_the_url(quiet_page: Page, viewer: Viewer) -> None:
    """Slash goes to the box; a reload and a step back show what the URL says."""
    page = opened(quiet_page, viewer)
    page.keyboard.press("/")
    page.keyboard.type("tags.rate = '0.1'")
    shows(page, lambda now: sorted(now) == ["lasso 0.1", "ridge 0.1"], "the filter holds")
    assert "2 of 5" in page.locator(".runs-bar").inner_text()
    page.reload()
    shows(page, lambda now: sorted(now) == ["lasso 0.1", "ridge 0.1"], "the filter holds after a reload")
    assert len(page.url) < 300


def test_a_wrong_filter_points_at_the_place(page: Page, viewer: Viewer) -> None:
    """A caret below the box stands under the mistake, and the table stays as it was."""
    opened(page, viewer)
    box = page.locator("input.filter")
    box.fill("name = 'x' and satus = 1")
    page.wait_for_selector(".filter-error .caret")
    assert "did you mean status" in page.locator(".filter-error").inner_text()
    assert box.get_attribute("aria-invalid") == "true"
    caret = page.evaluate(
        """() => {
          const range = document.createRange();
          range.selectNodeContents(document.querySelector(".caret").lastChild);
          const box = document.querySelector("input.filter");
          const style = getComputedStyle(box);
          const pen = document.createElement("canvas").getContext("2d");
          pen.font = `${style.fontSize} ${style.fontFamily}`;
          const inner = parseFloat(style.paddingLeft) + parseFloat(style.borderLeftWidth);
          const before = pen.measureText(box.value.slice(0, 15)).width;
          const wanted = box.getBoundingClientRect().left + inner + before;
          return { at: range.getBoundingClientRect().left, wanted };
        }"""
    )
    assert caret["at"] == pytest.approx(caret["wanted"], abs=3)
    assert len(names(page)) == 5
    box.fill("name = 'broken'")
    shows(page, lambda now: now == ["broken"], "the filter is right again")
    assert page.locator(".filter-error").count() == 0


def test_a_wrong_filter_in_a_link_leaves_the_page_usable(page: Page, viewer: Viewer) -> None:
    """The mistake is shown, and mending it shows the runs."""
    page.goto(viewer.at(where="metrics.loss <"))
    page.wait_for_selector(".filter-error")
    page.locator("input.filter").fill("")
    shows(page, lambda now: len(now) == 5, "all runs are shown")


def test_clicks_on_a_head_sort(quiet_page: Page, viewer: Viewer) -> None:
    """Up, down, and not at all; with shift a second column counts after the first."""
    page = opened(quiet_page, viewer)
    head = page.get_by_role("columnheader", name="train/loss").get_by_role("button")
    head.click()
    shows(page, lambda now: now[2] == "ridge 0.01" and set(now[:2]) == {"lasso 0.1", "ridge 0.1"}, "up")
    assert page.get_by_role("columnheader", name="train/loss").get_attribute("aria-sort") == "ascending"
    head.click()
    shows(page, lambda now: now[0] == "ridge 0.01", "down")
    page.get_by_role("columnheader", name="experiment").get_by_role("button").click(modifiers=["Shift"])
    shows(page, lambda now: now[1:3] == ["lasso 0.1", "ridge 0.1"], "the second column decides")
    assert parse_qs(urlsplit(page.url).query)["sort"] == ["-metrics.train/loss,experiment"]


def test_columns_stay_as_they_were_chosen(quiet_page: Page, viewer: Viewer, new_tab: NewTab) -> None:
    """Added, moved, pinned and taken away: a reload shows the same, and so does another tab without the URL."""
    page = opened(quiet_page, viewer)
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_label("Find a column").fill("rate")
    page.get_by_role("checkbox", name="params.rate").check()
    page.get_by_role("button", name="Pin params.rate").click()
    page.get_by_role("button", name="Remove tags").click()
    heads = ["", "name", "rate", "status", "experiment", "started", "duration"]

    def shown(tab: Page) -> list[str]:
        return [text.strip() for text in tab.get_by_role("columnheader").all_inner_texts()]

    wait_until(lambda: shown(page)[:7] == heads, "the columns are as they were chosen")
    page.reload()
    wait_until(lambda: shown(page)[:7] == heads, "they are after a reload")
    other = opened(new_tab(), viewer)
    wait_until(lambda: shown(other)[:7] == heads, "they are in another tab")
    assert "0.01" in other.locator('.grid-row:has-text("ridge 0.01") .cell.pinned').last.inner_text()


def test_two_are_chosen_and_compared(quiet_page: Page, viewer: Viewer, made_root: Path) -> None:
    """By their boxes; the URL of the comparison names them."""
    page = opened(quiet_page, viewer, where="tags.rate = '0.1'")
    compare = page.get_by_role("button", name="Compare")
    assert compare.is_disabled()
    for name in ("lasso 0.1", "ridge 0.1"):
        page.get_by_role("checkbox", name=f"Select {name}").click()
    assert "2 selected" in page.locator(".runs-actions").inner_text()
    compare.click()
    page.wait_for_selector("h1:has-text('Compare (2)')")
    runs = parse_qs(urlsplit(page.url).query)["runs"][0].split(",")
    assert len(runs) == 2
    assert set(runs) < set(keys(made_root))


def test_the_keyboard_does_it_all(quiet_page: Page, viewer: Viewer) -> None:
    """Arrows move, space selects, shift and arrows select a range, Enter opens; the grid says which cell is meant."""
    page = opened(quiet_page, viewer)
    grid = page.get_by_role("treegrid")
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    assert page.locator('.grid-row[aria-selected="true"]').count() == 3
    active = grid.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").get_attribute("role") == "gridcell"
    third = names(page)[3]
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("view=run"))
    assert third


def test_a_run_of_another_is_shown_below_it(quiet_page: Page, tmp_path: Path, start_viewer: StartViewer) -> None:
    """Children stand under their parent in any order, and can be folded away by click and by key."""
    root = tmp_path / "family"
    for number, (name, parent) in enumerate([("a", None), ("a1", "a"), ("a2", "a"), ("z", None)]):
        make_run(root, "e", name, parent=parent, metrics={"score": number})
    page = opened(quiet_page, start_viewer(root), sort="-metrics.score")
    assert names(page) == ["z", "a", "a2", "a1"]
    assert [row.get_attribute("aria-level") for row in page.locator(".grid-row").all()] == ["1", "1", "2", "2"]
    page.get_by_role("button", name="Fold all").last.click()
    shows(page, lambda now: now == ["z", "a"], "the children are folded away")
    page.get_by_role("treegrid").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    shows(page, lambda now: now == ["z", "a", "a2", "a1"], "the children are back")


def test_a_damaged_run_says_so_in_its_row(quiet_page: Page, made_root: Path, start_viewer: StartViewer) -> None:
    """The other rows are as ever."""
    (made_root / "ridge" / "torn").mkdir()
    (made_root / "ridge" / "torn" / "run.json").write_text("{", encoding="utf-8")
    page = opened(quiet_page, start_viewer(made_root))
    assert "cannot be read" in page.locator('.grid-row[data-key="ridge/torn"] .note').inner_text()
    assert page.locator(".grid-row").count() == 6
    assert "1 damaged" in page.locator(".runs-bar").inner_text()


def test_names_are_shown_as_they_are(quiet_page: Page, tmp_path: Path, start_viewer: StartViewer) -> None:
    """A hostile name, tag, parameter and metric are text and nothing else, in the table, the choice and the groups."""
    root = tmp_path / "hostile"
    make_run(
        root, "e", "r1", name=HOSTILE, tags={HOSTILE: HOSTILE}, parameters={HOSTILE: HOSTILE}, metrics={HOSTILE: 1.0}
    )
    page = opened(quiet_page, start_viewer(root))
    assert names(page) == [HOSTILE]
    assert page.get_by_role("columnheader").last.inner_text().strip() == HOSTILE
    page.get_by_role("button", name="Columns", exact=True).click()
    page.get_by_role("checkbox", name=f"params.{HOSTILE}").check()
    page.locator("select").nth(1).select_option(label=f"params.{HOSTILE}")
    page.wait_for_selector("table.groups tbody tr")
    assert HOSTILE in page.locator("table.groups").inner_text()
    page.locator("table.groups tbody a").click()
    shows(page, lambda now: now == [HOSTILE], "the group's filter finds its run")
    assert page.evaluate("window.bad") is None
    assert page.locator("main img, main script").count() == 0


def test_ten_thousand_runs_scroll_to_the_end(quiet_page: Page, tmp_path: Path, start_viewer: StartViewer) -> None:
    """Only what is seen is in the page, in both directions, from the newest to the oldest run."""
    make_many(tmp_path / "many", 10_000)
    page = opened(quiet_page, start_viewer(tmp_path / "many"), cols=",".join(f"params.p{place}" for place in range(20)))
    assert names(page)[0] == "run 9999"
    for share in (0.3, 0.7, 1):
        page.evaluate(
            "(share) => { const grid = document.querySelector('.grid'); grid.scrollTop = share * grid.scrollHeight; }",
            share,
        )
        wanted = 10_000 * (1 - share)
        wait_until(partial(is_near, page, wanted), f"{share} of the way is shown")
        assert page.locator(".grid-row").count() < 60
    shows(page, lambda now: now[-1:] == ["run 0"], "the last row is there")
    page.evaluate("document.querySelector('.grid').scrollLeft = 1e6")
    wait_until(lambda: page.get_by_role("columnheader").last.inner_text().strip() == "p19", "the last column is there")
    wait_until(lambda: page.locator(".grid-row").last.inner_text().strip().endswith("0"), "its cells are there")
    assert page.locator(".grid .cell").count() < 900
    page.locator("input.filter").fill("params.p0 between 5000 and 5004")
    shows(page, lambda now: now == [f"run {number}" for number in range(5004, 4999, -1)], "the filter holds")


def test_groups_show_figures_that_hiding_does_not_change(quiet_page: Page, viewer: Viewer) -> None:
    """A group has its mean, its band and how many runs there are; hiding one leaves the other as it was."""
    page = opened(quiet_page, viewer, where="tags.rate IS NOT NULL")
    page.locator("select").nth(1).select_option(label="tags.rate")
    page.wait_for_selector("table.groups")
    row = page.locator("table.groups tbody tr", has=page.get_by_role("link", name="0.1", exact=True))
    before = row.inner_html()
    assert "n 2" in row.inner_text()
    page.get_by_role("button", name="Hide 0.01").click()
    assert page.locator("table.groups tbody tr").count() == 1
    assert row.inner_html() == before
    page.get_by_role("button", name="Show 1 hidden").click()
    assert page.locator("table.groups tbody tr").count() == 2


def test_a_running_run_is_followed(quiet_page: Page, viewer: Viewer, start_running: StartRunning) -> None:
    """It comes into the table by itself, its time goes on, and its end is seen; what is selected stays so."""
    page = opened(quiet_page, viewer)
    page.get_by_role("checkbox", name="Select lasso 0.1").click()
    run = start_running()
    row = page.locator(f'.grid-row[data-key="{run.key}"]')
    wait_until(lambda: row.count() and "Running" in row.inner_text(), "the new run is there")
    ticking = row.locator("[data-ticks]")
    first = ticking.inner_text()
    wait_until(lambda: ticking.inner_text() != first, "its time goes on")
    run.end()
    wait_until(lambda: "Completed" in row.inner_text(), "its end is seen")
    assert page.locator('.grid-row[aria-selected="true"]').count() == 1


def test_a_narrow_page_shows_cards(quiet_page: Page, viewer: Viewer) -> None:
    """At 360 px nothing is wider than the page, and each run says its name, status and figures."""
    quiet_page.set_viewport_size({"width": 360, "height": 740})
    page = opened(quiet_page, viewer)
    page.wait_for_selector(".grid.cards .card")
    card = page.locator('.card:has-text("lasso 0.1")').inner_text()
    assert "Completed" in card
    assert "0.169492" in card
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_fits_goes_out(quiet_page: Page, viewer: Viewer, made_root: Path) -> None:
    """As CSV for all runs that fit, and as Python and paths for the selected ones."""
    quiet_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened(quiet_page, viewer, where="tags.rate IS NOT NULL")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("run,name,status,experiment")
    assert len(lines) == 4
    page.get_by_role("checkbox", name="Select all that fit").click()
    page.get_by_role("button", name="Copy paths").click()
    page.wait_for_selector("text=Copied")
    copied = page.evaluate("navigator.clipboard.readText()").splitlines()
    assert sorted(copied) == sorted(str(made_root / line.split(",")[0]) for line in lines[1:])
    page.get_by_role("button", name="Markdown").click()
    wait_until(
        lambda: page.evaluate("navigator.clipboard.readText()").startswith("| run | name |"), "Markdown is copied"
    )


def test_all_that_fit_are_compared_by_a_short_url(quiet_page: Page, tmp_path: Path, start_viewer: StartViewer) -> None:
    """The URL says the filter and not the hundred runs."""
    for number in range(100):
        make_run(tmp_path / "hundred", "e", f"r{number:03}", parameters={"p": number}, metrics={"score": number})
    page = opened(quiet_page, start_viewer(tmp_path / "hundred"), where="params.p < 100")
    page.get_by_role("checkbox", name="Select all that fit").click()
    page.get_by_role("button", name="Compare").click()
    page.wait_for_selector("h1:has-text('Compare (100)')")
    assert len(page.url) < 2_000
