"""Metrics: figures, goals, and where curves part."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import InvalidValueError
from runlogging.folder import Line, encode_line
from runlogging.reading.comparing import Against, MetricComparison, MetricFigures, compare, guessed_goal
from runlogging.reading.comparing._curves import Curve, against_baseline
from tests.reading.comparing.tools import Values, logged, measured

NAN, INF = math.nan, math.inf


def _figures(path: Path, other: Path, name: str = "loss", place: int = 0) -> MetricFigures:
    figures = _metric(path, other, name=name).runs[place]
    assert figures is not None
    return figures


def _metric(*paths: Path, name: str = "loss") -> MetricComparison:
    return next(metric for metric in compare(*paths).metrics if metric.name == name)


def _against(tmp_path: Path, base: Values, other: Values) -> Against:
    runs = measured(tmp_path, "a", loss=base), measured(tmp_path, "b", loss=other)
    against = _figures(*runs, place=1).against
    assert against is not None
    return against


def test_figures_of_a_curve(tmp_path: Path) -> None:
    """Last, extremes with their steps, and the area by the trapezoid rule over uneven steps."""
    path = measured(tmp_path, "a", loss={0: 4.0, 1: 2.0, 3: 1.0, 7: 3.0})
    figures = _figures(path, measured(tmp_path, "b"))
    assert (figures.count, figures.nonfinite, figures.last, figures.last_step) == (4, 0, 3.0, 7)
    assert (figures.min, figures.min_step, figures.max, figures.max_step) == (1.0, 3, 4.0, 0)
    assert (figures.best, figures.best_step) == (1.0, 3)
    assert (figures.axis, figures.area, figures.average) == ("step", 3 + 3 + 8, 14 / 7)
    assert figures.against is None


def test_nan_and_infinities_are_skipped_but_told(tmp_path: Path) -> None:
    """They are no extremes and bound no area; as the last value they are said."""
    figures = _figures(measured(tmp_path, "a", loss=[1.0, NAN, 3.0, -INF]), measured(tmp_path, "b"))
    assert (figures.count, figures.nonfinite) == (4, 2)
    assert figures.last == -INF
    assert (figures.min, figures.max, figures.area, figures.average) == (1.0, 3.0, 4.0, 2.0)


def test_curve_without_a_finite_value_has_no_figures(tmp_path: Path) -> None:
    """Nothing is made up for a metric that was NaN from the start."""
    figures = _figures(measured(tmp_path, "a", loss=[NAN]), measured(tmp_path, "b"))
    assert (figures.min, figures.min_step, figures.best, figures.area, figures.average) == (None,) * 5


def test_single_point_has_no_area_and_its_own_height(tmp_path: Path) -> None:
    """The span of one point is 0, and the average is its value."""
    figures = _figures(measured(tmp_path, "a", loss=[5.0]), measured(tmp_path, "b"))
    assert (figures.area, figures.average) == (0.0, 5.0)


def test_points_without_steps_are_placed_by_their_order(tmp_path: Path) -> None:
    """The axis is the index, also between two such runs."""
    runs = (
        measured_without_steps(tmp_path, "a", [2.0, 4.0, 4.0]),
        measured_without_steps(tmp_path, "b", [2.0, 4.0, 0.0]),
    )
    figures = _figures(*runs, place=1)
    assert (figures.axis, figures.area, figures.last_step) == ("index", 5.0, None)
    assert figures.against == Against(-4.0, -1.0, 3, 2)


def measured_without_steps(root: Path, run_id: str, values: list[float]) -> Path:
    """Return the folder of a run whose points have no steps."""
    times = [f"2026-01-01T00:00:{second:02}.000000Z" for second in range(len(values))]
    lines = [Line(time=time, metrics={"loss": value}) for time, value in zip(times, values, strict=True)]
    return logged(root, run_id, *lines)


def test_step_that_was_logged_again_counts_once(tmp_path: Path) -> None:
    """The area takes the last value of a step; the count takes all points."""
    path = logged(
        tmp_path,
        "a",
        *(Line(time=f"2026-01-01T00:00:0{step}.000000Z", step=step, metrics={"loss": 9.0}) for step in range(3)),
        *(Line(time=f"2026-01-01T00:00:1{step}.000000Z", step=step, metrics={"loss": 1.0}) for step in (1, 0)),
    )
    figures = _figures(path, measured(tmp_path, "b"))
    assert (figures.count, figures.area, figures.last_step) == (5, 1.0 + 5.0, 0)


def test_points_of_several_writers_are_merged(tmp_path: Path) -> None:
    """What a further writer logged later is the last point, whatever its file is called."""
    first = Line(time="2026-01-01T00:00:02.000000Z", step=1, metrics={"loss": 1.0})
    path = logged(tmp_path, "a", first)
    lines = [
        Line(seq=seq, time=f"2026-01-01T00:00:0{second}.000000Z", step=step, metrics={"loss": float(step)})
        for seq, second, step in ((1, 1, 0), (2, 3, 2))
    ]
    (path / "metrics.a.jsonl").write_bytes(b"".join(map(encode_line, lines)))
    figures = _figures(path, measured(tmp_path, "b"))
    assert (figures.count, figures.last, figures.area) == (3, 2.0, 2.0)


def test_lines_out_of_order_are_put_in_order(tmp_path: Path) -> None:
    """A signal handler may write an earlier number later: the number counts."""
    path = logged(tmp_path, "a", *(Line(time=f"2026-01-01T00:00:0{n}.000000Z", metrics={"loss": n}) for n in range(3)))
    file = path / "metrics.jsonl"
    first, *rest = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join([*rest, first]))
    assert _figures(path, measured(tmp_path, "b")).last == 2


def test_large_integers_stay_exact(tmp_path: Path) -> None:
    """An int beyond the doubles comes back whole, and one beyond all floats is no finite value."""
    figures = _figures(measured(tmp_path, "a", loss=[2**60 + 1, 10**400]), measured(tmp_path, "b"))
    assert (figures.max, figures.last, figures.nonfinite) == (2**60 + 1, 10**400, 1)


@pytest.mark.parametrize(
    ("base", "other", "parting", "shared"),
    [
        pytest.param([9, 5, 2, 1], [9, 5, 2, 1], None, 4, id="same"),
        pytest.param([9, 5, 2, 1], [9, 5, 4, 4], 2, 4, id="parts"),
        pytest.param([9, 5, 2, 1], [1, 5, 2, 1], None, 4, id="together-at-the-end"),
        pytest.param([9, 5, 2, 1], [9, 9, 2, 9], 3, 4, id="meets-again"),
        pytest.param([9, 5, 2, 1], [8.61, 5.39, 1.7, 1.3], None, 4, id="within-five-percent-of-the-spread"),
        pytest.param([9, 5, 2, 1], [9, 5, 2, 1.41], 3, 4, id="just-beyond"),
        pytest.param({0: 9, 10: 5, 20: 1}, {10: 5, 15: 70, 20: 3, 30: 7}, 20, 2, id="shared-steps-only"),
        pytest.param({0: 9, 2: 5}, {1: 9, 3: 5}, None, 0, id="no-shared-step"),
        pytest.param([3, 3, 3], [3, 3.1, 3.2], 2, 3, id="flat-baseline-takes-its-height"),
        pytest.param([0, 0, 0], [0, 0, 1e-9], 2, 3, id="zero-baseline-takes-nothing"),
        pytest.param([9, 5, 1], [9, NAN, NAN], 1, 3, id="nan-is-apart"),
        pytest.param([9, NAN, NAN], [9, NAN, NAN], None, 3, id="nan-in-both-is-together"),
        pytest.param([9, INF, INF], [9, INF, -INF], 2, 3, id="infinities-of-other-signs"),
    ],
)
def test_curves_part(tmp_path: Path, base: Values, other: Values, parting: int | None, shared: int) -> None:
    """The parting is the first shared step from which on every shared step is apart."""
    against = _against(tmp_path, base, other)
    assert (against.parts_at, against.shared_steps) == (parting, shared)


def test_change_of_the_last_value(tmp_path: Path) -> None:
    """The relative change is by the size of the baseline's value, so a rise is positive."""
    against = _against(tmp_path, [-4.0], [-2.0])
    assert (against.delta, against.relative) == (2.0, 0.5)


@pytest.mark.parametrize(
    ("base", "other", "delta"), [pytest.param([0.0], [2.0], 2.0, id="zero"), pytest.param([1.0], [NAN], None, id="nan")]
)
def test_change_that_has_no_share(tmp_path: Path, base: Values, other: Values, delta: float | None) -> None:
    """Nothing is a share of 0, and NaN has no difference."""
    against = _against(tmp_path, base, other)
    assert (against.delta, against.relative) == (delta, None)


def test_tolerance_can_be_chosen(tmp_path: Path) -> None:
    """Curves that part at 5 % may be together at 50 %."""
    runs = measured(tmp_path, "a", loss=[2.0, 1.0, 0.0]), measured(tmp_path, "b", loss=[2.0, 1.5, 0.5])
    partings = []
    for tolerance in (0.05, 0.5, 0):
        figures = compare(*runs, tolerance=tolerance).metrics[0].runs[1]
        assert figures is not None
        assert figures.against is not None
        partings.append(figures.against.parts_at)
    assert partings == [1, None, 1]


def test_metric_that_a_run_lacks(tmp_path: Path) -> None:
    """It has no figures there, differs, and nothing stands against it."""
    metric = _metric(measured(tmp_path, "a"), measured(tmp_path, "b", loss=[1.0]))
    assert metric.runs[0] is None
    assert metric.runs[1] is not None
    assert metric.runs[1].against is None
    assert metric.differs


@pytest.mark.parametrize(
    ("values", "goal", "winners"),
    [
        pytest.param(([3, 1], [2, 2], [4, 1]), "minimize", (0, 2), id="least"),
        pytest.param(([3, 1], [2, 2], [4, 1]), "maximize", (2,), id="greatest"),
        pytest.param(([1], [1], [1]), "minimize", (), id="all-equal"),
        pytest.param(([3], [2], [1]), None, (), id="no-goal"),
        pytest.param(([NAN], [2], [3]), "minimize", (1,), id="nan-wins-nothing"),
    ],
)
def test_winners(tmp_path: Path, values: tuple[Values, ...], goal: object, winners: tuple[int, ...]) -> None:
    """The best run is that whose best value is; a goal that was given goes before the guess."""
    runs = [measured(tmp_path, f"r{number}", loss=points) for number, points in enumerate(values)]
    found = compare(*runs, goal={"loss": goal}).metrics[0]  # type: ignore[dict-item]
    assert (found.goal, found.winners) == (goal, winners)


def test_goal_that_is_none_is_refused(tmp_path: Path) -> None:
    """A goal is one of two words."""
    with pytest.raises(InvalidValueError, match="'up'"):
        compare(measured(tmp_path, "a"), measured(tmp_path, "b"), goal={"loss": "up"})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("name", "goal"),
    [
        *((name, "minimize") for name in ("loss", "val_loss", "train/loss", "valLoss", "mse", "test.RMSE", "nll")),
        *((name, "minimize") for name in ("precision_loss", "word error", "perplexity", "mae@12")),
        *((name, "maximize") for name in ("acc", "acc1", "accuracy", "val/f1", "AUC", "r2", "F1Score", "top1_acc")),
        *((name, "maximize") for name in ("loss_score", "neg_mean_squared_error", "recall@10", "mAP50")),
        *((name, None) for name in ("lr", "step", "lossless", "scoreboard", "f", "2", "", "seconds", "accelerator")),
    ],
)
def test_goals_are_guessed_by_whole_words(name: str, goal: str | None) -> None:
    """The last known word of a name decides; a part of a word does not."""
    assert guessed_goal(name) == goal


_VALUES = st.lists(st.floats(-1e6, 1e6) | st.just(NAN), min_size=1, max_size=30)


@settings(deadline=None)
@given(_VALUES, _VALUES)
def test_parting_follows_its_definition(base: list[float], other: list[float]) -> None:
    """From the parting on all shared steps are apart, and the one before it is not; counted anew, step by step."""
    one, two = (Curve(list(range(len(values))), values) for values in (base, other))
    finite = [value for value in base if value == value]
    spread = max(finite, default=0) - min(finite, default=0) or abs(max(finite, default=0))
    apart = [
        not (abs(left - right) <= 0.1 * spread) and not (left != left and right != right)
        for left, right in zip(base, other, strict=False)
    ]
    expected = next((step for step in range(len(apart)) if all(apart[step:])), None)
    assert against_baseline(one, two, 0.1).parts_at == expected


@settings(deadline=None)  # numpy is imported in the first example
@given(st.dictionaries(st.integers(-50, 50), st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_area_agrees_with_numpy(points: dict[int, float]) -> None:
    """The area of points in any order is that of an independent implementation."""
    numpy = pytest.importorskip("numpy")
    ordered = sorted(points.items())
    trapezoid = getattr(numpy, "trapezoid", None) or numpy.trapz
    expected = trapezoid([value for _, value in ordered], [step for step, _ in ordered])
    figures = Curve(list(points), list(points.values())).figures(None, None)
    assert figures.area == pytest.approx(float(expected), rel=1e-9, abs=1e-6)
