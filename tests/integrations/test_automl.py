"""The samples with Optuna and FLAML run as a user would run them, and leave a run with a child for each try."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from runlogging import RunReader, open_run

from ..conftest import SOURCE

AUTOML = Path(__file__).parents[2] / "samples" / "automl"
TRIES = 12


def run_sample(name: str, package: str, folder: Path, *arguments: str) -> tuple[RunReader, list[RunReader], str]:
    """Run a sample in a folder; return its run, the children in the order of their beginning, and what it printed."""
    for needed in (package, "sklearn"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"the sample needs {needed}: pip install 'runlogging[samples,integrations]'")
    env = {key: value for key, value in os.environ.items() if not key.startswith("RUNLOGGING_")}
    command = [sys.executable, str(AUTOML / name), *arguments]
    env["PYTHONPATH"] = str(SOURCE)
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    runs = [open_run(path.parent) for path in folder.glob("runs/*/*/run.json")]
    (parent,) = [run for run in runs if run.parent is None]
    children = sorted((run for run in runs if run.parent == parent.id), key=lambda run: run.number or 0)
    assert len(runs) == 1 + len(children)
    assert [problem for run in runs for problem in run.problems] == []
    return parent, children, done.stdout


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunReader, list[RunReader], str]:
    """Return what the study of Optuna left: its run, those of the trials, what it printed."""
    return run_sample("optuna_study.py", "optuna", tmp_path_factory.mktemp("optuna"), "--trials", str(TRIES))


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> tuple[RunReader, list[RunReader], str]:
    """Return what the search of FLAML left: its run, those of the models, what it printed."""
    return run_sample("flaml_search.py", "flaml", tmp_path_factory.mktemp("flaml"), "--models", str(TRIES))


def test_study_has_the_log_of_optuna(study: tuple[RunReader, list[RunReader], str]) -> None:
    """Optuna's own records are in the run of the study: its beginning, and the end of each trial, once."""
    parent, children, _ = study
    said = [entry.message for entry in parent.logs() if entry.logger.startswith("optuna.")]
    assert "name: ridge" in said[0]
    ends = [re.match(r"Trial (\d+) (finished|pruned)", message) for message in said]
    numbers = [int(end[1]) for end in ends if end is not None]
    assert numbers == list(range(TRIES))
    pruned = [int(end[1]) for end in ends if end is not None and end[2] == "pruned"]
    assert pruned == [number for number, child in enumerate(children) if "pruned" in child.tags]


def test_trials_keep_parameters_and_intermediate_values(study: tuple[RunReader, list[RunReader], str]) -> None:
    """Each trial has its parameters and its error after each fold; a pruned one is tagged, and stops early."""
    parent, children, printed = study
    assert [child.name for child in children] == [f"trial {number}" for number in range(TRIES)]
    assert {frozenset(child.parameters) for child in children} == {frozenset({"alpha", "solver"})}
    pruned = [child for child in children if "pruned" in child.tags]
    whole = [child for child in children if "pruned" not in child.tags]
    assert pruned
    assert whole
    assert {child.status for child in pruned} == {"Canceled"}
    assert {child.status for child in whole} == {"Completed"}
    for child in children:
        steps = list(child.series("mse so far").steps)
        assert steps == list(range(len(steps)))
        assert ("mse" in child.metrics()) == (child in whole)
    assert {len(child.series("mse so far")) for child in whole} == {5}
    best = min(whole, key=lambda child: child.series("mse").values[0])
    assert (parent.status, parent.parameters) == ("Completed", best.parameters)
    assert parent.tags["best trial"] == best.tags["trial"]
    assert list(parent.series("best mse").values) == list(best.series("mse").values)
    assert f"{TRIES} trials, {len(pruned)} pruned" in printed


def test_search_has_the_log_of_flaml(search: tuple[RunReader, list[RunReader], str]) -> None:
    """FLAML's own records are in the run of the search, one for each model that it began, and its file is kept."""
    parent, _, _ = search
    said = Counter(
        found[1]
        for entry in parent.logs()
        if entry.logger.startswith("flaml") and (found := re.match(r"iteration (\d+), current learner", entry.message))
    )
    assert said == {str(number): 1 for number in range(TRIES)}
    assert list(parent.artifacts()) == ["flaml.log"]


def test_models_keep_settings_and_errors(search: tuple[RunReader, list[RunReader], str]) -> None:
    """Each model that was tried is a child with its learner, settings and error; the best learner is a tag."""
    parent, children, printed = search
    assert (parent.status, {child.status for child in children}) == ("Completed", {"Completed"})
    assert f"{len(children)} models tried" in printed
    assert len(children) == TRIES
    assert all(child.parameters for child in children)
    errors = [child.series("mse").values[0] for child in children]
    assert list(parent.series("mse").values) == errors
    best = children[errors.index(min(errors))]
    assert parent.tags["best learner"] == best.tags["learner"]
