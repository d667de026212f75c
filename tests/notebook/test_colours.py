"""The picture that a cell keeps has the colour that the widget had while the run was open."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from runlogging import open_run, start_run
from runlogging.drawing import RUN_COLOURS, colours_of
from runlogging.notebook._pages import static_data
from runlogging.notebook._subjects import subject_of
from runlogging.notebook._watch import RunWatch

# Two ids with different colours, neither of them the first of the palette.
_IDS = ["run-1", "run-4"]


def _strokes(html: str) -> list[set[str]]:
    pictures = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    return [set(re.findall(r'<path[^>]* stroke="([^"]+)"', base64.b64decode(text).decode())) for text in pictures]


def test_the_ids_say_something() -> None:
    """The ids of these tests have two colours that are not the first one."""
    assert len({colours_of([run_id])[run_id] for run_id in _IDS} | {RUN_COLOURS[0]}) == 3


@pytest.mark.parametrize("run_id", _IDS)
def test_widget_and_picture_have_one_colour(tmp_path: Path, run_id: str) -> None:
    """What replaces the widget at the run's end draws the run as the widget did."""
    with start_run("colours", tmp_path, run_id=run_id, capture=False, environment=False) as run:
        run.log_metrics({"loss": 1, "acc": 0}, step=0)
        run.log_metrics({"loss": 0.5, "acc": 0.5}, step=1)
        colour = RunWatch(open_run(run.path)).state()["facts"]["colour"]
        assert _strokes(static_data(subject_of(run))["text/html"]) == [{colour}, {colour}]
    assert _strokes(run._repr_html_() or "") == [{colour}, {colour}]
