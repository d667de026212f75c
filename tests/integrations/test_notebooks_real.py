"""Runs in the programs that show notebooks: JupyterLab in a browser, nbconvert, marimo, old and new kernels."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import SOURCE
from tests.integrations.jupyter import Jupyter, environment, without_network
from tests.notebook.kernels import Executed
from tests.viewer.conftest import PATIENCE_S, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

for _module in ("anywidget", "ipykernel", "nbclient", "nbformat"):
    pytest.importorskip(_module, reason=f"notebooks need {_module}: pip install 'runlogging[test]'")

MOST_STATE = 200_000
# The cell goes on until the test has seen enough.
TRAIN = """
import pathlib, time
from runlogging import start_run
from runlogging.notebook import RunDetails

run = start_run("live", "runs")
RunDetails(run).show()
step = 0
until = time.monotonic() + 30
while not pathlib.Path("enough").exists() and time.monotonic() < until:
    run.log_metrics({"loss": 1 / (step + 1), "accuracy": step / (step + 10)}, step=step)
    step += 1
    time.sleep(0.05)
run.complete()
"""
TRAIN_SHORTLY = TRAIN.replace("while not", "while step < 30 or not")
MAKE = """
from runlogging import start_run
from runlogging.run import Experiment

with start_run("shown", "runs", name="kept", capture=False) as run:
    for step in range(20):
        run.log("loss", 1 / (step + 1), step=step)
"""
HOSTILE = """
from IPython.display import HTML, display
display(HTML("<p id=sign>here</p><svg id=drawn></svg><script>window.hacked = true</script>"))
"""
# Whether all pictures of the outputs are really drawn.
DRAWN = """() => {
  const found = [...document.querySelectorAll("OUTPUT img")];
  return found.filter((one) => one.complete && one.naturalWidth > 50 && one.alt).map((one) => one.alt);
}"""
LAB_PICTURES = DRAWN.replace("OUTPUT", ".jp-OutputArea-output")


def book_of(*cells: str) -> Any:
    """Return a notebook of some cells that did not run."""
    from nbformat import v4

    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made: Any = v4
    return made.new_notebook(cells=[made.new_code_cell(cell) for cell in cells], metadata={"kernelspec": spec})


def executed(book: Any, base: Path) -> Any:
    """Run a notebook's cells with nbclient, in a folder; return it with its outputs."""
    from nbclient import NotebookClient

    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(base).items():
            patch.setenv(name, value)
        NotebookClient(book, kernel_name="python3", timeout=100).execute(cwd=str(base))
    return book


def data_of(cell: Any) -> dict[str, Any]:
    """Return the data of a cell's only output, by media type."""
    (output,) = [output for output in cell["outputs"] if "data" in output]
    return {kind: "".join(value) if isinstance(value, list) else value for kind, value in output["data"].items()}


# ---------------------------------------------------------------------- JupyterLab


def test_a_cell_that_trains_is_live_in_jupyterlab(jupyter: Jupyter, context: BrowserContext, page: Page) -> None:
    """Offline, the widget's figures move while the cell runs; at its end a picture stays, and without a kernel too."""
    refused = without_network(context)
    path = jupyter.write("train.ipynb", book_of(TRAIN))
    jupyter.open(page, path.name)
    jupyter.wait_for_kernel(page)
    page.locator(".jp-CodeCell .cm-content").click()
    page.keyboard.press("Control+Enter")
    seen: set[str] = set()

    def has_moved() -> bool:
        page.wait_for_timeout(50)
        assert page.locator(".jp-CodeCell .jp-InputPrompt").inner_text() == "[*]:", "the cell ended before"
        seen.update(page.locator(".runlogging-details .rl-value").all_inner_texts()[:1])
        return len(seen) > 3

    page.wait_for_selector(".runlogging-details figure path")
    wait_until(has_moved, "the figures of the widget move")
    assert page.locator(".rl-status").inner_text() == "Running"
    (jupyter.root / "enough").touch()
    wait_until(lambda: _saved(page, path), "the notebook is stored with the picture")
    data = data_of(json.loads(path.read_text(encoding="utf-8"))["cells"][0])
    assert set(data) == {"text/html", "text/plain"}
    assert "data:image/svg+xml;base64," in data["text/html"]
    assert path.stat().st_size < MOST_STATE
    _reopen_without_kernel(jupyter, context, path)
    assert refused == []


def _saved(page: Page, path: Path) -> bool:
    page.wait_for_timeout(100)
    if len(page.evaluate(LAB_PICTURES)) < 2:
        return False
    page.keyboard.press("Control+s")
    return "data:image" in path.read_text(encoding="utf-8")


def _reopen_without_kernel(jupyter: Jupyter, context: BrowserContext, path: Path) -> None:
    """Show a stored notebook in a page that gets no kernel: its pictures are there."""
    jupyter.end_kernels()
    page = context.new_page()
    page.route("**/api/sessions**", lambda route: route.fallback() if route.request.method == "GET" else route.abort())
    jupyter.open(page, path.name)
    page.wait_for_function(f"() => ({LAB_PICTURES})().length === 2")
    assert jupyter.ask("GET", "sessions") == []
    assert page.locator(".jp-OutputArea-output", has_text="Completed").count() == 1


def test_an_untrusted_notebook_keeps_its_pictures(
    jupyter: Jupyter, context: BrowserContext, page: Page, tmp_path: Path
) -> None:
    """What a run and an experiment say of themselves passes JupyterLab's sanitizer whole; scripts and svg do not."""
    refused = without_network(context)
    book = executed(book_of(MAKE, "run", 'Experiment("runs", "shown")', HOSTILE), tmp_path)
    for cell in book["cells"][1:3]:
        assert "<svg" not in data_of(cell)["text/html"]
    jupyter.write("untrusted.ipynb", book)
    jupyter.open(page, "untrusted.ipynb")
    page.wait_for_function(f"() => ({LAB_PICTURES})().length === 2")
    assert page.evaluate(LAB_PICTURES) == ["loss", "loss"]
    page.wait_for_selector("#sign, .jp-OutputArea-output:has-text('here')")
    assert page.locator("#drawn").count() == 0
    assert page.evaluate("window.hacked") is None
    assert page.locator(".jp-OutputArea-output th", has_text="experiment").count() == 1
    assert page.locator(".jp-OutputArea-output td", has_text="kept").count() == 2
    assert refused == []
    jupyter.end_kernels()


# ---------------------------------------------------------------------- nbconvert


def test_nbconvert_keeps_the_picture(context: BrowserContext, page: Page, tmp_path: Path) -> None:
    """A notebook that trained, as HTML of nbconvert, shows the pictures from its file, without a network."""
    if importlib.util.find_spec("nbconvert") is None:
        pytest.skip("nbconvert is not installed: pip install 'runlogging[integrations]'")
    (tmp_path / "enough").touch()
    book = executed(book_of(TRAIN_SHORTLY, MAKE, "run"), tmp_path)
    (tmp_path / "book.ipynb").write_text(json.dumps(book), encoding="utf-8")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "book.ipynb"]
    subprocess.run(command, cwd=tmp_path, env=environment(tmp_path), check=True, capture_output=True, timeout=100)
    without_network(context)
    page.goto((tmp_path / "book.html").as_uri(), wait_until="domcontentloaded")
    page.wait_for_function(f"() => ({LAB_PICTURES})().length === 3")
    assert sorted(page.evaluate(LAB_PICTURES)) == ["accuracy", "loss", "loss"]


def test_what_is_stored_needs_no_widget(tmp_path: Path) -> None:
    """A stored notebook has HTML with base64 pictures and text, no widget: what GitHub and nbviewer show."""
    (tmp_path / "enough").touch()
    book = executed(book_of(TRAIN_SHORTLY, MAKE, "run"), tmp_path)
    for cell in (book["cells"][0], book["cells"][2]):
        data = data_of(cell)
        assert set(data) == {"text/html", "text/plain"}
        assert 'src="data:image/svg+xml;base64,' in data["text/html"]
        assert not any(f"<{name}" in data["text/html"] for name in ("svg", "style", "script", "iframe"))
    assert len(json.dumps(book)) < MOST_STATE


# ---------------------------------------------------------------------- kernels

# The oldest of the sixth and seventh series on PyPI that starts beside today's IPython, and the two ends of changes in
# who may send from a thread.
KERNELS = ["6.0.3", "6.29.5", "7.0.0"]


@pytest.mark.parametrize("version", [*KERNELS, "installed"])
def test_kernels_old_and_new(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The widget is told while the cell trains, and the notebook keeps the picture, whatever ipykernel runs it."""
    path = str(SOURCE) if version == "installed" else f"{_kernel(version, tmp_path / 'packages')}:{SOURCE}"
    (tmp_path / "enough").touch()
    said = "import ipykernel; print(ipykernel.__version__)"
    done = Executed([TRAIN_SHORTLY, said], tmp_path, monkeypatch, PYTHONPATH=path)
    assert version in (done.book.cells[1]["outputs"][0]["text"].strip(), "installed")
    assert len(done.news()) >= 3
    assert set(done.output(0)) == {"text/html", "text/plain"}
    assert "data:image/svg+xml;base64," in done.output(0)["text/html"]


def _kernel(version: str, target: Path) -> Path:
    """Return a folder with an ipykernel of a version; skip where there is no index of packages."""
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target)]
    done = subprocess.run(
        [*command, f"ipykernel=={version}", "ipython_genutils"], capture_output=True, text=True, timeout=100
    )
    if done.returncode:
        pytest.skip(f"ipykernel {version} cannot be installed here: {done.stderr.strip().splitlines()[-1]}")
    return target


# ---------------------------------------------------------------------- marimo


def test_marimo_exports_the_picture(tmp_path: Path) -> None:
    """A marimo notebook with a run and its details, exported as HTML, holds both as HTML with their pictures."""
    if importlib.util.find_spec("marimo") is None:
        pytest.skip("marimo is not installed: pip install 'runlogging[integrations]'")
    book = tmp_path / "book.py"
    book.write_text(Path(__file__).with_name("programs").joinpath("marimo_book.py").read_text("utf-8"), "utf-8")
    command = [sys.executable, "-m", "marimo", "-q", "export", "html", book.name, "-o", "book.html"]
    subprocess.run(
        command, cwd=tmp_path, env=environment(tmp_path), check=True, capture_output=True, timeout=PATIENCE_S * 3
    )
    text = (tmp_path / "book.html").read_text(encoding="utf-8")
    assert text.count("data:image/svg+xml;base64,") == 2
