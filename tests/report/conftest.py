"""Runs to report on."""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from runlogging import start_run
from runlogging.charts import AccuracyTable, ConfusionMatrix, Predictions, Residuals
from runlogging.reading import RunReader, open_run
from tests.drawing.tools import HOSTILE

PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture(autouse=True)
def _quiet_logger() -> Iterator[None]:
    """Let the tests' logger log from INFO on, and print nothing."""
    log = logging.getLogger("report.test")
    log.propagate, handler = False, logging.NullHandler()
    log.setLevel("INFO")
    log.addHandler(handler)
    yield
    log.removeHandler(handler)


@pytest.fixture
def everything(tmp_path: Path) -> RunReader:
    """Give a run with a value of every kind."""
    dice = random.Random(3)
    labels = ["cat", "dog", "owl"]
    true = [dice.choice(labels) for _ in range(60)]
    taken = [label if dice.random() < 0.8 else dice.choice(labels) for label in true]
    rows = [[dice.random() + (label == name) for name in labels] for label in true]
    log = logging.getLogger("report.test")
    with start_run("kinds", root=tmp_path, name="all of them", tags={"data": HOSTILE.replace("\ud800", "")}) as run:
        for step in range(40):
            run.log("train/loss", math.nan if step == 7 else 1 / (step + 1), step=step)
            run.log("val/loss", 2 / (step + 1), step=step)
            run.log_histogram("weights", [dice.gauss(0, 1) for _ in range(50)], step=step)
        run.log("once", 3)
        run.log_confusion_matrix("confusion", ConfusionMatrix.from_predictions(true, taken))
        shares = [[cell / sum(row) for cell in row] for row in rows]
        run.log_accuracy_table("rates", AccuracyTable.from_predictions(true, shares, labels=labels))
        numbers = [dice.gauss(0, 3) for _ in range(60)]
        run.log_residuals("residuals", Residuals.from_predictions(numbers, [number * 0.9 for number in numbers]))
        run.log_predictions("predictions", Predictions.from_predictions(numbers, [number * 0.9 for number in numbers]))
        run.log_table("by class", {"class": labels, "right": [1, 2, 3]})
        run.log_table("wide", {f"column {number}": [number / 7, number * 1e9] for number in range(16)})
        for alpha in range(5):
            run.log_row("alphas", alpha=alpha, error=alpha**2)
        run.log_list("folds", [0.7, 0.6, 0.8])
        run.log_text("note", "first\n<script>alert(1)</script>")
        (tmp_path / "dot.png").write_bytes(PNG)
        for step in range(6):
            run.log_image("dots", path=tmp_path / "dot.png", step=step)
        for number in range(30):
            log.warning("batch %d is slow", number)
        try:
            _ = {"sizes": 1}["shape"]
        except KeyError:
            log.exception("a batch was left out")
    return open_run(run.path)


def ridge(root: Path, name: str, rate: float, *, fails: bool = False) -> RunReader:
    """Make a run of twenty steps."""
    path = None
    try:
        with start_run("ridge", root=root, name=name, parameters={"optimizer": {"rate": rate}, "same": 1}) as run:
            path = run.path
            for step in range(20):
                run.log("train/loss", rate**step, step=step)
                run.log("val/loss", rate**step + 0.1, step=step)
            if fails:
                logging.getLogger("report.test").error("cannot go on")
                raise ValueError("loss is <not> finite")
    except ValueError:
        pass
    assert path is not None
    return open_run(path)


@pytest.fixture
def three(tmp_path: Path) -> list[RunReader]:
    """Give three runs that differ in a parameter, the last of which failed."""
    return [ridge(tmp_path, "base", 0.5), ridge(tmp_path, "faster", 0.25), ridge(tmp_path, "bad", 0.9, fails=True)]


@pytest.fixture
def odd(tmp_path: Path) -> list[RunReader]:
    """Give three runs with long, hostile and foreign names, metrics without a finite value, and damaged lines."""
    made: list[Path] = []
    for name in ("学習率を下げた長い名前の実行 その一", HOSTILE.replace("\ud800", ""), "damaged"):
        with start_run("odd", root=tmp_path, name=name, parameters={"rate": len(made) / 7, "path": "x" * 400}) as run:
            for step in range(40):
                values = {f"group{number % 6}/metric {number}": math.sin(step / 9 + number) for number in range(60)}
                values |= {"nan": math.nan, "inf": math.inf if step % 2 else -math.inf, "x" * 220: step / 7}
                run.log_metrics({**values, "損失": 1e-7 / (step + 1), name: -1.5 * step}, step=step)
        made.append(run.path)
    file = made[2] / "metrics.jsonl"
    file.write_bytes(file.read_bytes()[:-30] + b"\nno line\n")
    return [open_run(path) for path in made]
