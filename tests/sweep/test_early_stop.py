"""Children that a policy, or their own function, stops early."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runlogging import sweep
from runlogging.sweep import BanditPolicy

from . import targets

POLICY = BanditPolicy(slack_factor=0.5, evaluation_interval=5, delay_evaluation=20)


def quick(level: float, run: Any) -> None:
    """Log the best level for a moment and end; log worse ones as long as `targets.slow` does."""
    if level == 1.0:
        for step in range(100):
            run.log("loss", level, step=step)
            time.sleep(0.01)
    else:
        targets.slow(level, run)


@pytest.mark.parametrize("kind", ["processes", "threads"])
def test_a_policy_stops_the_worse_child(tmp_path: Path, kind: str) -> None:
    """A child that is worse is Canceled and tagged with the reason, far before its function would end."""
    executors: dict[str, Callable[[], Executor | None]] = {"processes": lambda: None, "threads": ThreadPoolExecutor}
    executor = executors[kind]()
    begun = time.monotonic()
    done = sweep(
        quick, {"level": [1.0, 2.0]}, root=tmp_path, metric="loss", policy=POLICY, max_concurrent=2, executor=executor
    )
    assert time.monotonic() - begun < 8
    good, bad = done.children
    assert (good.status, bad.status, done.run.status) == ("Completed", "Canceled", "Completed")
    reason = bad.tags["stopped_early"] or ""
    assert reason.startswith("BanditPolicy at interval ")
    assert "2 is beyond 1.5" in reason
    assert "stopped_early" not in good.tags
    error = bad.reader.error
    assert error is not None
    assert error.message == reason
    assert 20 <= len(bad.series("loss")) < 400
    assert bad.reader.problems == []
    assert done.best() == good
    assert "BanditPolicy(slack_factor=0.5" in done.run.parameters["sweep"]["policy"]
    if executor is not None:
        executor.shutdown()


def test_a_function_that_hides_the_stop_is_stopped_all_the_same(tmp_path: Path) -> None:
    """A function that turns the error of the stop into another one leaves a stopped child, no failed one."""
    with ThreadPoolExecutor(2) as pool:
        points = [{"level": 1.0}, {"level": 3.0}]
        policy = BanditPolicy(slack_amount=1.0)
        begun = time.monotonic()
        done = sweep(careless, points, root=tmp_path, metric="loss", policy=policy, executor=pool)
    assert time.monotonic() - begun < 8
    assert [child.status for child in done.children] == ["Completed", "Canceled"]
    assert done.children[1].tags["stopped_early"]


def careless(level: float, run: Any) -> None:
    """Be quick at the best level, careless at the others."""
    (quick if level == 1.0 else targets.careless)(level, run)


def test_a_function_may_stop_itself(tmp_path: Path) -> None:
    """A function that raises StoppedEarly leaves a canceled child with the message as its tag."""
    done = sweep(targets.gives_up, {"n": range(4)}, root=tmp_path, raise_on_error=True)
    assert [child.status for child in done.children] == ["Completed", "Canceled"] * 2
    assert [child.tags.get("stopped_early") for child in done.children] == [None, "1 is odd", None, "3 is odd"]
    assert [child.series("n").values for child in done.children] == [[0], [1], [2], [3]]
