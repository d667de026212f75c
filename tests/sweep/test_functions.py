"""Sweeps of a function: children, ends, results; in real processes."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, RunFailedError, RunLoggingError, list_runs, start_run, sweep
from runlogging.run import Experiment, Run
from runlogging.sweep import Sweep, grid, random, uniform

from . import targets

ALPHAS = [round(number * 0.05, 2) for number in range(20)]


@pytest.fixture(scope="module")
def ridge(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Give a sweep of 20 points over alpha, done in processes."""
    root = tmp_path_factory.mktemp("sweep")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RUNLOGGING_RUN", raising=False)
        return sweep(
            targets.ridge,
            grid({"alpha": ALPHAS}),
            experiment="ridge",
            root=root,
            name="alphas",
            tags={"data": "diabetes"},
            metric="mse",
        )


def test_every_point_has_a_child(ridge: Sweep) -> None:
    """Each of 20 points is a completed child with its parameters, tags, metrics and log records; none has a problem."""
    assert ridge.counts == {"Completed": 20}
    assert [child.parameters for child in ridge.children] == [{"alpha": alpha} for alpha in ALPHAS]
    for number, child in enumerate(ridge.children):
        assert child.tags == {"sweep": ridge.run.id, "sweep_number": str(number)}
        assert child.parent == ridge.run
        assert child.series("alpha").values == [ALPHAS[number]]
        (entry,) = child.reader.logs(level="WARNING")
        assert (entry.message, entry.logger) == (f"alpha is {ALPHAS[number]}", "targets")
        assert child.reader.problems == []
    assert {writer.pid for child in ridge.children for writer in child.reader.writers}.isdisjoint({os.getpid()})


def test_parent_says_what_was_swept(ridge: Sweep) -> None:
    """The parent has the space, the count, the metric and the goal, and is completed."""
    assert (ridge.run.status, ridge.run.type, ridge.run.name) == ("Completed", "sweep", "alphas")
    assert ridge.run.tags == {"data": "diabetes"}
    assert ridge.run.parameters["sweep"] == {
        "target": "ridge",
        "space": f"grid({{'alpha': {ALPHAS}}})",
        "points": 20,
        "seed": None,
        "metric": "mse",
        "goal": "minimize",
        "policy": None,
    }


def test_a_sweep_is_read_back_from_its_folder(ridge: Sweep) -> None:
    """A later program makes the same Sweep of the parent run alone."""
    again = Sweep(Run(Experiment(ridge.run.path.parent.parent, "ridge"), ridge.run.id))
    assert again.children == ridge.children
    assert again.frame() == ridge.frame()
    assert again.best() == ridge.best()


def test_no_process_or_thread_stays(ridge: Sweep) -> None:
    """After a sweep there is no thread and no child process of it."""
    assert [one.name for one in threading.enumerate() if "sweep" in one.name] == []
    assert get_context("spawn").active_children() == []


def test_failures_are_kept_and_the_sweep_goes_on(tmp_path: Path) -> None:
    """A child that raises or exits is Failed with its traceback; the others complete, and so does the parent."""
    done = sweep(targets.picky, {"n": range(6)}, root=tmp_path, max_concurrent=2)
    assert [child.status for child in done.children] == ["Completed", "Failed", "Failed"] * 2
    error = done.children[1].reader.error
    assert error is not None
    assert (error.type, error.message) == ("ValueError", "no 1")
    assert 'raise ValueError(f"no {n}")' in error.stacktrace
    assert done.run.status == "Completed"
    assert "2 Completed, 4 Failed" in str(done)


def test_no_child_completed(tmp_path: Path) -> None:
    """Where every child fails the parent does, and with raise_on_error the call does, too."""
    with pytest.raises(RunFailedError, match=r"2 of 2 points of the sweep .* failed(.|\n)*ValueError: no 1") as caught:
        sweep(targets.picky, [{"n": 1}, {"n": 4}], root=tmp_path, raise_on_error=True)
    assert caught.value.status == "Failed"
    (parent,) = list_runs(tmp_path, experiment="default")[-1:]
    assert (parent.type, parent.status) == ("sweep", "Failed")
    assert parent.error is not None
    assert parent.error.message == "no child of the sweep completed: 2 Failed"


def test_200_points_are_quick(tmp_path: Path) -> None:
    """200 points of a function that does nothing take less than 20 seconds."""
    begun = time.monotonic()
    done = sweep(targets.nothing, {"n": range(200)}, root=tmp_path)
    assert done.counts == {"Completed": 200}
    assert time.monotonic() - begun < 20


def test_drawn_points_can_be_drawn_again(tmp_path: Path) -> None:
    """The seed that was drawn is in the parent, and gives the same points again."""
    space = random({"n": uniform(0, 1)})
    first = sweep(targets.nothing, space, root=tmp_path, max_total=4, executor=targets.Inline())
    seed = first.run.parameters["sweep"]["seed"]
    again = sweep(targets.nothing, space, root=tmp_path, max_total=4, seed=seed, executor=targets.Inline())
    assert first.frame()["n"] == again.frame()["n"]
    other = sweep(targets.nothing, space, root=tmp_path, max_total=4, executor=targets.Inline())
    assert other.frame()["n"] != first.frame()["n"]


def test_a_run_of_ones_own_is_the_parent(tmp_path: Path) -> None:
    """With parent= the children are beside that run, which goes on and is ended by whoever opened it."""
    with start_run("mine", tmp_path) as run:
        done = sweep(targets.nothing, {"n": [1, 2]}, parent=run, executor=targets.Inline())
        assert run.status == "Running"
        run.log("after", 1)
    assert done.run == run
    assert [child.path.parent for child in done.children] == [run.path.parent] * 2
    assert done.counts == {"Completed": 2}


# ---------------------------------------------------------------------- executors


@pytest.mark.parametrize("kind", ["thread", "process", "inline", "default"])
def test_any_executor_does(tmp_path: Path, kind: str) -> None:
    """On threads, a process pool, an executor of one's own and by default each point's metrics are in its own child."""
    executors: dict[str, Any] = {
        "thread": lambda: ThreadPoolExecutor(3),
        "process": lambda: ProcessPoolExecutor(2, mp_context=get_context("spawn")),
        "inline": targets.Inline,
        "default": lambda: None,
    }
    executor = executors[kind]()
    done = sweep(targets.where, {"n": range(6)}, root=tmp_path, executor=executor)
    assert done.counts == {"Completed": 6}
    pids = {int(child.series("pid").values[0]) for child in done.children}
    assert (pids == {os.getpid()}) == (kind in ("thread", "inline"))
    assert [len(child.series("pid")) for child in done.children] == [1] * 6
    if executor is not None:
        assert executor.submit(targets.nothing, 1).result() is None, "the executor is the caller's"
        executor.shutdown()


def test_what_is_in_flight_is_bounded(tmp_path: Path) -> None:
    """max_concurrent holds for an executor that would do more at a time."""
    lock, now, most = threading.Lock(), [0], [0]

    def work(n: int) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.02)
        with lock:
            now[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        done = sweep(work, {"n": range(12)}, root=tmp_path, executor=pool, max_concurrent=3)
    assert done.counts == {"Completed": 12}
    assert most[0] == 3


def test_what_cannot_travel_runs_in_threads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lambda runs in threads of this process, and one sentence says so."""
    pids: list[int] = []
    done = sweep(lambda n: pids.append(os.getpid()), {"n": range(4)}, root=tmp_path)
    assert done.counts == {"Completed": 4}
    assert pids == [os.getpid()] * 4
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "threads" in said


def test_values_that_cannot_travel_fail_their_child(tmp_path: Path) -> None:
    """A parameter that cannot be pickled fails its own child, with the reason."""
    done = sweep(targets.nothing, [{"n": threading.Lock()}, {"n": 1}], root=tmp_path)
    assert [child.status for child in done.children] == ["Failed", "Completed"]
    error = done.children[0].reader.error
    assert error is not None
    assert "pickle" in error.message


def test_partial_functions_and_objects_are_called(tmp_path: Path) -> None:
    """A partial function is called with what is left, in another process."""
    done = sweep(partial(targets.ridge, alpha=0.3), [{"alpha": 0.1}], root=tmp_path, metric="mse")
    assert done.best().series("alpha").values == [0.1]


# ---------------------------------------------------------------------- bad input

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no target": ({"target": 3}, "a function or a ScriptRunConfig, not int"),
    "unknown parameter": ({"parameters": {"beta": [1]}}, r"ridge\(alpha.* cannot be called with beta"),
    "missing parameter": ({"parameters": [{"alpha": 1}, {}]}, "at least one"),
    "run as a parameter": ({"parameters": {"alpha": [1], "run": [2]}}, "child run"),
    "goal": ({"goal": "best"}, "'minimize' or 'maximize'"),
    "max_total": ({"max_total": 0}, "max_total is a whole number"),
    "max_concurrent": ({"max_concurrent": True}, "max_concurrent is a whole number"),
    "policy": ({"policy": "bandit", "metric": "mse"}, "policy is"),
    "executor": ({"executor": 4}, "concurrent.futures.Executor"),
    "metric": ({"metric": 4}, "name of a metric"),
    "experiment": ({"experiment": "../up"}, "cannot name an experiment"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_starts_nothing(tmp_path: Path, case: str) -> None:
    """A wrong argument is refused with a sentence before any run is made."""
    given, said = BAD[case]
    arguments = {"target": targets.ridge, "parameters": {"alpha": [1]}, "root": tmp_path, **given}
    with pytest.raises(RunLoggingError, match=said) as caught:
        sweep(**arguments)
    assert isinstance(caught.value, ValueError)
    assert list(tmp_path.iterdir()) == []


def test_a_policy_needs_a_metric_and_a_call_needs_no_coroutine(tmp_path: Path) -> None:
    """A policy without a metric, and a coroutine function, are refused."""
    from runlogging.sweep import MedianStoppingPolicy

    async def later(n: int) -> None:
        """Do nothing, later."""

    with pytest.raises(InvalidValueError, match="metric='loss'"):
        sweep(targets.nothing, {"n": [1]}, root=tmp_path, policy=MedianStoppingPolicy())
    with pytest.raises(InvalidValueError, match=r"asyncio\.run"):
        sweep(later, {"n": [1]}, root=tmp_path)


def test_the_package_is_the_function() -> None:
    """`runlogging.sweep` can be called, also after somebody imported the package of this name."""
    import importlib

    module: Any = importlib.import_module("runlogging.sweep")
    assert sweep in (module, module.sweep)
    with pytest.raises(InvalidValueError, match="a function or a ScriptRunConfig"):
        module(3, {"n": [1]})
