"""The values of a run in a real browser: every kind is drawn, and nothing that a run says runs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree

import numpy
import pytest

from runlogging import start_run
from runlogging.charts import AccuracyTable, ConfusionMatrix, parse_chart
from runlogging.reading import open_run
from tests.viewer.conftest import Noise, Viewer, keys, wait_until
from tests.viewer.made_values import EVIL, LONG_LABEL, make_run, start

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

SVG = "{http://www.w3.org/2000/svg}"
SHOWN_AS = {
    **dict.fromkeys(("text", "bool", "none"), ".value-content"),
    **dict.fromkeys(("list", "matrix", "table", "row"), ".table-scroll td"),
    **dict.fromkeys(("json", "figure"), ".tree"),
    "image": ".image-scroll img",
    "confusion_matrix": ".plot-matrix .plot-cell",
    **dict.fromkeys(("residuals", "histogram"), ".plot-bar"),
    "accuracy_table": ".plot-line",
    "predictions": ".plot-error",
}
# Texts of a plot that stand beyond its edge; a scrolled matrix ends where its window does.
CUT_TEXTS = """
() => [...document.querySelectorAll("svg.plot:not(.plot-matrix) text")].filter((text) => {
  const [inner, outer] = [text.getBoundingClientRect(), text.closest("svg").getBoundingClientRect()];
  return ["left", "top"].some((side) => inner[side] < outer[side] - 1)
    || ["right", "bottom"].some((side) => inner[side] > outer[side] + 1);
}).map((text) => text.textContent)
"""
# Texts of a plot with a contrast below 4.5 against the page; those on the shade of a matrix have a class of their own.
FAINT_TEXTS = """
() => {
  const light = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = light(getComputedStyle(document.documentElement).backgroundColor);
  return [...document.querySelectorAll("svg.plot text:not(.plot-strong)")].filter((text) => {
    const [high, low] = [light(getComputedStyle(text).fill), ground].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05) < 4.5;
  }).map((text) => text.textContent);
}
"""


class _Figure:
    """What plotly has of a figure."""

    def to_json(self) -> str:
        return '{"data": [{"y": [1, 2, 3]}], "layout": {"title": "a figure"}}'

    def to_plotly_json(self) -> str:
        return self.to_json()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Viewer, str]]:
    """Give a viewer, and the run that has everything."""
    root = tmp_path_factory.mktemp("values") / "runs"
    run = make_run(root)
    with start_run("values", root=root, name="the rest", capture=False) as rest:
        rest._log_value("weights of a layer", numpy.arange(6.0).reshape(2, 3), None, 0)
        rest.log_figure("plotly", _Figure())
    viewer = start(root)
    yield viewer, run
    assert viewer.stop() == ""


@pytest.fixture
def dialogs(quiet_page: Page) -> Iterator[list[str]]:
    """Collect the dialogs that opened; there must have been none."""
    seen: list[str] = []

    def note(dialog: Dialog) -> None:
        seen.append(dialog.message)
        dialog.dismiss()

    quiet_page.on("dialog", note)
    yield seen
    assert seen == []


def open_value(page: Page, made: tuple[Viewer, str], name: str, **state: str) -> None:
    """Open the tab at a value."""
    viewer, run = made
    page.goto(viewer.at(view="run", run=run, tab="values", value=name, **state))
    page.locator(".value-body h2").wait_for()


def summaries(page: Page) -> list[str]:
    """Return the sentences of the plots that are shown, once there is one."""
    page.locator("svg.plot").first.wait_for()
    return page.locator("svg.plot > desc").all_text_contents()


def test_names_are_listed_and_filtered(made: tuple[Viewer, str], quiet_page: Page, dialogs: list[str]) -> None:
    """The list has every name with its type, hostile ones as text; typing filters, a click chooses, back goes back."""
    open_value(quiet_page, made, "note")
    names = quiet_page.locator(".value-name").all_text_contents()
    assert EVIL in names
    assert len(names) == 18
    assert quiet_page.locator(".value-texts pre").all_text_contents() == ["first line\nsecond line", EVIL]
    quiet_page.locator(".value-side input").fill("resid")
    assert quiet_page.locator(".value-name").all_text_contents() == ["residuals"]
    quiet_page.locator(".value-names button").click()
    quiet_page.locator(".value-body h2", has_text="residuals").wait_for()
    assert "value=residuals" in quiet_page.url
    quiet_page.go_back()
    quiet_page.locator(".value-body h2", has_text="note").wait_for()


@pytest.mark.parametrize(
    ("name", "texts"),
    [("is good", ["True", "False"]), ("nothing", ["None"])],
)
def test_bools_and_none(made: tuple[Viewer, str], quiet_page: Page, name: str, texts: list[str]) -> None:
    """Bools and None are shown as Python calls them."""
    open_value(quiet_page, made, name)
    quiet_page.locator(".value-content code").first.wait_for()
    assert quiet_page.locator(".value-content code").all_text_contents() == texts


def test_a_long_text_alone_is_shown_whole(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """A single text of any length is there at once."""
    open_value(quiet_page, made, "long text")
    quiet_page.locator(".value-content pre").wait_for()
    assert len(quiet_page.locator(".value-content pre").text_content() or "") == 10_000


def test_a_list_shows_nan_and_draws_it(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """NaN and infinity stand in the table and have marks in the line; a lone number is a dot."""
    open_value(quiet_page, made, "rates")
    assert summaries(quiet_page) == ["5 items"]
    assert quiet_page.locator("td.cell-odd").all_text_contents() == ["NaN", "Infinity"]
    assert quiet_page.locator(".plot-odd").count() == 2
    assert quiet_page.locator(".plot-lone").count() == 1


def test_a_list_of_anything(made: tuple[Viewer, str], quiet_page: Page, dialogs: list[str]) -> None:
    """Texts, missing items and bools each look as what they are, and no line is drawn."""
    open_value(quiet_page, made, "words")
    quiet_page.locator("td.cell-none").wait_for()
    assert EVIL in quiet_page.locator("tbody td").all_text_contents()
    assert quiet_page.locator("td.cell-bool").all_text_contents() == ["true"]
    assert quiet_page.locator("svg.plot").count() == 0


def test_a_table_is_sorted_paged_and_drawn(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """A click on a column sorts by it, again backwards; pages follow each other; the first two columns are a line."""
    open_value(quiet_page, made, "history")
    assert summaries(quiet_page) == ["Line of 250 points from 0.004 to 1."]
    first = quiet_page.locator(".datatable tbody tr").first
    assert quiet_page.locator(".datatable tbody tr").count() == 100
    quiet_page.get_by_role("button", name="loss", exact=True).click()
    first.get_by_text("249").first.wait_for()
    assert quiet_page.locator("th[aria-sort='ascending']").text_content() == "loss \u25b2"
    quiet_page.get_by_role("button", name="Next", exact=True).click()
    quiet_page.get_by_text("101\u2013200 of 250 rows").wait_for()
    assert quiet_page.locator(".plot-odd title").all_text_contents() == ["loss: NaN"]


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [
        ("CSV", "epoch,loss,what\r\n0,1,<img src=x onerror=alert(1)>\r\n"),
        ("Markdown", "| epoch | loss | what |\n| --- | --- | --- |\n| 0 | 1 | &lt;img src=x onerror=alert(1)> |\n"),
        ("LaTeX", "\\begin{tabular}{rll}\n\\hline\nepoch & loss & what \\\\\n\\hline\n0 & 1 & <img src=x"),
    ],
)
def test_a_table_is_copied(
    made: tuple[Viewer, str], context: BrowserContext, quiet_page: Page, kind: str, beginning: str
) -> None:
    """All rows go to the clipboard, with what the format needs escaped."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_value(quiet_page, made, "history")
    quiet_page.get_by_role("button", name=f"Copy as {kind}").click()
    quiet_page.get_by_role("button", name="Copied").wait_for()
    text = quiet_page.evaluate("navigator.clipboard.readText()")
    assert text.startswith(beginning)
    assert text.count("\n") > 250
    assert ("x\\|y" in text) == (kind == "Markdown")


def test_rows_are_a_table_that_grows(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """Rows of one name stand below each other; what a row lacks is shown as missing."""
    open_value(quiet_page, made, "grows")
    quiet_page.locator(".datatable tbody tr").first.wait_for()
    assert quiet_page.locator(".datatable tbody tr").last.locator("td").all_text_contents() == ["4", "4", "0.4", "yes"]
    assert quiet_page.locator("td.cell-none").count() == 3
    assert len(summaries(quiet_page)) == 1


def test_json_is_a_tree(made: tuple[Viewer, str], quiet_page: Page, dialogs: list[str]) -> None:
    """Nested values fold; what lies deeper is made when it is opened."""
    open_value(quiet_page, made, "nested")
    quiet_page.locator(".tree summary", has_text="layers").click()
    quiet_page.locator(".tree summary", has_text="2: ").click()
    quiet_page.locator(".tree-leaf", has_text="deep: ").wait_for()
    assert quiet_page.locator(".tree-leaf", has_text="deep: ").text_content() == f'deep: "{EVIL}"'


def test_pictures_have_a_slider(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """The arrow keys go over the steps, the URL follows, two steps stand side by side, pixels and zoom change."""
    open_value(quiet_page, made, "samples")
    quiet_page.locator(".image-scroll img").wait_for()
    assert quiet_page.locator(".value-step").text_content() == "step 30 (4 of 4)"
    quiet_page.locator(".value-slider input").press("ArrowLeft")
    quiet_page.get_by_text("step 20 (3 of 4)").wait_for()
    assert "index=2" in quiet_page.url
    quiet_page.get_by_label("Side by side").check()
    wait_until(lambda: quiet_page.locator(".image-scroll img").count() == 2, "there are two pictures")
    sources = quiet_page.locator(".image-scroll img").evaluate_all("all => all.map(one => one.alt)")
    assert sources == ["samples step 20", "samples step 10"]
    image = quiet_page.locator(".image-scroll img").first
    assert image.evaluate("one => getComputedStyle(one).imageRendering") == "pixelated"
    quiet_page.get_by_label("Sharp pixels").uncheck()
    assert image.evaluate("one => getComputedStyle(one).imageRendering") == "auto"
    quiet_page.get_by_label("Zoom").select_option("8")
    assert image.evaluate("one => one.width") == 32 * 8


def test_a_hostile_svg_is_a_still_picture(
    made: tuple[Viewer, str], quiet_page: Page, noise: Noise, dialogs: list[str]
) -> None:
    """A logged SVG is drawn by an <img>: its scripts do not run, and it asks for nothing."""
    open_value(quiet_page, made, "vector")
    image = quiet_page.locator(".image-scroll img")
    image.wait_for()
    wait_until(lambda: image.evaluate("one => one.naturalWidth") == 60, "the picture is there")
    assert noise.outside(made[0]) == []


def test_a_confusion_matrix(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """Counts become rates; hovering a cell says all of it; the classes have precision and recall."""
    open_value(quiet_page, made, "confusion")
    assert summaries(quiet_page) == ["3 classes, 300 samples, 257 right (86%)."]
    cells = quiet_page.locator(".plot-matrix g g text")
    assert cells.all_text_contents()[:9] == ["85", "15", "0", "0", "86", "14", "14", "0", "86"]
    quiet_page.locator(".plot-cell").nth(1).hover(force=True)
    text = "true 0, predicted 1: 15 (15% of the row, 15% of the column)"
    assert quiet_page.locator(".matrix-readout").text_content() == text
    quiet_page.get_by_label("Shown").select_option("rows")
    assert cells.all_text_contents()[:3] == ["85%", "15%", "0%"]
    quiet_page.locator("summary", has_text="Precision and recall").click()
    quiet_page.locator("details tbody tr").first.wait_for()
    assert quiet_page.locator("details tbody tr").first.locator("td").all_text_contents()[3:] == ["0.8586", "0.8500"]


def test_many_classes_scroll(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """Of 120 classes only those in view are drawn; the arrow keys reach the last one."""
    open_value(quiet_page, made, "many classes")
    quiet_page.locator(".plot-matrix").wait_for()
    assert 100 < quiet_page.locator(".plot-cell").count() < 3000
    area = quiet_page.locator(".matrix-scroll")
    area.evaluate("one => one.scrollTo(one.scrollWidth, one.scrollHeight)")
    wait_until(lambda: quiet_page.locator(".plot-matrix title", has_text=LONG_LABEL).count() == 2, "the last is there")
    assert quiet_page.locator(".plot-cell").count() < 3000
    area.press("ArrowRight")
    assert "predicted class 1:" in (quiet_page.locator(".matrix-readout").text_content() or "")
    wait_until(lambda: area.evaluate("one => one.scrollLeft") <= 20, "it is scrolled to the chosen cell")


def test_an_accuracy_table(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """Each class has its two curves with the areas; the slider of the threshold moves points and counts."""
    open_value(quiet_page, made, "accuracy")
    found = summaries(quiet_page)
    assert found[0].startswith("One curve a class. Area under it: 0 0.836, 1 ")
    assert found[1].startswith("One curve a class. Average precision: 0 0.769, 1 ")
    assert quiet_page.locator(".plot-label").all_text_contents() == [
        *("false positive rate", "true positive rate"),
        *("recall", "precision"),
    ]
    assert quiet_page.locator(".plot-legend li").count() == 3
    before = quiet_page.locator(".rates-readout tbody tr").first.text_content()
    quiet_page.get_by_label("threshold").press("End")
    assert quiet_page.locator("output.mono").text_content() == "1"
    assert quiet_page.locator(".rates-readout tbody tr").first.text_content() != before
    quiet_page.locator(".value-charts select").select_option("2")
    assert quiet_page.locator("path.plot-line").count() == 2


def test_areas_agree_with_the_reading_side(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """The area under the page's curve is that under the points that `AccuracyTable.roc` gives."""
    value = open_run(made[0].root / made[1]).values("accuracy")[0].value
    table = parse_chart("accuracy_table", value)
    assert isinstance(table, AccuracyTable)
    points = table.roc("0")
    area = sum((b[0] - a[0]) * (b[1] + a[1]) / 2 for a, b in pairwise(points))
    open_value(quiet_page, made, "accuracy")
    assert f"0 {area:.3f}, 1" in summaries(quiet_page)[0]


def test_residuals_and_predictions(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """Residuals are bars, predictions points with their error; the numbers stand in a table below."""
    open_value(quiet_page, made, "residuals")
    assert summaries(quiet_page)[0] == "200 values in 12 bins from -1 to 1; mean about 0.01583."
    assert quiet_page.locator("rect.plot-bar").count() == 12
    open_value(quiet_page, made, "predictions")
    assert summaries(quiet_page)[0].startswith("Means of 200 predictions in 12 bins")
    assert quiet_page.locator("circle.plot-mark").count() == 12
    assert quiet_page.locator(".plot-label").all_text_contents()[:2] == ["true value", "mean of the predictions"]
    quiet_page.locator(".plot-table summary").first.click()
    quiet_page.locator(".plot-numbers tbody tr").first.wait_for()
    assert quiet_page.locator(".plot-numbers tbody tr").count() == 12


def test_histograms_over_steps(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """One step is bars with what is not finite said; all steps are ridges or cells, and a click chooses one."""
    open_value(quiet_page, made, "weights")
    quiet_page.locator("path.plot-ridge").first.wait_for()
    assert quiet_page.locator("path.plot-ridge").count() == 12
    assert quiet_page.locator("strong.cell-odd").text_content() == " not finite: NaN 1"
    assert "Distributions of 12 steps, 0 to 1100." in summaries(quiet_page)
    quiet_page.locator(".plot-figure select").select_option("heat")
    assert quiet_page.locator(".plot-heat").count() > 100
    quiet_page.locator(".plot-figure select").select_option("ridges")
    quiet_page.locator(".value-slider input").press("Home")
    quiet_page.get_by_text("step 0 (1 of 12)").wait_for()
    quiet_page.locator("path.plot-ridge").nth(4).dispatch_event("click")
    quiet_page.get_by_text("step 400 (5 of 12)").wait_for()
    assert "index=4" in quiet_page.url


def test_plots_are_named_pictures(made: tuple[Viewer, str], quiet_page: Page) -> None:
    """Every plot has the role of a picture, a title and a sentence that it is labelled by."""
    for name in ("rates", "confusion", "accuracy", "weights"):
        open_value(quiet_page, made, name)
        quiet_page.locator("svg.plot").first.wait_for()
        for plot in quiet_page.get_by_role("img").all():
            title, text = (plot.get_attribute("aria-labelledby") or "").split(" ")
            assert quiet_page.locator(f"#{title}").text_content()
            assert quiet_page.locator(f"#{text}").text_content()


def save(page: Page, tmp_path: Path, label: str) -> bytes:
    """Press a button that saves a picture, and return the file."""
    with page.expect_download() as waited:
        page.get_by_role("button", name=label).click()
    waited.value.save_as(tmp_path / "saved")
    return (tmp_path / "saved").read_bytes()


def size_of(picture: bytes) -> tuple[int, int]:
    """Return width and height of a PNG in pixels."""
    return int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])


def squares(svg: ElementTree.Element) -> int:
    """Return how many cells are shaded in a saved matrix."""
    return sum((path.get("d") or "").count("z") for path in svg.iter(f"{SVG}path"))


@pytest.mark.parametrize("width", [360, 1280])
def test_a_matrix_is_saved_whole(made: tuple[Viewer, str], quiet_page: Page, tmp_path: Path, width: int) -> None:
    """All classes are in the SVG, named in full; the PNG is whole too, and it is said when it had to be smaller."""
    value = open_run(made[0].root / made[1]).values("many classes")[0].value["data"]
    quiet_page.set_viewport_size({"width": width, "height": 700})
    open_value(quiet_page, made, "many classes")
    quiet_page.locator(".plot-matrix").wait_for()
    svg = ElementTree.fromstring(save(quiet_page, tmp_path, "Save many classes as SVG"))
    names = {text.text for text in svg.iter(f"{SVG}text")}
    assert names >= {"many classes", *(f"class {number}" for number in range(119)), LONG_LABEL}
    assert squares(svg) == sum(count > 0 for row in value["matrix"] for count in row)
    across, down = float(svg.get("width") or 0), float(svg.get("height") or 0)
    assert across > 120 * 20
    png = save(quiet_page, tmp_path, "Save many classes as PNG")
    assert png.startswith(b"\x89PNG")
    width_px, height_px = size_of(png)
    assert width_px * height_px <= 4096 * 4096
    assert abs(width_px / height_px - across / down) < 0.01
    said = quiet_page.locator(".plot-note").text_content() or ""
    assert said.startswith(f"The PNG has {width_px} \u00d7 {height_px} pixels")


def test_a_thousand_classes_are_saved_whole(tmp_path: Path, quiet_page: Page) -> None:
    """A matrix of a million cells is saved with each of them; it is told that a PNG of it has fewer pixels."""
    with start_run("large", root=tmp_path / "runs", capture=False) as run:
        row = [0] * 1000
        matrix = tuple((*row[:at], 5, *row[at + 1 :]) for at in range(1000))
        run.log_confusion_matrix("thousand", ConfusionMatrix(tuple(f"c{at}" for at in range(1000)), matrix))
    viewer = start(tmp_path / "runs")
    open_value(quiet_page, (viewer, f"large/{run.path.name}"), "thousand")
    quiet_page.locator(".plot-matrix").wait_for()
    svg = ElementTree.fromstring(save(quiet_page, tmp_path, "Save thousand as SVG"))
    assert squares(svg) == 1000
    assert {"c0", "c999"} <= {text.text for text in svg.iter(f"{SVG}text")}
    width, height = size_of(save(quiet_page, tmp_path, "Save thousand as PNG"))
    assert 4000 * 4000 < width * height <= 4096 * 4096
    quiet_page.get_by_text(f"The PNG has {width} \u00d7 {height} pixels").wait_for()
    viewer.stop()


def test_a_saved_plot_has_its_title_and_legend(made: tuple[Viewer, str], quiet_page: Page, tmp_path: Path) -> None:
    """What a page says around a plot is drawn into its file: what it is, and which line is which."""
    open_value(quiet_page, made, "accuracy")
    quiet_page.locator("path.plot-line").first.wait_for()
    svg = ElementTree.fromstring(save(quiet_page, tmp_path, "Save ROC as SVG"))
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    assert texts[0] == "ROC: accuracy roc"
    assert [text for text in texts if text and "AUC" in text] == ["0: AUC 0.836", "1: AUC 1.000", "2: AUC 1.000"]


@pytest.mark.parametrize(("theme", "language"), [("light", "en-US"), ("dark", "ja-JP")])
def test_every_type_is_shown(
    made: tuple[Viewer, str], browser: Browser, noise: Noise, theme: Literal["light", "dark"], language: str
) -> None:
    """Each value of the run opens in both themes and languages without a complaint, and its texts can be read."""
    context = browser.new_context(locale=language, color_scheme=theme)
    page = context.new_page()
    noise.watch(page)
    for run, name, kind in all_values(made[0]):
        open_value(page, (made[0], run), name)
        page.locator(SHOWN_AS[kind]).first.wait_for()
        assert page.locator(".value-body .problem").count() == 0
        assert page.evaluate(CUT_TEXTS) == []
        assert page.evaluate(FAINT_TEXTS) == []
    context.close()
    assert noise.errors == []


def all_values(viewer: Viewer) -> list[tuple[str, str, str]]:
    """Return run, name and type of all that was logged; every type of docs/format.md is among them."""
    runs = {run: open_run(viewer.root / run) for run in keys(viewer.root, "values")}
    found = {(run, value.name): value.type for run, reader in runs.items() for value in reader.values()}
    assert set(found.values()) == SHOWN_AS.keys()
    return [(run, name, kind) for (run, name), kind in found.items()]


@pytest.mark.parametrize("kind", ["SVG", "PNG"])
def test_a_plot_is_saved(made: tuple[Viewer, str], quiet_page: Page, tmp_path: Path, kind: str) -> None:
    """A saved picture stands by itself: colours are written into it, twice the size as PNG."""
    open_value(quiet_page, made, "residuals")
    quiet_page.locator("rect.plot-bar").first.wait_for()
    with quiet_page.expect_download() as waited:
        quiet_page.get_by_role("button", name=f"Save Residuals as {kind}").click()
    path = tmp_path / "saved"
    waited.value.save_as(path)
    assert waited.value.suggested_filename == f"residuals.{kind.lower()}"
    data = path.read_bytes()
    if kind == "SVG":
        assert b'fill="rgb(0, 114, 178)"' in data
        assert b"class=" not in data
    else:
        width = quiet_page.locator("svg.plot").first.get_attribute("width")
        assert data.startswith(b"\x89PNG")
        assert int.from_bytes(data[16:20]) == 2 * int(width or 0)


@pytest.mark.parametrize("name", ["history", "samples", "many classes", "accuracy", "weights", "nested"])
def test_a_narrow_page_does_not_overflow(made: tuple[Viewer, str], quiet_page: Page, name: str) -> None:
    """At 360 px no value makes the page wider than its window."""
    quiet_page.set_viewport_size({"width": 360, "height": 700})
    open_value(quiet_page, made, name)
    quiet_page.locator(".value-body table, .value-body svg, .value-body img, .tree").first.wait_for()
    assert quiet_page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_new_values_appear(tmp_path: Path, quiet_page: Page) -> None:
    """A value that a running run logs appears by itself, in the list of names too, and the choice stays."""
    with start_run("live", root=tmp_path / "runs", capture=False) as run:
        run.log_text("note", "one")
        viewer = start(tmp_path / "runs")
        key = f"live/{run.path.name}"
        open_value(quiet_page, (viewer, key), "note")
        quiet_page.locator(".value-texts pre").wait_for()
        run.log_text("note", "two")
        run.log_list("rates", [1, 2])
        quiet_page.locator(".value-texts pre", has_text="two").wait_for()
        assert quiet_page.locator(".value-name").all_text_contents() == ["note", "rates"]
        assert quiet_page.locator(".value-texts pre").all_text_contents() == ["one", "two"]
    viewer.stop()
