"""The colour of a run in a report and in a figure of matplotlib: its own, the same as on every page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import runlogging
from runlogging.drawing import DASHES, RUN_COLOURS, colours_of, plot
from runlogging.drawing._palette import line_styles
from runlogging.reading import RunReader, open_run
from runlogging.report import report_html

IDS = {colours_of([run_id])[run_id].name: run_id for run_id in (f"run-{number}" for number in range(200))}


def _attribute(tag: str, name: str) -> str:
    found = re.search(f' {name}="([^"]*)"', tag)
    return found[1] if found else ""


def made_run(root: Path, run_id: str) -> RunReader:
    """Return a run with two metrics of one family and one apart."""
    with runlogging.start_run("colours", root, run_id=run_id, capture=False, environment=False) as run:
        for step in range(40):
            run.log_metrics({"train/loss": 1 / (step + 1), "val/loss": 2 / (step + 1), "acc": step}, step=step)
    return open_run(run.path)


@pytest.mark.parametrize("name", [colour.name for colour in RUN_COLOURS])
def test_a_report_of_one_run_has_its_colour(tmp_path: Path, name: str) -> None:
    """Each curve has the run's colour, and metrics of one chart have dashes of their own."""
    run = made_run(tmp_path, IDS[name])
    html = report_html([run])
    lines = [path for path in re.findall("<path[^>]*>", html) if 'stroke-width="1.6"' in path]
    strokes = [(_attribute(path, "stroke"), _attribute(path, "stroke-dasharray")) for path in lines]
    colour = colours_of([run.id])[run.id].hex
    assert sorted(strokes) == sorted([(colour, ""), (colour, DASHES[1]), (colour, "")])


def test_a_figure_has_the_colour_of_its_run(tmp_path: Path) -> None:
    """Curves have the run's colour; a second one a dash pattern."""
    pytest.importorskip("matplotlib")
    run = made_run(tmp_path, IDS["orange"])
    axes = plot(run, ["train/loss", "val/loss"]).axes[0]
    lines = [line for line in axes.lines if not str(line.get_label()).startswith("_")]
    assert [line.get_color() for line in lines] == ["#ff5f00"] * 2
    assert [line.get_linestyle() for line in lines] == ["-", "--"]


def test_forty_lines_of_a_run_have_no_two_alike() -> None:
    """The first ones have the run's colour; then come the others, each with every dash pattern."""
    styles = [style for style, _ in zip(line_styles(IDS["green"]), range(40), strict=False)]
    assert {style.colour.name for style in styles[: len(DASHES)]} == {"green"}
    assert len(set(styles)) == 40
