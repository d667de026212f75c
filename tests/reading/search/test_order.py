"""The order of runs: by which fields, in which direction, and where what cannot be compared stands."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import InvalidValueError
from runlogging.folder import MetricSummary
from runlogging.reading.search._order import Order, parse_order
from runlogging.reading.search._tokens import FilterError

from .test_filter import Run


def run(run_id: str, second: int = 0, *, mse: float | None = None, low: float | None = None, **more: Any) -> Run:
    """Return a run with a metric, where it has one."""
    metrics = {} if mse is None and low is None else {"mse": MetricSummary(count=1, last=mse, min=low, max=low)}
    return Run(id=run_id, created=f"2026-11-01T00:00:{second:02d}.000000Z", metrics=metrics, **more)


RUNS = [
    run("a", 3, mse=2.0, low=0.5, tags={"seed": "10", "model": "x"}, number=1, status="Failed", duration=2.0),
    run("b", 1, mse=math.nan, parameters={"lr": 0.1}, tags={"seed": "9"}, number=2),
    run("c", 2, parameters={"lr": "auto"}, number=1),
    run("d", 2, mse=-1, low=-3.0, parameters={"lr": "0.01"}, number=2, duration=10.0),
    run("e", 4, low=4.0, parameters={"lr": True}, number=1, tags={"model": "a"}),
    run("f", 5, mse=2, parameters={"lr": [1]}, tags={"model": None}),
    run("g", 0, mse=math.inf, parameters={"lr": math.nan, "o": {"x": 1}}, status="Canceled"),
]
CASES: list[tuple[Any, str]] = [
    (None, "feadcbg"),
    ("", "feadcbg"),
    ([], "feadcbg"),
    ("created", "gbcdaef"),
    ("metrics.mse", "dafgbec"),
    ("metrics.mse ASC", "dafgbec"),
    ("metrics.mse DESC", "gafdbec"),
    ("-metrics.mse", "gafdbec"),
    ("+metrics.mse", "dafgbec"),
    ("min(metrics.mse) asc", "daebcfg"),
    ("max( metrics.mse ) Desc", "eadbcfg"),
    ("params.lr", "dbgecfa"),
    ("params.lr desc", "bdgecfa"),
    ("params.o.x", "gabcdef"),
    ("tags.seed", "bacdefg"),
    ("tags.seed desc", "abcdefg"),
    ("tag.`model`", "eabcdfg"),
    ("id desc", "gfedcba"),
    ("-run_id", "gfedcba"),
    ("duration desc", "dabcefg"),
    ("status, id desc", "gfedcba"),
    (["number", "metrics.mse DESC"], "aecdbgf"),
    ("number desc, -created", "dbeacfg"),
    (["number desc, created", ""], "bdcaegf"),
    (("attributes.number ASC", "attributes.start_time DESC"), "acebdfg"),
]


@pytest.mark.parametrize(("order_by", "ids"), CASES, ids=[str(order_by) for order_by, _ in CASES])
def test_orders(order_by: Any, ids: str) -> None:
    """Numbers, NaN, true and false, texts, the rest, and at the end what is missing, in both directions; ties stay."""
    assert "".join(row.id for row in parse_order(order_by).sorted(RUNS)) == ids


def test_a_limit() -> None:
    """It leaves the first ones; one that is negative is refused."""
    order = parse_order("id desc")
    assert [row.id for row in order.sorted(iter(RUNS), limit=2)] == ["g", "f"]
    assert order.sorted(RUNS, limit=0) == []
    assert len(order.sorted(RUNS, limit=99)) == len(RUNS)
    with pytest.raises(InvalidValueError, match="limit is how many runs"):
        order.sorted(RUNS, limit=-1)


def test_what_an_order_needs() -> None:
    """A caller learns which summaries to read, and whether statuses matter."""
    order = parse_order("min(metrics.a), -metrics.`b c`, status")
    assert (order.metrics, order.needs_metrics, order.needs_status) == (frozenset({"a", "b c"}), True, True)
    order = parse_order(None)
    assert (order.metrics, order.needs_metrics, order.needs_status) == (frozenset(), False, False)
    assert isinstance(order, Order)


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("^strted desc", "there is no attribute strted; did you mean started"),
        ("metrics.mse ^dsc", "expected ASC, DESC, a comma or the end, not dsc; did you mean DESC or ASC?"),
        ("metrics.mse desc ^asc", "expected ASC, DESC, a comma or the end, not asc"),
        ("-started ^desc", "- and desc both say a direction; leave one out"),
        ("started,^", "expected a name such as metrics.loss"),
        ("^desc", "expected a name such as metrics.loss"),
        ("^3", "expected a name such as metrics.loss"),
        ("started ^< 3", "expected ASC, DESC, a comma or the end, not <"),
        ("^loss", "metrics are written as metrics.NAME"),
    ],
)
def test_an_error_points_at_the_place(marked: str, said: str) -> None:
    """It says what was expected, and where."""
    text = marked.replace("^", "", 1)
    with pytest.raises(FilterError) as caught:
        parse_order(["id", text])
    assert said in str(caught.value)
    assert (caught.value.text, caught.value.position) == (text, marked.index("^"))


@pytest.mark.parametrize("order_by", [3, ["id", 3], [None]])
def test_only_texts_are_an_order(order_by: Any) -> None:
    """Anything else is an error that says so."""
    with pytest.raises(InvalidValueError, match="an order is a text, or a list of texts"):
        parse_order(order_by)


MSE = st.none() | st.sampled_from([0, 1, 1.0, -2.5, math.nan, math.inf, -math.inf])


@settings(deadline=None)
@given(st.lists(st.tuples(MSE, st.none() | st.integers(0, 2))), st.booleans(), st.booleans())
def test_the_order_is_that_of_one_key(values: list[Any], down: bool, down_too: bool) -> None:
    """Two fields sort as one stable sort by both, with NaN behind numbers and what is missing at the end."""
    rows = [run(str(index), mse=mse, number=number) for index, (mse, number) in enumerate(values)]

    def place(value: Any, is_descending: bool) -> tuple[int, float]:
        if value is None:
            return 2, 0
        return (1, 0) if value != value else (0, -value if is_descending else value)

    def both(row: Run) -> Any:
        mse, number = values[int(row.id)]
        return place(mse, down), place(number, down_too)

    words = {True: "DESC", False: "ASC"}
    order = parse_order([f"metrics.mse {words[down]}", f"number {words[down_too]}"])
    assert order.sorted(rows) == sorted(rows, key=both)


@settings(deadline=None)
@given(st.text() | st.lists(st.sampled_from(["metrics.a", "-", "desc", ",", "(", "min(", ")", "id", " "])).map("".join))
def test_any_text_is_read_or_told(text: str) -> None:
    """Whatever is typed is an order that sorts, or an error whose place lies in the text."""
    answer = read(text)
    if isinstance(answer, FilterError):
        assert 0 <= answer.position <= len(text)
    else:
        assert {row.id for row in answer.sorted(RUNS)} == set("abcdefg")


def read(text: str) -> Order | FilterError:
    try:
        return parse_order(text)
    except FilterError as error:
        return error
