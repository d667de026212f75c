"""The notebooks run as a user would run them, in a folder of their own, and leave the runs that they tell of.

Each is executed twice in the same folder, by this interpreter. A cell of ours at the front of the copy turns warnings
of this package into errors, and refuses the network and any file outside the working directory. The cells that
fetch packages or images are left out, in the way the notebook itself offers.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import runlogging
from tests.conftest import SOURCE, only_run, read_lines

for _module, _extra in (("sklearn", "samples"), ("matplotlib", "samples"), ("nbclient", "test"), ("ipykernel", "test")):
    pytest.importorskip(_module, reason=f"the notebooks need {_module}: pip install 'runlogging[{_extra}]'")

SAMPLES = Path(__file__).parents[1] / "samples"
NAMES = ("logging_api", "manage_runs", "train_on_local")
GUARD_ID = "guard"

GUARD = """
import os
import sys
import warnings

warnings.filterwarnings("error", module=r"runlogging(\\.|$)")


def _refuse(event, arguments, here=os.path.realpath(".")):
    if event == "socket.getaddrinfo" or (event == "socket.connect" and not isinstance(arguments[1], str | bytes)):
        raise RuntimeError(f"{event}: the network is out of bounds")
    if event == "open" and isinstance(arguments[0], str) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        path = os.path.realpath(arguments[0])
        # matplotlib keeps a list of fonts for the user.
        if not path.startswith((here + os.sep, "/dev/")) and "matplotlib" not in path:
            raise RuntimeError(f"{path} is outside the working directory")


sys.addaudithook(_refuse)
"""

# In a process of its own: what zmq and asyncio have to say of their sockets and loops at its end is not ours.
RUNNER = """
import sys

import nbformat
from nbclient import NotebookClient

source, target = sys.argv[1:]
book = nbformat.read(source, as_version=4)
try:
    NotebookClient(book, kernel_name="python3", timeout=60).execute()
finally:
    nbformat.write(book, target)
"""


class Executed(NamedTuple):
    """A notebook after it ran."""

    once: Path
    """Its working directory, as it was after the first time."""
    twice: Path
    """The same directory, after the second time."""
    book: dict[str, Any]
    """The notebook with the outputs of the first time."""

    def output(self, cell: str) -> str:
        """Return what a cell printed and showed, as text."""
        (found,) = [one for one in self.book["cells"] if one["id"] == cell]
        # What is printed may come in several pieces, cut anywhere.
        printed = "".join("".join(one["text"]) for one in found["outputs"] if "text" in one)
        shown = ["".join(one["data"]["text/plain"]) for one in found["outputs"] if "data" in one]
        return "\n".join(filter(None, [printed, *shown]))

    def runs(self) -> list[runlogging.RunReader]:
        """Return the runs of the first time in the order in which they began."""
        found = [runlogging.open_run(path.parent) for path in self.once.glob("runs/*/*/run.json")]
        return sorted(found, key=lambda run: run.number or 0)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return an environment whose kernel python3 is this interpreter, with nothing of ours in it but the package."""
    base = tmp_path_factory.mktemp("jupyter")
    spec = base / "kernels" / "python3"
    spec.mkdir(parents=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": command, "display_name": "Python 3", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(kernel), encoding="utf-8")
    outside = re.compile(r"RUNLOGGING_|SLURM_|OMPI_|PMI_|RANK$|PYTHONWARNINGS$")
    kept = {key: value for key, value in os.environ.items() if not outside.match(key)}
    return kept | {
        "PYTHONPATH": str(SOURCE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "JUPYTER_PATH": str(base),
        "IPYTHONDIR": str(base / "ipython"),
        # An index and a registry may be slow, or not there.
        "RUNLOGGING_SAMPLES_SKIP_PIP": "1",
        "RUNLOGGING_SAMPLES_SKIP_CONTAINER": "1",
    }


@pytest.fixture(scope="module")
def module_patch() -> Iterator[pytest.MonkeyPatch]:
    """Give a patch that lasts for all tests of this file."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def executed(
    tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str], module_patch: pytest.MonkeyPatch
) -> dict[str, Executed]:
    """Return all notebooks after they ran."""
    for name in [name for name in os.environ if name.startswith("RUNLOGGING_")]:
        module_patch.delenv(name)
    folders = {name: tmp_path_factory.mktemp(name) for name in NAMES}
    with ThreadPoolExecutor() as pool:
        done = pool.map(lambda name: _execute_twice(name, folders[name], environment), NAMES)
        return dict(zip(NAMES, done, strict=True))


def _execute_twice(name: str, base: Path, environment: dict[str, str]) -> Executed:
    """Execute a notebook below a folder that holds somebody else's runs."""
    work = base / "work"
    work.mkdir()
    with runlogging.start_run("others", root=base / "runs", run_id="other", environment=False) as other:
        other.log("untouched", 1)
    book = _committed(name)
    guard: dict[str, Any] = {
        "cell_type": "code",
        "id": GUARD_ID,
        "metadata": {},
        "execution_count": None,
        "outputs": [],
    }
    book["cells"].insert(0, {**guard, "source": GUARD})
    (work / "notebook.ipynb").write_text(json.dumps(book), encoding="utf-8")

    first = _execute(work, base / "first.ipynb", environment)
    _wait_for_supervisors(work / "runs" / ".work")
    shutil.copytree(work, base / "once")
    _execute(work, base / "second.ipynb", environment)
    return Executed(base / "once", work, first)


def _wait_for_supervisors(places: Path) -> None:
    """Wait until what the supervisors of canceled scripts have to clear away is gone: a copy would trip over it."""
    deadline = time.monotonic() + 30
    while places.exists() and any(places.iterdir()):
        assert time.monotonic() < deadline, f"{places} is not empty"
        time.sleep(0.02)


def _execute(work: Path, target: Path, environment: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-c", RUNNER, "notebook.ipynb", str(target)]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 0, done.stderr
    book: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return book


def _committed(name: str) -> dict[str, Any]:
    book: dict[str, Any] = json.loads((SAMPLES / f"{name}.ipynb").read_text(encoding="utf-8"))
    return book


# ---------------------------------------------------------------------- all of them


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebook_has_no_outputs(name: str) -> None:
    """What is committed is valid, of format 4.5 for the kernel python3, with cell ids and without outputs."""
    import nbformat

    book = _committed(name)
    nbformat.validate(book)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert [(cell["execution_count"], cell["outputs"]) for cell in code] == [(None, [])] * len(code)


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebook_names_no_machine(name: str) -> None:
    """No cell has an absolute path, a drive or an address of the network in it."""
    text = "\n".join("".join(cell["source"]) for cell in _committed(name)["cells"])
    assert re.findall(r"""(?:^|[\s"'(=])(?:/[A-Za-z]\w*/|~/|[A-Za-z]:[\\/]|https?:)\S*""", text) == []


@pytest.mark.parametrize("name", NAMES)
def test_notebook_prints_nothing_on_stderr(executed: dict[str, Executed], name: str) -> None:
    """Neither warnings nor messages reach the reader of a notebook."""
    outputs = [(cell["id"], one) for cell in executed[name].book["cells"] for one in cell.get("outputs", ())]
    assert len(outputs) > 5
    assert [(cell, one) for cell, one in outputs if one.get("name") == "stderr"] == []


@pytest.mark.parametrize("name", NAMES)
def test_notebook_stays_in_its_folder(executed: dict[str, Executed], name: str) -> None:
    """A folder of runs above the working directory is neither used nor changed."""
    work = executed[name].twice
    assert sorted(path.name for path in work.parent.iterdir()) == [
        "first.ipynb",
        "once",
        "runs",
        "second.ipynb",
        "work",
    ]
    other = only_run(work.parent / "runs")
    assert [line["metrics"] for line in read_lines(other, "metrics")] == [{"untouched": 1}]
    assert runlogging.open_run(other).tags == {}


@pytest.mark.parametrize("name", NAMES)
def test_runs_of_a_notebook_have_no_problems(executed: dict[str, Executed], name: str) -> None:
    """Every run has ended, and no line of any is torn, bad or lost; the second time makes as many runs again."""
    runs = executed[name].runs()
    assert {run.status for run in runs} <= {"Completed", "Failed", "Canceled"}
    assert [problem for run in runs for problem in run.problems] == []
    assert len(list(executed[name].twice.glob("runs/*/*/run.json"))) == 2 * len(runs)


# ---------------------------------------------------------------------- logging_api


@pytest.fixture
def logged(executed: dict[str, Executed]) -> runlogging.RunReader:
    """Return the run of the notebook that logs everything."""
    (run,) = executed["logging_api"].runs()
    return run


def test_scalars_and_series(logged: runlogging.RunReader) -> None:
    """The text, the two numbers, one with a description, and a series of 20 points are there."""
    assert (logged.experiment, logged.status) == ("logging-api", "Completed")
    assert [value.value for value in logged.values("roast")] == ["dark"]
    assert list(logged.series("strength").values) == [3]
    described = [line for line in read_lines(logged.path, "metrics") if "description" in line]
    assert [line["metrics"] for line in described] == [{"grams per cup": 22.5}]
    assert list(logged.series("temperature").steps) == list(range(20))
    assert logged.series("temperature").values[0] == 90.0


def test_list_rows_and_table(logged: runlogging.RunReader) -> None:
    """The generator's list, the 20 rows and the table of two columns come back whole and in order."""
    (doublings,) = logged.values("doublings")
    assert (doublings.type, doublings.value) == ("list", [3 * 2**power for power in range(12)])
    drops = logged.values("falling drop")
    assert [drop.type for drop in drops] == ["row"] * 20
    assert [drop.value["seconds"] for drop in drops] == [tick / 10 for tick in range(20)]
    (swing,) = logged.values("swing")
    assert swing.type == "table"
    assert {column: len(cells) for column, cells in swing.value.items()} == {"angle": 25, "height": 25}


def test_three_tables_of_a_thousand_rows(logged: runlogging.RunReader) -> None:
    """Each of three tables has 1,000 rows of 15 columns, each row with the description that was given by position."""
    items = [item for line in read_lines(logged.path, "values") for item in line["values"]]
    for quality in ("aroma", "body", "aftertaste"):
        rows = [item for item in items if item["name"] == quality]
        assert len(rows) == 1000
        assert {len(row["value"]) for row in rows} == {15}
        assert [row["description"] for row in rows] == [f"points for {quality} in tasting {i}" for i in range(1000)]


def test_figure_and_file_are_kept_and_downloaded(executed: dict[str, Executed], logged: runlogging.RunReader) -> None:
    """The figure is a PNG, the uploaded file is what was written, and the downloads are equal to both."""
    picture = "images/waking-up-main-1.png"
    assert list(logged.artifacts()) == [picture, "notes/tasting.txt"]
    assert [value.artifact for value in logged.values("waking up")] == [picture]
    assert logged.artifact(picture).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert logged.artifact("notes/tasting.txt").read_text(encoding="utf-8") == "The third cup was the best.\n"
    for name in logged.artifacts():
        copy = executed["logging_api"].once / "downloads" / Path(name).name
        assert copy.read_bytes() == logged.artifact(name).read_bytes()


def test_tags_with_and_without_value(logged: runlogging.RunReader) -> None:
    """Tags that were set after the end are there."""
    assert logged.tags == {"to show the team": None, "place": "1"}


def test_run_and_experiment_show_themselves(executed: dict[str, Executed], logged: runlogging.RunReader) -> None:
    """As a cell's last expression both say what they are; the run that was found by its id is the same."""
    notebook = executed["logging_api"]
    assert logged.id in notebook.output("show-run")
    assert "'logging-api'" in notebook.output("show-experiment")
    assert notebook.output("again") == notebook.output("show-run")
    assert notebook.output("complete") == "before: Running\nafter:  Completed\n"
    assert notebook.output("metric") == "{'grams per cup': 22.5}"


# ---------------------------------------------------------------------- manage_runs


def runs_named(notebook: Executed, name: str) -> list[runlogging.RunReader]:
    """Return the runs of a notebook that have a name."""
    return [run for run in notebook.runs() if run.name == name]


def test_statuses_of_the_runs(executed: dict[str, Executed]) -> None:
    """Six runs complete, two are canceled, two fail with their reasons; each of three has five children."""
    runs = executed["manage_runs"].runs()
    parents = [run for run in runs if run.parent is None]
    statuses = ["Completed"] * 6 + ["Canceled"] * 2 + ["Failed"] * 2
    assert [run.status for run in parents] == statuses
    errors = [run.error for run in parents[-2:]]
    reasons = [(error.code, error.message) for error in errors if error is not None]
    assert reasons == [("NoData", "the file had no rows"), ("TooSlow", "it takes too long")]
    children = [run for run in runs if run.parent is not None]
    assert {run.status for run in children} == {"Completed"}
    per_parent = {parent.name: sum(run.parent == parent.id for run in children) for parent in parents if parent.name}
    assert per_parent == {"hello": 0, "one by one": 5, "all at once": 5, "by a script": 5}


def test_children_keep_what_they_logged(executed: dict[str, Executed]) -> None:
    """The children of the loop and of the script have one point each, those of the batch also a tag each."""
    children = [run for run in executed["manage_runs"].runs() if run.parent is not None]
    assert [list(run.series("attempt").values) for run in children[:5]] == [[0], [1], [2], [3], [4]]
    assert [list(run.series("length").values) for run in children[5:10]] == [[0], [1], [2], [3], [4]]
    assert [list(run.series("square").values) for run in children[10:]] == [[0], [1], [4], [9], [16]]
    assert [run.tags for run in children[5:10]] == [{"size": size} for size in ("XS", "S", "M", "L", "XL")]


def test_tags_and_properties(executed: dict[str, Executed]) -> None:
    """The tag has its second value, the property its first, and the refusal says what to do."""
    (run,) = runs_named(executed["manage_runs"], "hello")
    assert run.tags == {"mood": "excellent", "read again": None}
    assert {name: run.properties[name] for name in ("author", "ticket", "exit_code")} == {
        "author": "Ada",
        "ticket": "17",
        "exit_code": "0",
    }
    assert re.search(
        r"'author' is 'Ada' and cannot become 'Grace'.*use a tag", executed["manage_runs"].output("refused")
    )


def test_queries_find_the_run(executed: dict[str, Executed]) -> None:
    """Tag and property find the one run, by value and by name; a replaced value finds none."""
    notebook = executed["manage_runs"]
    wanted = runs_named(notebook, "hello")[0].id
    for cell in ("query-values", "query-name"):
        assert re.findall(r"<Run (\S+)", notebook.output(cell)) == [wanted]
    assert notebook.output("query-none") == "[]"
    assert notebook.output("by-id") == "True"
    listed = re.findall(r"<Run (\S+)", notebook.output("children-list"))
    (parent,) = runs_named(notebook, "one by one")
    assert listed == [run.id for run in reversed(notebook.runs()) if run.parent == parent.id]


def test_status_before_and_after(executed: dict[str, Executed]) -> None:
    """The notebook shows how each kind of end changes the status."""
    notebook = executed["manage_runs"]
    assert notebook.output("start") == "'Running'"
    assert notebook.output("complete").startswith("Completed 20")
    assert notebook.output("with") == "inside: Running\nafter:  Completed\n"
    assert notebook.output("cancel") == "before: Running\nafter:  Canceled\n"
    assert notebook.output("fail").startswith("before: Running\nafter:  Failed\n")
    assert "'status': 'Running'" in notebook.output("details")


def test_scripts_are_those_of_the_samples(executed: dict[str, Executed]) -> None:
    """The notebook writes the scripts of `samples/scripts`, all of them, and nothing else."""
    kept, written = SAMPLES / "scripts", executed["manage_runs"].once / "scripts"
    names = sorted(path.name for path in kept.glob("*.py"))
    assert sorted(path.name for path in written.iterdir()) == names
    assert [(written / name).read_text() for name in names] == [(kept / name).read_text() for name in names]


def test_submitted_script_is_kept(executed: dict[str, Executed]) -> None:
    """The script's output is shown and kept, its metrics, file and snapshot are there, the status changes."""
    notebook = executed["manage_runs"]
    (run,) = runs_named(notebook, "hello")
    assert run.type == "scriptrun"
    assert re.fullmatch(r"before: (Preparing|Queued|Running|Finalizing)\n", notebook.output("submit"))
    assert notebook.output("wait") == f"hello from {run.id}\nafter:  Completed\n"
    assert f"hello from {run.id}" in notebook.output("with-logs")
    assert [entry.message for entry in run.logs() if entry.logger == "stdout"] == [f"hello from {run.id}"]
    assert list(run.series("letters").values) == [5]
    assert list(run.artifacts()) == ["outputs/hello.txt"]
    assert notebook.output("snapshot").splitlines()[1:] == [repr(["hello.py"]), "True"]


def test_children_of_a_script(executed: dict[str, Executed]) -> None:
    """What the script prints is shown, and its children are listed, newest first."""
    notebook = executed["manage_runs"]
    (parent,) = runs_named(notebook, "by a script")
    output = notebook.output("script-children")
    assert re.findall(r"hello from child (\d)", output) == list("01234")
    children = [run.id for run in reversed(notebook.runs()) if run.parent == parent.id]
    assert re.findall(r"<Run (\S+)", output) == children


def test_submitted_scripts_are_ended(executed: dict[str, Executed]) -> None:
    """A submitted script is canceled, and another fails with what was said; both while they go."""
    notebook = executed["manage_runs"]
    going = "before: (Preparing|Queued|Running)\n"
    assert re.fullmatch(going + "after:  Canceled\n", notebook.output("submit-cancel"))
    assert re.match(going + "after:  Failed\n", notebook.output("submit-fail"))
    assert "it takes too long" in notebook.output("submit-fail")


# ---------------------------------------------------------------------- train_on_local


def test_training_keeps_alphas_errors_and_models(executed: dict[str, Executed]) -> None:
    """20 alphas have an error and a collected model each, here and in the script; the lowest error is at 0.40."""
    here, submitted = executed["train_on_local"].runs()
    assert (here.name, submitted.name, submitted.type) == (None, "user-managed", "scriptrun")
    for run in (here, submitted):
        _check_training(run)
    assert list(here.series("mse").values) == pytest.approx(list(submitted.series("mse").values))
    assert "at alpha 0.40" in executed["train_on_local"].output("best")


def _check_training(run: runlogging.RunReader) -> None:
    assert (run.experiment, run.status) == ("train-on-local", "Completed")
    alphas, errors = list(run.series("alpha").values), list(run.series("mse").values)
    assert alphas == pytest.approx([number / 20 for number in range(20)])
    assert list(run.series("mse").steps) == list(range(20))
    assert alphas[errors.index(min(errors))] == pytest.approx(0.4)
    assert sorted(run.artifacts()) == [f"outputs/ridge_{alpha:.2f}.pkl" for alpha in alphas]


def test_script_prints_its_lines(executed: dict[str, Executed]) -> None:
    """The 20 lines of the script are shown as they are kept."""
    run = executed["train_on_local"].runs()[1]
    printed = [entry.message for entry in run.logs() if entry.logger == "stdout"]
    assert [line.partition(":")[0] for line in printed] == [f"alpha {number / 20:.2f}" for number in range(20)]
    assert executed["train_on_local"].output("user-managed").splitlines()[:20] == printed


def test_what_needs_the_network_can_be_left_out(executed: dict[str, Executed]) -> None:
    """The variables leave out the environment from pip and the container, and the notebook says so."""
    notebook = executed["train_on_local"]
    assert notebook.output("pip-managed") == "left out: RUNLOGGING_SAMPLES_SKIP_PIP is set\n"
    assert notebook.output("container") == "left out: RUNLOGGING_SAMPLES_SKIP_CONTAINER is set\n"
    assert not (notebook.once / "runs" / ".envs").exists()


def test_best_model_is_registered_and_fetched_back(executed: dict[str, Executed]) -> None:
    """Version 1 is the best model of the run, and the downloaded copy is equal to it."""
    notebook = executed["train_on_local"]
    run = notebook.runs()[1]
    model = runlogging.Model(notebook.once / "runs", "diabetes-ridge")
    assert (model.version, model.run_id, model.tags) == (1, run.id, {"data": "diabetes"})
    assert model.properties == {"alpha": "0.40", "mse": f"{min(run.series('mse').values):.3f}"}
    best = run.artifact("outputs/ridge_0.40.pkl").read_bytes()
    assert model.get_file_names() == ["ridge_0.40.pkl"]
    assert (model.path / "ridge_0.40.pkl").read_bytes() == best
    assert (notebook.once / "downloads" / "ridge_0.40.pkl").read_bytes() == best


def test_second_training_makes_the_second_version(executed: dict[str, Executed]) -> None:
    """The same notebook run again keeps version 1 and adds version 2, of the second run."""
    notebook = executed["train_on_local"]
    models = runlogging.Model.list(notebook.twice / "runs", "diabetes-ridge")
    assert [model.version for model in models] == [1, 2]
    assert models[0].run_id == notebook.runs()[1].id != models[1].run_id
