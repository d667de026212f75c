"""Which runs a policy stops: tables of series, worked out by hand from the definitions."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging import InvalidValueError
from runlogging.sweep import BanditPolicy, MedianStoppingPolicy, TruncationSelectionPolicy
from runlogging.sweep._policies import Policy, due_interval

NAN = math.nan

# Azure's own example: best run 0.8; below 0.8 / 1.2 = 0.667 (factor 0.2), or below 0.6 (amount 0.2), runs are stopped.
CASES: list[tuple[Policy, str, list[list[float]], list[int]]] = [
    (BanditPolicy(slack_factor=0.2), "maximize", [[0.8], [0.67], [0.66], [0.5]], [2, 3]),
    (BanditPolicy(slack_amount=0.2), "maximize", [[0.8], [0.61], [0.59], [0.5]], [2, 3]),
    (BanditPolicy(slack_factor=0.2), "minimize", [[1.0], [1.2], [1.21]], [2]),
    (BanditPolicy(slack_amount=0.2), "minimize", [[1.0], [1.2], [1.21]], [2]),
    # The best value so far counts, not the last one.
    (BanditPolicy(slack_factor=0.2), "maximize", [[0.8, 0.1], [0.79, 0.0]], []),
    # Runs are compared at the interval that the judged one has reached: the later 9 does not count against it.
    (BanditPolicy(slack_factor=0.2), "maximize", [[0.8, 9.0], [0.7]], []),
    (BanditPolicy(slack_factor=0.2), "maximize", [[0.8, 9.0], [0.7, 0.7]], [1]),
    # A run that is ahead is judged where another one has arrived, by all that it has; a younger, better one counts.
    (BanditPolicy(slack_factor=0.2), "maximize", [[0.8] * 3, [0.1] * 5], [1]),
    (BanditPolicy(slack_factor=0.2), "maximize", [[0.8] * 3, [0.1] * 4 + [0.7]], []),
    (BanditPolicy(slack_factor=0.2, delay_evaluation=2), "maximize", [[0.8], [0.1] * 3, [0.2] * 3, []], [1, 2]),
    # A negative best: the slack is on the worse side, so that the best run is never stopped.
    (BanditPolicy(slack_factor=0.5), "maximize", [[-1.0], [-1.4], [-1.6]], [2]),
    (BanditPolicy(slack_factor=1.0), "minimize", [[-4.0], [-2.1], [-1.9]], [2]),
    (BanditPolicy(slack_factor=0.0), "maximize", [[0.8], [0.8], [0.7]], [2]),
    (BanditPolicy(slack_factor=0.2), "maximize", [[0.8], [NAN], [NAN, 0.8]], [1]),
    (BanditPolicy(slack_factor=0.2), "maximize", [[NAN], [NAN]], []),
    (BanditPolicy(slack_factor=0.2, evaluation_interval=2), "maximize", [[0.8, 0.8], [0.1]], []),
    (BanditPolicy(slack_factor=0.2, evaluation_interval=2), "maximize", [[0.8, 0.8], [0.1, 0.1]], [1]),
    (BanditPolicy(slack_factor=0.2, delay_evaluation=3), "maximize", [[0.8] * 3, [0.1] * 2], []),
    (BanditPolicy(slack_factor=0.2, delay_evaluation=3), "maximize", [[0.8] * 3, [0.1] * 3], [1]),
    # Running averages 2, 3, 4, the median 3: a best value of 2 is worse, one of 3 is not.
    (MedianStoppingPolicy(), "maximize", [[1.0, 3.0], [3.0, 3.0], [4.0, 4.0]], []),
    (MedianStoppingPolicy(), "maximize", [[2.0, 2.0], [3.0, 3.0], [4.0, 4.0]], [0]),
    (MedianStoppingPolicy(), "minimize", [[2.0, 2.0], [3.0, 3.0], [4.0, 4.0]], [2]),
    (MedianStoppingPolicy(), "maximize", [[1.0]], []),
    (MedianStoppingPolicy(), "maximize", [[2.0] * 3, [1.0] * 5], [1]),
    (MedianStoppingPolicy(delay_evaluation=2), "maximize", [[9.0], [2.0, 2.0], [2.0, 2.0]], []),
    (MedianStoppingPolicy(), "maximize", [[1.0], [5.0, 0.0]], [0]),
    (MedianStoppingPolicy(evaluation_interval=2, delay_evaluation=4), "maximize", [[1.0] * 3, [5.0] * 3], []),
    (MedianStoppingPolicy(evaluation_interval=2, delay_evaluation=4), "maximize", [[1.0] * 5, [5.0] * 5], [0]),
    (MedianStoppingPolicy(), "minimize", [[NAN], [1.0], [1.0]], [0]),
    # A fifth of five is one, of four none.
    (TruncationSelectionPolicy(20), "maximize", [[5.0], [4.0], [1.0], [2.0], [3.0]], [2]),
    (TruncationSelectionPolicy(20), "minimize", [[5.0], [4.0], [1.0], [2.0], [3.0]], [0]),
    (TruncationSelectionPolicy(20), "maximize", [[5.0], [4.0], [1.0], [2.0]], []),
    (TruncationSelectionPolicy(50), "maximize", [[1.0], [1.0], [1.0], [1.0]], [2, 3]),
    (TruncationSelectionPolicy(50, evaluation_interval=2), "maximize", [[1.0, 5.0], [2.0, 2.0]], [1]),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_table(case: int) -> None:
    """A policy stops just the runs that its definition names, and the reason says at which interval."""
    policy, goal, values, stopped = CASES[case]
    series = dict(enumerate(values))
    reasons = {point: policy.judge(series, point, goal) for point in series}
    assert [point for point, reason in reasons.items() if reason] == stopped
    for point in stopped:
        assert str(reasons[point]).startswith(f"{type(policy).__name__} at interval ")


def test_truncation_may_leave_finished_runs_out() -> None:
    """With exclude_finished_jobs runs that have ended are not ranked."""
    series = {0: [1.0], 1: [2.0], 2: [3.0], 3: [4.0]}
    assert TruncationSelectionPolicy(25).judge(series, 1, "maximize", finished={0}) is None
    assert TruncationSelectionPolicy(34, exclude_finished_jobs=True).judge(series, 1, "maximize", finished={0})


def test_reason_has_the_numbers() -> None:
    """A reason is one sentence with the value, the bound and the best."""
    reason = BanditPolicy(slack_amount=0.5).judge({0: [1.0], 1: [2.0]}, 1, "minimize")
    assert reason == "BanditPolicy at interval 1: 2 is beyond 1.5, where the best run has 1"


@given(
    st.lists(st.lists(st.floats(), min_size=1, max_size=5), min_size=1, max_size=6),
    st.sampled_from(["minimize", "maximize"]),
    st.sampled_from([BanditPolicy(slack_factor=0.1), BanditPolicy(slack_amount=0), MedianStoppingPolicy()]),
)
def test_not_all_are_stopped(values: list[list[float]], goal: str, policy: Policy) -> None:
    """At one interval a policy never stops every run, and whatever was logged it does not raise."""
    length = min(map(len, values))
    series = dict(enumerate(series[:length] for series in values))
    assert not all(policy.judge(series, point, goal) for point in series)


def test_due_intervals() -> None:
    """A policy is due at multiples of its interval that are not below its delay."""
    found = [due_interval(count, 3, 5) for count in range(13)]
    assert found == [None] * 6 + [6, 6, 6, 9, 9, 9, 12]


BAD: list[tuple[Any, dict[str, Any]]] = [
    (BanditPolicy, {}),
    (BanditPolicy, {"slack_factor": 0.1, "slack_amount": 0.1}),
    (BanditPolicy, {"slack_factor": -0.1}),
    (BanditPolicy, {"slack_factor": "0.1"}),
    (BanditPolicy, {"slack_factor": 0.1, "evaluation_interval": 0}),
    (MedianStoppingPolicy, {"delay_evaluation": -1}),
    (MedianStoppingPolicy, {"evaluation_interval": 1.5}),
    (TruncationSelectionPolicy, {"truncation_percentage": 0}),
    (TruncationSelectionPolicy, {"truncation_percentage": 100}),
]


@pytest.mark.parametrize("case", range(len(BAD)))
def test_wrong_policies_are_refused(case: int) -> None:
    """A policy without a sense is refused when it is made."""
    kind, options = BAD[case]
    with pytest.raises(InvalidValueError):
        kind(**options)


def test_arguments_are_in_azures_order() -> None:
    """The policies take their arguments by place as Azure's do."""
    assert BanditPolicy(0.1, None, 2, 3) == BanditPolicy(slack_factor=0.1, evaluation_interval=2, delay_evaluation=3)
    assert MedianStoppingPolicy(2, 3) == MedianStoppingPolicy(evaluation_interval=2, delay_evaluation=3)
    assert TruncationSelectionPolicy(20, 2, 3).delay_evaluation == 3
