"""Cells in a real kernel: what is sent while a cell trains, and what is left in the notebook."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.notebook.kernels import Executed

for _module in ("anywidget", "ipykernel", "nbclient", "nbformat"):
    pytest.importorskip(_module, reason=f"notebooks need {_module}: pip install 'runlogging[test]'")

VIEW = "application/vnd.jupyter.widget-view+json"
TRAIN = """
import time
from runlogging import start_run
from runlogging.notebook import RunDetails

run = start_run("live", "runs")
details = RunDetails(run)
details.show()
until = time.monotonic() + 2.0
step = 0
while time.monotonic() < until:
    run.log_metrics({"loss": 1 / (step + 1), "<img src=x onerror=alert(1)>": step}, step=step)
    step += 1
    time.sleep(0.002)
"""
THREADS = """
import threading
print([thread.name for thread in threading.enumerate() if "runlogging" in thread.name], details.is_live)
"""


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    """Give a patch for all tests of this file."""
    with pytest.MonkeyPatch.context() as patched:
        yield patched


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Executed:
    """Return a notebook whose first cell trains, and whose third ends the run."""
    cells = [TRAIN, THREADS, "run.complete()", THREADS]
    return Executed(cells, tmp_path_factory.mktemp("trained"), patch)


def test_points_arrive_while_the_cell_trains(trained: Executed) -> None:
    """Messages come before the cell ends, numbered without a gap, and no more than 4 in any second."""
    news = trained.news()
    cells = [message["cell"] for _, message in trained.comms("comm_msg")]
    assert cells.count(0) >= 3
    numbers = [content["number"] for _, content, _ in news]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    # Arrivals may be late by a scheduler's turn, so the kernel's own clock counts.
    times = [message["header"]["date"].timestamp() for _, message in trained.comms("comm_msg")]
    assert all(times[place + 4] - times[place] >= 1 for place in range(len(times) - 4))


def test_points_are_binary(trained: Executed) -> None:
    """Curves are float64 columns beside the message, x and y of each; the text has none of them."""
    _, content, buffers = trained.news()[1]
    assert len(buffers) == 2 * len(content["curves"]) == 4
    assert all(len(buffer) % 8 == 0 and buffer for buffer in buffers)
    assert set(content["curves"][0]) == {"name", "place", "replaces", "writer"}


def test_a_picture_is_left(trained: Executed) -> None:
    """After the run's end the notebook has HTML with pictures and text, no widget, and nothing that runs."""
    data = trained.output(0)
    assert set(data) == {"text/html", "text/plain"}
    assert "Completed" in data["text/html"]
    assert 'src="data:image/svg+xml' in data["text/html"]
    assert "<img src=x" not in data["text/html"]
    assert "&lt;img src=x" in data["text/html"]
    assert "Completed" in data["text/plain"]


def test_the_thread_ends_with_the_run(trained: Executed) -> None:
    """While the run is open there is one thread, afterwards none."""
    printed = ["".join(output["text"] for output in trained.book.cells[cell].outputs) for cell in (1, 3)]
    assert printed == ["['runlogging-notebook'] True\n", "[] False\n"]


def test_an_open_run_has_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook stored in the middle has the widget, and a picture as of the end of the cell."""
    again = TRAIN.replace("+ 2.0", "+ 0.6")
    trained = Executed([again], tmp_path, monkeypatch)
    data = trained.output(0)
    assert VIEW in data
    assert "Running" in data["text/html"]
    assert 'src="data:image/svg+xml' in data["text/html"]


def test_closing_ends_the_updates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing details or the widget leaves a picture and no thread."""
    close = "import ipywidgets\nipywidgets.Widget.close_all()\ntime.sleep(0.6)"
    short = TRAIN.replace("+ 2.0", "+ 0.3")
    executed = Executed([short + "details.close()", THREADS, "details.show()", close, THREADS], tmp_path, monkeypatch)
    for shown in (0, 2):
        assert VIEW not in executed.output(shown)
    for cell in (1, 4):
        assert executed.book.cells[cell].outputs[0]["text"] == "[] False\n"


def test_a_cell_that_runs_again_has_one_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a front end calls the same cell ends its earlier outputs; two outputs of one execution are both live."""
    called = "import IPython\nIPython.get_ipython().get_parent()['metadata']['cellId'] = 'one'\n"
    begin = "from runlogging import start_run\nfrom runlogging.notebook import RunDetails\nrun = start_run()\n"
    show = "details = RunDetails(run)\nRunDetails(run).show()\ndetails.show()"
    executed = Executed([called + begin + show, THREADS, called + show, THREADS], tmp_path, monkeypatch)
    for cell in (1, 3):
        expected = "['runlogging-notebook', 'runlogging-notebook'] True\n"
        assert executed.book.cells[cell].outputs[0]["text"] == expected


def test_without_anywidget_the_html_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the output is HTML that follows the run, at most once a second."""
    hidden = "import sys\nsys.modules['anywidget'] = None\n"
    executed = Executed([hidden + TRAIN.replace("+ 2.0", "+ 2.6") + "run.complete()"], tmp_path, monkeypatch)
    assert executed.comms("comm_open") == []
    assert 2 <= len(executed.comms("update_display_data")) <= 4
    assert set(executed.output(0)) == {"text/html", "text/plain"}
    assert "Completed" in executed.output(0)["text/html"]
