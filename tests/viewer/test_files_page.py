"""The files and the code of a run in a real browser: what they hold is seen, and never runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runlogging import start_run
from runlogging.reading import open_run
from tests.viewer.conftest import Noise, Viewer, wait_until
from tests.viewer.made_values import EVIL, EVIL_HTML, EVIL_NAME, make_run, start

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, FloatRect, Locator, Page


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Viewer, str]]:
    """Give a viewer, and the run that keeps everything."""
    root = tmp_path_factory.mktemp("files") / "runs"
    run = make_run(root)
    viewer = start(root)
    yield viewer, run
    assert viewer.stop() == ""


@pytest.fixture
def dialogs(page: Page) -> Iterator[list[str]]:
    """Collect the dialogs that opened; there must have been none."""
    seen: list[str] = []

    def note(dialog: Dialog) -> None:
        seen.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    yield seen
    assert seen == []


def open_tab(page: Page, made: tuple[Viewer, str], tab: str = "files", **state: str) -> None:
    """Open a tab of the run."""
    viewer, run = made
    page.goto(viewer.at(view="run", run=run, tab=tab, **state))
    page.locator(".file-list tbody tr, .code-facts").first.wait_for()


def names(page: Page) -> list[str]:
    """Return the file names that are listed."""
    return page.locator("button.file-name").all_text_contents()


def test_files_are_filtered_and_sorted(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """The list is filtered while one types and sorted by a click on a column."""
    open_tab(quiet_page, made)
    assert len(names(quiet_page)) == 17
    quiet_page.get_by_role("button", name="Size").click()
    quiet_page.get_by_role("button", name="Size").click()
    wait_until(lambda: names(quiet_page)[0] == "large.txt", "the largest is first")
    assert quiet_page.locator("th[aria-sort='descending']").count() == 1
    quiet_page.locator(".file-side input").fill("DEEP/")
    wait_until(lambda: names(quiet_page) == ["deep/down/small.txt"], "it is filtered")
    quiet_page.locator(".file-side input").fill("no such file")
    quiet_page.get_by_text("No file name matches.").wait_for()


def test_an_odd_name_is_shown_with_escapes(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """A turn of direction and a line separator in a name are seen, and the file opens all the same."""
    open_tab(quiet_page, made)
    shown = EVIL_NAME.replace("\u202e", "\\u202e").replace("\u2028", "\\u2028")
    assert shown in names(quiet_page)
    quiet_page.locator("button.file-name", has_text="gnp.exe").click()
    quiet_page.locator(".file-text", has_text="odd name").wait_for()
    with quiet_page.expect_download() as waited:
        quiet_page.locator(".file-body a", has_text="Download").click()
    assert waited.value.suggested_filename == "it's _gnp.exe_ \u00e9 %2e%2e ;a=b.txt"


def test_html_is_text(made: tuple[Viewer, str], quiet_page: Page, noise: Noise, dialogs: list[str]) -> None:
    """HTML, and HTML that calls itself a picture, is shown as text and runs nowhere."""
    for name in ("page.html", "fake.png"):
        open_tab(quiet_page, made, file=name)
        quiet_page.locator(".file-text").wait_for()
        assert quiet_page.locator(".file-text").text_content() == EVIL_HTML.decode()
    assert noise.outside(made[0]) == []


def test_a_hostile_svg_is_a_still_picture(
    made: tuple[Viewer, str], quiet_page: Page, noise: Noise, dialogs: list[str]
) -> None:
    """An SVG is drawn by an <img>: no script of it runs, it asks for nothing."""
    open_tab(quiet_page, made, file="picture.svg")
    image = quiet_page.locator(".file-body img")
    wait_until(lambda: image.evaluate("one => one.naturalWidth") == 60, "the picture is there")
    assert noise.outside(made[0]) == []


@pytest.mark.parametrize("name", ["picture.svg", "page.html", "paper.pdf"])
def test_active_files_opened_by_themselves_are_downloads(
    made: tuple[Viewer, str], page: Page, noise: Noise, dialogs: list[str], name: str
) -> None:
    """Going to the URL of a file that could run gives a download, never a page."""
    open_tab(page, made)
    found = page.evaluate(
        "run => fetch('api/files?run=' + encodeURIComponent(run)).then(answer => answer.json())", made[1]
    )
    made_id = next(row["id"] for row in found["rows"] if row["name"] == name)
    with page.expect_download() as waited:
        page.evaluate("id => { location.href = 'file/' + id; }", made_id)
    assert waited.value.suggested_filename == name
    assert "view=run" in page.url
    assert noise.outside(made[0]) == []


def test_an_svg_in_a_frame_or_object_stays_out(made: tuple[Viewer, str], page: Page, dialogs: list[str]) -> None:
    """Even a page of the viewer cannot put a file into a frame: the policy of both sides forbids it."""
    open_tab(page, made, file="picture.svg")
    source = page.locator(".file-body img").get_attribute("src")
    page.evaluate(
        "src => { const frame = document.createElement('iframe'); frame.src = src; document.body.append(frame); }",
        source,
    )
    page.wait_for_function("document.querySelector('iframe') !== null")
    page.wait_for_timeout(300)
    assert all(not frame.url.endswith(source or "-") for frame in page.frames)


def test_previews(made: tuple[Viewer, str], quiet_page: Page, dialogs: list[str]) -> None:
    """Tables are tables, JSON folds, notebooks have cells, bytes are a hex dump, escapes are seen."""
    open_tab(quiet_page, made, file="table.csv")
    quiet_page.locator(".file-body td", has_text="<b>bob</b>").wait_for()
    quiet_page.locator("button.file-name", has_text="settings.json").click()
    quiet_page.locator(".tree summary", has_text="layers").wait_for()
    quiet_page.locator("button.file-name", has_text="work.ipynb").click()
    quiet_page.locator(".notebook-output", has_text="[text/html is not shown]").wait_for()
    quiet_page.locator("button.file-name", has_text="data.bin").click()
    quiet_page.locator("pre.hex", has_text="00000010  10 11 12").wait_for()
    quiet_page.locator("button.file-name", has_text="log.txt").click()
    quiet_page.locator(".file-text", has_text="\\x1b[31mred").wait_for()
    quiet_page.locator("button.file-name", has_text="large.txt").click()
    quiet_page.get_by_text("The first 256 KiB are shown.").wait_for()


def test_a_file_deleted_while_shown_is_a_sentence(made: tuple[Viewer, str], page: Page) -> None:
    """Choosing a file that is gone says so, in place, and the list stays; no trace."""
    viewer, run = made
    open_tab(page, made)
    path = viewer.root / run / "artifacts/table.csv"
    kept = path.read_bytes()
    path.unlink()
    page.locator("button.file-name", has_text="table.csv").click()
    page.locator(".file-body .problem").wait_for()
    text = page.locator(".file-body .problem").text_content() or ""
    path.write_bytes(kept)
    assert "is missing" in text
    assert "Traceback" not in text
    assert len(names(page)) == 17


def test_code_is_read_and_searched(made: tuple[Viewer, str], quiet_page: Page, dialogs: list[str]) -> None:
    """A file of the snapshot has line numbers; what is found is marked, in all of it and in any case."""
    open_tab(quiet_page, made, "code", code="package/evil.py")
    first = quiet_page.locator(".code-line").first
    first.wait_for()
    assert first.locator(".code-text").text_content() == f"# {EVIL} \\u202e"
    assert quiet_page.locator(".code-number").nth(1).get_attribute("data-line") == "2"
    quiet_page.get_by_label("Find in this file").fill("loss")
    quiet_page.get_by_text("1 of 1").wait_for()
    assert quiet_page.locator("mark").all_text_contents() == ["LOSS"]
    assert quiet_page.locator(".code-hit .code-text").text_content() == "LOSS = 1"
    quiet_page.get_by_label("Find in this file").fill("nowhere")
    quiet_page.get_by_text("not found").wait_for()
    assert quiet_page.locator("mark").count() == 0
    with quiet_page.expect_download() as waited:
        quiet_page.get_by_text("Download zip").click()
    assert waited.value.suggested_filename.endswith("-code.zip")


def last_line(page: Page) -> str | None:
    """Return the number of the last line that is in the page."""
    return page.locator(".code-number").last.get_attribute("data-line")


def test_code_of_any_length_is_whole(tmp_path: Path, quiet_page: Page) -> None:
    """A file of 1 MiB is there to its last line, few of them in the page; each of its hits is found and gone to."""
    code = tmp_path / "code"
    code.mkdir()
    lines = [f"value_{number} = {number}  # \u0130" for number in range(40_000)]
    (code / "long.py").write_text("\n".join(lines), encoding="utf-8")
    (code / "one_line.js").write_text("x();" * 100_000 + "here();", encoding="utf-8")
    with start_run("code", root=tmp_path / "runs", capture=False) as run:
        run.take_snapshot(code)
    viewer = start(tmp_path / "runs")
    made = (viewer, f"code/{run.path.name}")
    open_tab(quiet_page, made, "code", code="long.py")
    quiet_page.get_by_text("40000 lines").wait_for()
    quiet_page.locator(".virtual").press("End")
    wait_until(lambda: last_line(quiet_page) == "40000", "the last line is there")
    assert quiet_page.locator(".code-line").count() < 200
    quiet_page.get_by_label("Find in this file").fill("VALUE_3")
    quiet_page.get_by_text("1 of 11111").wait_for()
    assert quiet_page.locator(".code-hit .code-text").text_content() == "value_3 = 3  # \u0130"
    quiet_page.get_by_role("button", name="Previous hit").click()
    quiet_page.get_by_text("11111 of 11111").wait_for()
    assert quiet_page.locator(".code-hit .code-number").get_attribute("data-line") == "40000"
    open_tab(quiet_page, made, "code", code="one_line.js")
    quiet_page.get_by_label("Find in this file").fill("here")
    quiet_page.get_by_text("1 of 1").wait_for()
    box = quiet_page.locator(".virtual").bounding_box()
    assert box is not None
    wait_until(lambda: is_within(quiet_page.locator("mark.code-now"), box), "the hit in the long line is in sight")
    viewer.stop()


def is_within(found: Locator, box: FloatRect) -> bool:
    """Tell whether an element lies between the upper and the lower edge of a box."""
    here = found.bounding_box()
    return here is not None and box["y"] <= here["y"] and here["y"] + here["height"] <= box["y"] + box["height"] + 1


def test_git_facts_and_a_run_without_code(made: tuple[Viewer, str], quiet_page: Page, tmp_path: Path) -> None:
    """What git said of the folder is shown; a run without a snapshot says so."""
    viewer, run = made
    open_tab(quiet_page, made, "code")
    git = open_run(viewer.root / run).environment["git"]
    quiet_page.get_by_text(git["commit"] if git else "Git knew nothing of the folder.").wait_for()
    snapshot = viewer.root / run / "snapshot.zip"
    snapshot.rename(tmp_path / "snapshot.zip")
    quiet_page.reload()
    quiet_page.get_by_text("This run has no snapshot of its code.").wait_for()
    (tmp_path / "snapshot.zip").rename(snapshot)


@pytest.mark.parametrize(("tab", "state"), [("files", {"file": "work.ipynb"}), ("code", {"code": "train.py"})])
def test_a_narrow_page_does_not_overflow(
    made: tuple[Viewer, str], quiet_page: Page, tab: str, state: dict[str, str]
) -> None:
    """At 360 px neither tab makes the page wider than its window."""
    quiet_page.set_viewport_size({"width": 360, "height": 700})
    open_tab(quiet_page, made, tab, **state)
    quiet_page.locator(".notebook-cell, .code-line").first.wait_for()
    assert quiet_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
