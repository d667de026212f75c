"""The names of ``azureml.widgets``."""

from __future__ import annotations

import logging
import math
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from runlogging import Run, RunHandler, open_run, start_run
from runlogging.azureml.widgets import RunDetails
from tests.conftest import SOURCE

HOSTILE = "<script>alert(1)</script>&\"'\x1b[31m\n\u202e"


class Cells(HTMLParser):
    """The texts of a table's cells, and which elements there are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.add(tag)
        if tag == "img":  # it has no end
            assert [name for name, _ in attrs] == ["src", "alt", "width"]
            assert dict(attrs)["src"].startswith("data:image/svg+xml;base64,")
            return
        self.open.append(tag)
        assert [name for name, _ in attrs] in ([], ["style"])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def run(tmp_path: Path, logger: logging.Logger) -> Run:
    """Give a run that ended, with something of everything."""
    with start_run("shown", tmp_path / "runs", name=HOSTILE, tags={HOSTILE: HOSTILE, "plain": None}) as started:
        handler = RunHandler(tmp_path / "runs", "shown", run_id=started.id)
        logger.addHandler(handler)
        for number in range(15):
            logger.info("line %d %s", number, HOSTILE)
        handler.close()
        for step, loss in enumerate((1.0, 0.25, math.nan)):
            started.log("loss", loss, step=step)
        started.log("acc", 0.5)
        started.log(HOSTILE, HOSTILE)
        started.log_row("rows", a=1)
        started.log_row("rows", a=2)
        (tmp_path / "file.txt").write_text("12345", encoding="utf-8")
        started.upload_file("outputs/model.pkl", tmp_path / "file.txt")
    return started


def test_html_escapes_everything(run: Run) -> None:
    """Nothing that was logged becomes an element or a control character."""
    html = RunDetails(run)._repr_html_()
    cells = Cells(html)
    assert cells.open == []
    assert cells.elements == {"div", "table", "tr", "td", "th", "img"}
    assert all(text.isprintable() for text in cells.texts)
    shown = HOSTILE.replace("\x1b", "\\x1b").replace("\n", "\\n").replace("\u202e", "\\u202e")
    assert cells.texts.count(shown) == 1  # the run's name
    assert any(text.startswith(f"{shown}={shown}") for text in cells.texts)  # the tag


def test_html_has_no_colour_of_its_own(run: Run) -> None:
    """It is readable in dark and light themes: no colours outside of the pictures, and no scripts."""
    html = RunDetails(run)._repr_html_()
    assert "script>" not in html.replace("&lt;script&gt;", "").replace("&lt;/script&gt;", "")
    assert set(re.findall(r"(?:background|[^-]color)[^;\"]*", html)) == set()
    assert re.findall(r"rgba?\(", html) == []


def test_the_data_is_plain(run: Run) -> None:
    """Metrics have their last value and count, and the log its last lines."""
    data = RunDetails(run).get_widget_data()
    assert (data["run_id"], data["status"], data["experiment"]) == (run.id, "Completed", "shown")
    assert data["metrics"]["loss"] == {"count": 3, "last": None, "min": 0.25, "max": 1.0, "nonfinite": 1}
    assert data["metrics"]["acc"]["last"] == 0.5
    assert data["values"]["rows"] == {"count": 2, "type": "row", "last": None}
    assert data["values"][HOSTILE]["last"] == HOSTILE
    assert data["files"] == {"outputs/model.pkl": 5}
    assert len(data["logs"]) == 10
    assert "line 14" in data["logs"][-1]
    assert data["started"].endswith("+00:00")
    assert data["tags"] == {HOSTILE: HOSTILE, "plain": None}


def test_elsewhere_it_is_printed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a notebook the same is text, one line a row."""
    RunDetails(run).show(render_lib=None, widget_settings={})
    text = capsys.readouterr().out
    assert re.search(r"^status +Completed$", text, re.M)
    assert re.search(r"^loss +3 +not finite +0\.25 +1$", text, re.M)
    assert re.search(r"^outputs/model\.pkl +5 bytes$", text, re.M)
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_reader_and_an_empty_run_are_shown(tmp_path: Path) -> None:
    """A run that has nothing yet is a table of what it is; a reader does as well as a run."""
    with start_run("empty", tmp_path / "runs") as started:
        details = RunDetails(open_run(started.path))
        assert details.get_widget_data()["status"] == "Running"
        assert "Metrics" not in details._repr_html_()
        assert repr(details) == f"<RunDetails of run {started.id}>"


def test_many_metrics_are_cut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The tables have 15 and 100 rows and say how many more there are; the data has all."""
    with start_run("many", tmp_path / "runs") as started:
        started.log_metrics({f"metric {number}": number for number in range(150)})
        started.log("huge", 10**5000)
    details = RunDetails(started)
    assert len(details.get_widget_data()["metrics"]) == 151
    texts = Cells(details._repr_html_()).texts
    assert "136 more metrics" in texts
    assert sum(text.startswith("metric ") for text in texts) == 15
    details.show()
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("... and 51 more") for line in lines)
    assert sum(line.startswith("metric ") for line in lines) == 101  # with the heading


def test_a_notebook_displays_html(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel ``show`` displays the table, and prints nothing."""
    nbformat = pytest.importorskip("nbformat")
    client = pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    with start_run("notebook", tmp_path / "runs") as started:
        started.log("loss", 0.5)
    source = (
        "from runlogging import open_run\nfrom runlogging.azureml.widgets import RunDetails\n"
        f"RunDetails(open_run({str(started.path)!r})).show()"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    client.NotebookClient(notebook, timeout=60, kernel_name="python3").execute(cwd=str(tmp_path))
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert ">loss</td>" in output.data["text/html"]
    assert re.search(rf"^run +{started.id}$", output.data["text/plain"], re.M)
