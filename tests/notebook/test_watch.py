"""What a page is told of a run."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

from runlogging import RunNotFoundError, open_run, start_run
from runlogging._errors import InvalidValueError
from runlogging.notebook import RunDetails
from runlogging.notebook._watch import RunWatch


def size_of(state: object) -> int:
    """Return about how many bytes a state has on the wire."""
    total = 0

    def plain(value: object) -> str:
        nonlocal total
        assert isinstance(value, bytes)
        total += len(value)
        return ""

    return len(json.dumps(state, default=plain)) + total


def test_news_are_what_came(tmp_path: Path) -> None:
    """Only what is new comes, nothing where nothing is, and a change of status without points."""
    with start_run("news", tmp_path / "runs") as run:
        run.log("loss", 0.5, step=0)
        watch = RunWatch(open_run(run.path))
        assert [curve["name"] for curve in watch.state()["curves"]] == ["loss"]
        assert watch.news() is None
        run.log("loss", math.nan, step=1)
        run.log("acc", 1, step=1)
        news = watch.news()
        assert news is not None
        assert [(curve["place"], curve["name"]) for curve in news.content["curves"]] == [(0, "loss"), (1, "acc")]
        assert [len(buffer) for buffer in news.buffers] == [8, 8, 8, 8]
        assert [metric["last"] for metric in news.content["facts"]["metrics"]] == ["NaN", "1"]
        assert watch.is_open()
    ended = watch.news()
    assert ended is not None
    assert (ended.content["facts"]["status"], ended.content["curves"]) == ("Completed", [])
    assert not watch.is_open()


def test_the_state_is_bounded(tmp_path: Path) -> None:
    """20 metrics of 10,000 points are 12 curves and less than 200 KB, widget and all."""
    with start_run("large", tmp_path / "runs", durability="lazy") as run:
        for step in range(10_000):
            run.log_metrics({f"metric {number}": math.sin(step * number) for number in range(20)}, step=step)
    watch = RunWatch(open_run(run.path))
    state = watch.state()
    assert (len(state["curves"]), state["facts"]["more"]) == (12, 8)
    room = Path(RunWatch.__module__.replace(".", "/")).parent
    shipped = sum(path.stat().st_size for path in Path("src", room).glob("widget.*"))
    assert size_of(state) + shipped < 200_000


def test_texts_are_short_and_plain(tmp_path: Path) -> None:
    """Names have no control characters and an end."""
    with start_run("names", tmp_path / "runs", name="a\x1b[31m\u202e" + "b" * 10_000) as run:
        run.log("x" * 5000, 1)
    facts = RunWatch(open_run(run.path)).state()["facts"]
    assert facts["name"].startswith("a\\x1b[31m\\u202e")
    assert len(facts["name"]) < 140
    assert len(facts["metrics"][0]["name"]) < 140


def test_a_run_that_is_gone_is_said(tmp_path: Path) -> None:
    """A folder that was deleted is an error for the watch, and a sentence in the cell."""
    with start_run("gone", tmp_path / "runs") as run:
        run.log("loss", 1)
    watch, details = RunWatch(open_run(run.path)), RunDetails(run)
    shutil.rmtree(run.path)
    with pytest.raises(RunNotFoundError):
        watch.news()
    assert "cannot be shown" in details._repr_html_()


def test_what_can_be_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs, readers, experiments and rows of runs are shown; of others an error says what is."""
    with start_run("all", tmp_path / "runs") as run:
        run.log("loss", 0.25)
        child = run.child_run("part")
        child.complete()
        for shown in (run, run.reader):
            RunDetails(shown).show()
            printed = capsys.readouterr().out
            assert run.id in printed
            assert "0.25" in printed
        for several in (run.experiment, [run, child.reader], run.get_children()):
            RunDetails(several).show()
            assert "Completed" in RunDetails([child])._repr_html_()
            assert capsys.readouterr().out.startswith("run")
    for wrong in (7, "runs", [run, 3]):
        with pytest.raises(InvalidValueError, match=r"RunDetails shows|table of runs"):
            RunDetails(wrong)
