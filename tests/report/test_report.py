"""The report as text: what stands in it, and that nothing in it can act."""

from __future__ import annotations

import builtins
import json
import logging
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, MetricNotFoundError, start_run
from runlogging.reading import RunReader, open_run
from runlogging.report import report_html, write_report
from tests.report.conftest import PNG

_OPEN = frozenset({"meta", "img", "br"})
_ACTIVE = frozenset({"script", "link", "iframe", "object", "embed", "form", "base", "audio", "video", "foreignobject"})


class _Page(HTMLParser):
    """A page that checks its elements as they come."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.images: list[str] = []
        self.counts: dict[str, int] = {}
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert {link.removeprefix("#") for link in self.links} == set(self.ids)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in _ACTIVE
        self.counts[tag] = self.counts.get(tag, 0) + 1
        for name, value in attrs:
            assert not name.startswith("on")
            assert name != "style"
            if name == "src":
                self.images.append(value or "")
            if name in ("src", "href"):
                assert (value or "").startswith(("data:image/", "#"))
            if name == "href":
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag not in _OPEN:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All texts, joined."""
        return "\n".join(self.texts)


def page_of(*runs: RunReader, **options: Any) -> _Page:
    """Return the checked report of some runs."""
    return _Page(report_html(list(runs), **options))


def test_every_kind_of_value_is_there(everything: RunReader) -> None:
    """Each value has its picture or its text, and no name or text becomes an element."""
    page = page_of(everything)
    for expected in (
        *("all of them (kinds)", "train/loss (1 NaN)", "val/loss", "confusion", "rates: ROC", "residuals"),
        *("predictions", "by class", "alphas", "folds", "weights", "first\n<script>alert(1)</script>"),
        *("6 pictures, 4 of them shown.", "31 entries: 1 ERROR, 30 WARNING.", "batch %d is slow", "KeyError: 'shape'"),
        *("\\x1b[31m", "\\u202e", "Environment", "dots"),
    ):
        assert expected in page.text, expected
    assert page.counts["svg"] >= 9
    assert len(page.images) == 4


def test_it_is_small_and_strict(everything: RunReader) -> None:
    """The page forbids itself all that it does not need, and needs no other file."""
    text = unescape(report_html(everything))
    assert "default-src 'none'" in text
    assert "http://" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "url(" not in text
    assert "@import" not in text
    assert len(text) < 400_000


def test_a_failed_run_begins_with_its_exception(three: list[RunReader]) -> None:
    """The exception and the last lines come before everything else."""
    page = page_of(three[2])
    assert page.ids[0] == "end"
    place = page.text.index
    assert place("ValueError: loss is <not> finite") < place("cannot go on") < place("Summary\nstatus")


def test_several_runs_say_what_differs(three: list[RunReader]) -> None:
    """Curves are overlaid, equal parameters left out, and new errors named."""
    page = page_of(*three)
    assert page.ids == ["runs", "end", "differences", "metrics", "log"]
    assert "optimizer.rate" in page.text
    assert "\nsame\n" not in page.text
    assert {"base train/loss", "faster val/loss", "bad val/loss"} <= set(page.texts)
    assert "cannot go on" in page.text


def test_metrics_and_title_are_chosen(everything: RunReader) -> None:
    """Only the metric that was asked for is there, under the title that was given."""
    page = page_of(everything, title="<Title>", metrics=["once"])
    assert "<Title>" in page.texts
    assert "train/loss" not in page.text
    with pytest.raises(MetricNotFoundError, match="train/loss"):
        report_html(everything, metrics=["train/los"])


@pytest.mark.parametrize("runs", [[], "twice"], ids=["none", "twice"])
def test_bad_lists_of_runs(runs: Any, three: list[RunReader]) -> None:
    """No run, and a run given twice, are refused."""
    with pytest.raises(InvalidValueError):
        report_html([three[0], three[0]] if runs else [])
    with pytest.raises(InvalidValueError):
        report_html(three[0], max_charts=-1)


def test_ten_thousand_metrics(tmp_path: Path) -> None:
    """The first forty families are drawn, all metrics are in the table, and the page says so."""
    with start_run("many", root=tmp_path) as run:
        for step in range(2):
            run.log_metrics({f"train/metric {number}": number + step for number in range(10_000)}, step=step)
    page = page_of(open_run(run.path))
    assert "10,000 metrics: the first 40 are drawn, in 40 charts; the table has all of them." in page.texts
    assert page.counts["svg"] == 40
    assert {f"train/metric {number}" for number in range(10_000)} <= set(page.texts)


def test_twenty_charts_of_long_runs_are_under_two_megabytes(tmp_path: Path) -> None:
    """Charts are as large as their pixels, not as their points."""
    with start_run("long", root=tmp_path) as run:
        for step in range(3_000):
            values = {f"metric {number}": (step * 7919 + number * 31) % 1009 / 7 for number in range(20)}
            run.log_metrics(values, step=step)
    text = report_html(open_run(run.path))
    assert text.count("<svg") == 20
    assert len(text) < 2_000_000


def test_an_empty_run(tmp_path: Path) -> None:
    """A run without a line has a report."""
    with start_run("empty", root=tmp_path) as run:
        pass
    assert page_of(open_run(run.path)).ids[0] == "summary"


def test_a_damaged_run(three: list[RunReader]) -> None:
    """Torn lines and values that are none are said, and the rest is there."""
    run = three[0]
    bad = [
        {"name": "matrix", "type": "confusion_matrix", "value": {"data": 3}},
        {"name": "histogram", "type": "histogram", "value": {"counts": ["x"], "edges": [1]}},
        {"name": "table", "type": "table", "value": [1, 2]},
        {"name": "picture", "type": "image", "artifact": "images/gone.png"},
        {"name": "far", "type": "image", "artifact": "../../run.json"},
        {"name": "huge", "type": "text", "artifact": "gone"},
    ]
    line = json.dumps({"time": "2026-01-01T00:00:00.000000Z", "values": bad})
    (run.path / "values.jsonl").write_text(f"{line}\n{{broken\n", encoding="utf-8")
    with (run.path / "metrics.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"time":"2026-01-01T00:00:00.000000Z","metrics":{"train/loss":"x","val/loss":true,"lr":{}}}\n')
    page = page_of(run)
    assert page.text.count("This value cannot be shown:") == 4
    assert page.text.count("This picture cannot be shown:") == 2
    assert "problems" in page.ids
    assert page.counts["svg"] >= 1


def test_several_runs_say_which_is_damaged(odd: list[RunReader]) -> None:
    """Bad lines are told of under the name of their run, and runs without them are not named there."""
    page = page_of(*odd)
    assert page.ids[-1] == "problems"
    told = page.text.partition("Written")[2].rpartition("Problems of the folders")[2]
    assert "\ndamaged\n" in told
    assert "その一" not in told
    assert "no line of the format" in told


def test_metrics_without_a_finite_value_are_drawn_and_counted(odd: list[RunReader]) -> None:
    """What is never finite has a chart of marks, which counts them."""
    page = page_of(odd[0], metrics=["nan", "inf"])
    assert {"nan (40 NaN)", "inf (20 Infinity, 20 -Infinity)"} <= set(page.texts)
    assert page.counts["svg"] == 2


def test_a_file_that_is_no_picture_stays_out(tmp_path: Path) -> None:
    """What is taken into the page is what its first bytes say, whatever its name is."""
    (tmp_path / "dot.png").write_bytes(PNG)
    with start_run("images", root=tmp_path) as run:
        run.log_image("dot", path=tmp_path / "dot.png")
    reader = open_run(run.path)
    (picture,) = (reader.path / "artifacts").rglob("*.png")
    picture.write_text("<html>secret</html>", encoding="utf-8")
    page = page_of(reader)
    assert "no picture that this page can hold" in page.text
    assert page.images == []


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    """A picture of some megabytes is taken in with fewer pixels."""
    numpy = pytest.importorskip("numpy")
    with start_run("images", root=tmp_path) as run:
        noise = numpy.random.default_rng(1).integers(0, 255, (1500, 1500, 3), dtype="uint8")
        run.log_image("noise", plot=noise)
    page = page_of(open_run(run.path))
    assert len(page.images) == 1
    assert len(page.images[0]) < 1_400_000


def test_large_pictures_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Pillow a picture that is too large is left out, which the page says."""
    numpy = pytest.importorskip("numpy")
    with start_run("images", root=tmp_path) as run:
        run.log_image("noise", plot=numpy.random.default_rng(1).integers(0, 255, (700, 700, 3), dtype="uint8"))
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "PIL":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    page = page_of(open_run(run.path))
    assert page.images == []
    assert "is left out, so that this page stays small." in page.text


def test_writers_have_lines_of_their_own(tmp_path: Path) -> None:
    """A metric of two writers is two curves, and attempts of the owner are one."""
    with start_run("ranks", root=tmp_path) as run:
        for step in range(3):
            run.log("loss", step, step=step)
    lines = (run.path / "metrics.jsonl").read_text()
    for writer in ("rank1", "main-2"):
        (run.path / f"metrics.{writer}.jsonl").write_text(lines)
    page = page_of(open_run(run.path))
    assert {"loss", "loss, rank1"} <= set(page.texts)
    assert "loss, main-2" not in page.texts


def test_long_logs_show_both_ends(tmp_path: Path) -> None:
    """Of a long log the first ten and the last thirty entries are there."""
    log = logging.getLogger("report.test")
    with start_run("long", root=tmp_path) as run:
        log.setLevel("INFO")
        for number in range(100):
            log.info("entry %03d", number)
    text = page_of(open_run(run.path)).text
    assert "entry 009" in text
    assert "entry 010" not in text
    assert "entry 069" not in text
    assert "entry 070" in text


def test_it_is_written_whole(everything: RunReader, tmp_path: Path) -> None:
    """The file is replaced, its folder made, and no other file left."""
    target = tmp_path / "new" / "report.html"
    assert write_report(everything, target) == target
    before = target.read_bytes()
    assert write_report(everything, target, title="other") == target
    assert target.read_bytes() != before
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]
