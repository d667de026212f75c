"""Pictures of a run in a notebook have the run's own colour, which is seen on any ground."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest

from runlogging import start_run
from runlogging.drawing import DASHES, RUN_COLOURS, colours_of, experiment_html, run_html
from runlogging.drawing._palette import contrast
from runlogging.reading import RunReader, open_run
from tests.drawing.tools import SVG, parsed, texts

# One id for each of the eight colours.
_IDS = {colours_of([run_id])[run_id].name: run_id for run_id in (f"run-{number}" for number in range(200))}


def _run(root: Path, run_id: str, writers: int = 1) -> RunReader:
    with start_run("colours", root, run_id=run_id, capture=False, environment=False) as run:
        for step in range(60):
            run.log_metrics({"train/loss": 1 / (step + 1), "val/loss": 2 / (step + 1), "acc": step / 60}, step=step)
    for number in range(1, writers):
        (run.path / f"metrics.rank{number}.jsonl").write_bytes((run.path / "metrics.jsonl").read_bytes())
    return open_run(run.path)


def _pictures(html: str) -> list[str]:
    return [base64.b64decode(text).decode() for text in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)]


def _strokes(svg: str) -> set[str | None]:
    return {path.get("stroke") for path in parsed(svg).iter(f"{SVG}path")}


def test_an_id_of_each_colour_is_tried() -> None:
    """The ids of these tests have all eight colours."""
    assert _IDS.keys() == {colour.name for colour in RUN_COLOURS}


@pytest.mark.parametrize("name", [colour.name for colour in RUN_COLOURS])
def test_all_lines_have_the_colour_of_the_run(tmp_path: Path, name: str) -> None:
    """Each curve of each chart has it, and it stands out from the picture's ground and from any that is black."""
    run = _run(tmp_path, _IDS[name])
    colour = colours_of([run.id])[run.id].hex
    pictures = _pictures(run_html(run))
    assert len(pictures) == 2
    for svg in pictures:
        ground = parsed(svg)[2].get("fill") or ""
        assert _strokes(svg) == {colour}
        assert contrast(colour, ground) >= 3
        assert contrast(colour, "#000000") >= 3


def test_lines_of_one_chart_have_dashes_of_their_own(tmp_path: Path) -> None:
    """Phases and writers are told apart by dashes, in the legend too; what has none left is counted in the title."""
    losses, accuracy = _pictures(run_html(_run(tmp_path, "ranks", writers=8)))
    for svg in (losses, accuracy):
        dashes = [path.get("stroke-dasharray") or "" for path in parsed(svg).iter(f"{SVG}path")]
        assert dashes == list(DASHES)
    assert "loss (11 more lines)" in texts(losses)
    assert "acc (3 more lines)" in texts(accuracy)
    assert texts(losses)[-len(DASHES) :][:2] == ["train/loss", "val/loss"]
    colour = colours_of(["ranks"])["ranks"].hex
    keys = [line for line in parsed(accuracy).iter(f"{SVG}line") if line.get("stroke") == colour]
    assert [key.get("stroke-dasharray") or "" for key in keys] == list(DASHES)


def test_small_curves_of_an_experiment_have_the_colours_of_their_runs(tmp_path: Path) -> None:
    """Each row's curve has the colour that the run has beside the others."""
    runs = [_run(tmp_path, run_id) for run_id in sorted(_IDS.values())]
    colours = colours_of(run.id for run in runs)
    found = [_strokes(svg) for svg in _pictures(experiment_html("colours", runs))]
    assert found == [{colours[run.id].hex} for run in runs]
    assert len({colour.hex for colour in colours.values()}) == 8
