"""Runs and experiments in notebooks: what an untrusted notebook keeps, within its size, whatever the run is."""

from __future__ import annotations

import base64
import builtins
import re
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidValueError, MetricNotFoundError, MissingExtraError, start_run
from runlogging.drawing import experiment_html, plot, run_html
from runlogging.drawing._families import families
from runlogging.drawing._points import read_points
from runlogging.reading import RunReader, open_run
from tests.drawing.tools import HOSTILE, parsed

_KEPT = frozenset({"div", "table", "tr", "th", "td", "p", "b", "pre", "img"})


def _run(root: Path, name: str = "plain", steps: int = 30, *, fails: bool = False) -> RunReader:
    path = None
    try:
        with start_run("notebook", root=root, name=name) as run:
            path = run.path
            for step in range(steps):
                run.log("train/loss", 1 / (step + 1) if step != 3 else float("nan"), step=step)
                run.log("val/loss", 2 / (step + 1), step=step)
            if fails:
                raise ValueError("<not> finite")
    except ValueError:
        pass
    assert path is not None
    return open_run(path)


def _pictures(html: str) -> list[str]:
    return [base64.b64decode(text).decode() for text in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)]


def _check(html: str) -> None:
    """Refuse what JupyterLab's sanitizer would take out, and what is too large."""
    assert {tag.lower() for tag in re.findall(r"<([a-zA-Z]+)", html)} <= _KEPT
    assert set(re.findall(r' style="([^"]*)"', html)) <= {"text-align:left"}
    assert len(html.encode()) < 100_000


def test_a_run(tmp_path: Path) -> None:
    """Facts, metrics and one picture of the two losses are there; the picture has a ground of its own."""
    html = run_html(_run(tmp_path))
    _check(html)
    assert "Completed" in html
    (svg,) = _pictures(html)
    root = parsed(svg)
    assert root[2].get("fill") == "#ffffff"
    assert "train/loss (1 NaN)" in svg


def test_a_failed_run_says_why(tmp_path: Path) -> None:
    """The exception is there, as text."""
    html = run_html(_run(tmp_path, fails=True))
    _check(html)
    assert "ValueError: &lt;not&gt; finite" in html


def test_hostile_names_and_many_metrics(tmp_path: Path) -> None:
    """Names are texts, and however many metrics there are it stays small."""
    with start_run("notebook", root=tmp_path, name=HOSTILE.replace("\ud800", "").replace("\x00", "")) as run:
        for step in range(300):
            run.log_metrics({f"{HOSTILE[:40]} {number}": (step * 7919 + number) % 101 for number in range(60)}, step)
    html = run_html(open_run(run.path))
    _check(html)
    assert "45 more metrics" in html
    assert len(_pictures(html)) == 4


def test_it_never_raises(tmp_path: Path) -> None:
    """A run that was deleted meanwhile is a sentence."""
    run = _run(tmp_path)
    (run.path / "run.json").unlink()
    assert "cannot be shown: RunNotFoundError" in run_html(run)
    assert "cannot be shown" in experiment_html("<x>", [run])
    assert "<x>" not in experiment_html("<x>", [run])


def test_an_experiment(tmp_path: Path) -> None:
    """Its runs have a row and a small curve each, and the rest is counted."""
    runs = [_run(tmp_path, f"run {number}", 5) for number in range(3)]
    html = experiment_html("notebook", runs, total=40)
    _check(html)
    assert "40 runs" in html
    assert "37 more runs" in html
    assert len(_pictures(html)) == 3
    _check(experiment_html("empty", []))


def test_families() -> None:
    """Phases of one quantity share a chart, and prefixes stand together."""
    names = ["train/loss", "system/cpu", "val/loss", "accuracy_val", "accuracy_train", "system/gpu", "val", "loss"]
    assert families(names) == {
        "loss": ["train/loss", "val/loss", "loss"],
        "accuracy": ["accuracy_val", "accuracy_train"],
        "val": ["val"],
        "system/cpu": ["system/cpu"],
        "system/gpu": ["system/gpu"],
    }


def test_points_without_steps_stand_at_their_places(tmp_path: Path) -> None:
    """One point without a step is enough that x is the place; time needs no step."""
    with start_run("points", root=tmp_path) as run:
        run.log("loss", 1, step=10)
        run.log("loss", 2)
        run.log("loss", 10**400, step=30)
    reader = open_run(run.path)
    points = read_points(reader, {"loss", "missing"})["loss"]["main"]
    assert list(map(list, points.columns())) == [[0, 1, 2], [1.0, 2.0, float("inf")]]
    times = read_points(reader, {"loss"}, "relative")["loss"]["main"]
    assert times.has_steps
    assert list(times.xs) == sorted(times.xs)
    assert 0 <= times.xs[0] < 60


@pytest.mark.parametrize("x", ["step", "time", "relative"])
def test_figure(tmp_path: Path, x: Any) -> None:
    """The figure has a line for each metric, a gap at the NaN, its mark, and can be written without a display."""
    pytest.importorskip("matplotlib")
    figure = plot(_run(tmp_path), ["train/loss", "val/loss"], x)
    (axes,) = figure.axes
    labels = [line.get_label() for line in axes.get_lines()]
    assert "train/loss (1 NaN)" in labels
    assert "val/loss" in labels
    figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5_000


def test_figure_of_wrong_names(tmp_path: Path) -> None:
    """A metric that is not there is named with its neighbours."""
    pytest.importorskip("matplotlib")
    run = _run(tmp_path)
    with pytest.raises(MetricNotFoundError, match="train/loss"):
        plot(run, "train/los")
    with pytest.raises(InvalidValueError, match="epoch"):
        plot(run, "train/loss", "epoch")  # type: ignore[arg-type]
    with pytest.raises(InvalidValueError, match="one metric"):
        plot(run, [])


def test_figure_without_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib the error names the extra."""
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "matplotlib":
            raise ImportError(name)
        return real(name, *args, **options)

    run = _run(tmp_path)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"runlogging\[plot\]"):
        plot(run, "train/loss")
