"""Measure the lists of many runs: the first look at a root, the looks with an index, and MLflow's search beside them.

The root is made of copies of one real run, in ten experiments, and lies in the page cache. Every figure is the fastest
of some passes. MLflow runs in a process of its own, with the interpreter that --mlflow-python or MLFLOW_PYTHON names.

It measures and never judges: the exit status is 0 whatever the figures are.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from _figures import Figure, print_figures

from runlogging import start_run
from runlogging.folder import read_manifest, write_manifest
from runlogging.reading import list_runs, resolve_run
from runlogging.reading.search import list_rows, runs_columns

EXPERIMENTS = 10
POINTS = 20
WHERE = "metrics.mse < 3000 and tags.model = 'ridge' and status = 'Completed'"
# Entries of manifests that are younger are not trusted.
AGE_NS = 10_000_000_000

_clock = time.perf_counter
_figure = partial(Figure, unit="s")


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    runs: int = 10_000
    mlflow_runs: int = 1_000
    passes: int = 5
    first_passes: int = 3


QUICK = Sizes(runs=500, mlflow_runs=50, passes=2, first_passes=1)


# ------------------------------------------------------------------ what is listed


def make_root(root: Path, runs: int) -> Path:
    """Fill a root with copies of one run that logged 20 points."""
    with start_run("seed", root / "seed", capture=False, tags={"model": "ridge"}, parameters={"alpha": 0.1}) as run:
        for step in range(POINTS):
            run.log("mse", 3_000 - step, step=step)
    manifest, moment = read_manifest(run.path), time.time_ns() - AGE_NS
    for number in range(runs):
        folder = root / "runs" / f"exp{number % EXPERIMENTS}" / f"20261123T{number:06d}-123456-abcdef"
        shutil.copytree(run.path, folder)
        manifest.id, manifest.experiment, manifest.name = folder.name, folder.parent.name, f"run {number}"
        write_manifest(folder, manifest)
        os.utime(folder / "run.json", ns=(moment, moment))
    return root / "runs"


def look_at_all(root: Path) -> int:
    """Look at every manifest's file facts: what any list with an index has to do."""
    found = 0
    for experiment in os.scandir(root):
        for name in os.listdir(experiment.path):
            found += os.stat(f"{experiment.path}/{name}/run.json").st_size > 0
    return found


# ------------------------------------------------------------------ measuring


def fastest(function: Callable[[], object], passes: int, before: Callable[[], object] = lambda: None) -> float:
    """Return the seconds of the fastest pass; ``before`` is not counted."""
    times = []
    for _ in range(passes):
        before()
        begun = _clock()
        result = function()
        times.append(_clock() - begun)
        del result
    return min(times)


def forget(root: Path) -> None:
    """Remove the index."""
    shutil.rmtree(root / ".index", ignore_errors=True)


def list_figures(root: Path, sizes: Sizes) -> list[Figure]:
    """Return what lists of all runs take without an index, and with one."""
    many = f"{sizes.runs:,} runs"
    first = partial(fastest, passes=sizes.first_passes, before=partial(forget, root))
    again = partial(fastest, passes=sizes.passes)
    bare = again(lambda: look_at_all(root))
    listed = again(lambda: list_runs(root), before=lambda: list_runs(root, limit=0))
    filtered = partial(list_runs, root, where=WHERE)
    rows = partial(list_rows, root, metrics=True)
    one = partial(resolve_run, "20261123T000042-123456-abcdef", root)
    figures = [
        _figure(f"os.stat of every manifest, {many}", bare),
        _figure(f"list_runs, {many}, the first time", first(lambda: list_runs(root)), 1.0),
        _figure(f"list_runs, {many}, with the index", listed, 0.1),
        _figure("the same / os.stat of every manifest", listed / bare, unit=""),
        _figure("list_runs(where=...), the first time", first(filtered)),
        _figure("list_runs(where=...), with the index", again(filtered, before=filtered), 0.2),
        _figure("list_rows with all metrics, the first time", first(rows)),
        _figure("list_rows with all metrics, with the index", again(rows)),
        _figure("list_rows(limit=20, metrics=True), with the index", again(partial(rows, limit=20))),
        _figure("runs_columns, with the index", again(partial(runs_columns, root))),
        _figure("resolve_run of one id", again(one) * 1e3, unit="ms"),
    ]
    size = (root / ".index" / "runs.sqlite3").stat().st_size
    return [*figures, _figure("the index, bytes a run", size / sizes.runs, unit="B")]


# ------------------------------------------------------------------ MLflow

MLFLOW = """
import json, logging, sys, time, warnings
warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
import mlflow
from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient
folder, runs, points = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
mlflow.set_tracking_uri(f"file://{folder}")
client = MlflowClient()
experiment = client.create_experiment("bench")
for number in range(runs):
    run = client.create_run(experiment, tags={"model": "ridge"}, run_name=f"run {number}")
    metrics = [Metric("mse", 3000 - step, int(time.time() * 1000), step) for step in range(points)]
    client.log_batch(run.info.run_id, metrics, [Param("alpha", "0.1")])
    client.set_terminated(run.info.run_id)
where = "metrics.mse < 3000 and tags.model = 'ridge' and attributes.status = 'FINISHED'"
times = {"all": [], "where": []}
for _ in range(3):
    for what, text in (("all", ""), ("where", where)):
        begun = time.perf_counter()
        found, token = [], None
        while True:
            page = client.search_runs([experiment], text, max_results=50_000, page_token=token)
            found += page
            token = page.token
            if not token:
                break
        times[what].append(time.perf_counter() - begun)
        assert len(found) == runs, len(found)
print(json.dumps({"version": mlflow.__version__} | {what: min(taken) for what, taken in times.items()}))
"""


def mlflow_figures(folder: Path, sizes: Sizes, python: str | None) -> list[Figure]:
    """Return how many times longer MLflow's search takes a run than ours, over runs with the same content."""
    if not python:
        print("MLflow is left out: name an interpreter that has it with --mlflow-python or MLFLOW_PYTHON.")
        return []
    command = [python, "-c", MLFLOW, str(folder / "mlruns"), str(sizes.mlflow_runs), str(POINTS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=1_800, check=False)
    if done.returncode != 0:
        print(f"MLflow is left out: {python} could not run its part.")
        return []
    theirs: dict[str, Any] = json.loads(done.stdout)
    root = make_root(folder / "beside", sizes.mlflow_runs)
    first = partial(fastest, passes=sizes.passes, before=partial(forget, root))
    again = partial(fastest, passes=sizes.passes)
    ours = {
        "list_runs, first": ("all", first(partial(list_runs, root))),
        "list_runs, index": ("all", again(partial(list_runs, root))),
        "list_rows with metrics, first": ("all", first(partial(list_rows, root, metrics=True))),
        "list_rows with metrics, index": ("all", again(partial(list_rows, root, metrics=True))),
        "list_runs(where=...), first": ("where", first(partial(list_runs, root, where=WHERE))),
        "list_runs(where=...), index": ("where", again(partial(list_runs, root, where=WHERE))),
    }
    name, runs = f"MLflow {theirs['version']} search_runs", sizes.mlflow_runs
    return [
        _figure(f"{name}, {runs:,} runs, a run", theirs["all"] / runs * 1e3, unit="ms"),
        *(
            _figure(f"{name} / {what}, a run", theirs[which] / taken, 20.0, unit="x", at_least=True)
            for what, (which, taken) in ours.items()
        ),
    ]


# ------------------------------------------------------------------ the program


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="small numbers: shows that it works, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file")
    parser.add_argument(
        "--mlflow-python",
        default=os.environ.get("MLFLOW_PYTHON"),
        metavar="PATH",
        help="an interpreter that has mlflow or mlflow-skinny [default: $MLFLOW_PYTHON]",
    )
    return parser.parse_args()


def main() -> None:
    """Measure, print a table and write the JSON file."""
    arguments = parse_arguments()
    sizes = QUICK if arguments.quick else Sizes()
    for variable in [name for name in os.environ if name.startswith("RUNLOGGING_")]:
        del os.environ[variable]
    print(f"Python {platform.python_version()}, {platform.system()} {platform.machine()}, {os.cpu_count()} CPUs")
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        figures = list_figures(make_root(folder, sizes.runs), sizes)
        figures += mlflow_figures(folder, sizes, arguments.mlflow_python)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print_figures(figures)
    if arguments.json is not None:
        content = [asdict(item) | {"verdict": item.verdict} for item in figures]
        arguments.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
