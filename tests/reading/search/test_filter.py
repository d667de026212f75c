"""The language of filters: which runs fit, what the errors say, and that nothing a person may type breaks it."""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runlogging import InvalidValueError
from runlogging.folder import MetricSummary
from runlogging.reading.search._filter import Filter, parse_filter
from runlogging.reading.search._tokens import FilterError

NOW = 1_793_620_800.0  # 2026-11-02T12:00:00Z


@dataclass
class Run:
    """A run that exists only in memory, with all that a filter may read."""

    id: str = "r"
    experiment: str = "test"
    name: str | None = None
    number: int | None = None
    type: str | None = None
    parent: str | None = None
    status: str = "Completed"
    created: str | None = None
    started: str | None = None
    ended: str | None = None
    duration: float | None = None
    attempt: int = 1
    host: str | None = None
    tags: Mapping[str, str | None] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, MetricSummary] = field(default_factory=dict)


def metric(last: float | None, low: float | None = None, high: float | None = None, **more: Any) -> MetricSummary:
    """Return the summary of a metric that has a last value."""
    return MetricSummary(**{"count": 3, "last": last, "min": low, "max": high, "step": 7, **more})


RIDGE = Run(
    id="20261101T100000-000000-aaaaaa",
    experiment="diabetes",
    name="ridge 1",
    number=1,
    type="sweep",
    created="2026-11-01T09:59:59.000000Z",
    started="2026-11-01T10:00:00.000000Z",
    ended="2026-11-01T10:45:00.500000Z",
    duration=2700.5,
    host="alpha",
    tags={"model": "ridge", "seed": "7", "note": None, "mlflow.user": "john@mlflow.com", "text": 'it\'s "so"'},
    properties={"commit": "abc"},
    parameters={
        "alpha": 0.1,
        "batch_size": 2,
        "shuffle": True,
        "nothing": None,
        "layers": [64, 64],
        "optimizer": {"name": "sgd", "lr": 0.01, "a.b": {"c": 5}},
        "optimizer.momentum": 0.9,
    },
    metrics={
        "mse": metric(2900.0, 2800.0, 3100.5, mean=2950.0),
        "val loss": metric(0.5),
        "train/loss": metric(1),
        "f1-score": metric(0.8),
        "a.b": metric(-2.5e-3),
        "bad": metric(None, nonfinite=1),
    },
)
LASSO = Run(
    id="20261102T110000-000000-bbbbbb",
    experiment="diabetes",
    name="Lasso_2",
    number=2,
    parent=RIDGE.id,
    status="Failed",
    created="2026-11-02T11:00:00.000000Z",
    started="2026-11-02T11:00:00.000000Z",
    attempt=2,
    tags={"model": "lasso", "seed": "10"},
    parameters={"alpha": "0.1", "batch_size": "16", "shuffle": "False", "optimizer": {"lr": "auto"}},
    metrics={"mse": metric(3200.0, 3150.0, 3300.0), "bad": metric(math.inf)},
)
BARE = Run(id="20261103T000000-000000-cccccc", experiment="other", status="NotResponding")
RUNS = {"ridge": RIDGE, "lasso": LASSO, "bare": BARE}


def fitting(text: str) -> str:
    """Return the names of the runs that fit a filter."""
    found = parse_filter(text, NOW)
    return " ".join(name for name, run in RUNS.items() if found.fits(run))


CASES = [
    ("", "ridge lasso bare"),
    (" \n", "ridge lasso bare"),
    # metrics
    ("metrics.mse < 3000", "ridge"),
    ("metric.mse<3000", "ridge"),
    ("metrics.mse >= 3200", "lasso"),
    ("metrics.mse = 2900", "ridge"),
    ("metrics.mse == 2900.0", "ridge"),
    ("metrics.mse != 2900", "lasso"),
    ("metrics.mse <> 2900", "lasso"),
    ("metrics.mse < '3e3'", "ridge"),
    ("metrics.`val loss` < 1", "ridge"),
    ('metrics."val loss" < 1', "ridge"),
    ("metrics.train/loss = 1", "ridge"),
    ("metrics.f1-score > .7", "ridge"),
    ("metrics.a.b < -2.4e-3", "ridge"),
    ('metrics."a.b" > -1', "ridge"),
    ("metrics.a.b>-1", "ridge"),
    ("min(metrics.mse) < 2900", "ridge"),
    ("MAX( metrics.mse ) > 3100", "ridge lasso"),
    ("mean(metrics.mse) = 2950", "ridge"),
    ("avg(metrics.mse) IS NULL", "lasso bare"),
    ("last(metrics.mse) < 3000", "ridge"),
    ("count(metrics.mse) = 3", "ridge lasso"),
    ("step(metrics.mse) >= 7", "ridge lasso"),
    ("metrics.mse < inf", "ridge lasso"),
    ("metrics.mse > -inf", "ridge lasso"),
    ("metrics.mse BETWEEN 2900 AND 3200", "ridge lasso"),
    ("metrics.mse between 2901 and 3200 and status = 'failed'", "lasso"),
    ("metrics.mse not between 2901 and 4000", "ridge"),
    ("metrics.mse in (1, 2900.0)", "ridge"),
    ("metrics.mse not in (1, 2900)", "lasso"),
    # what is missing, and what is no number
    ("metrics.mse IS NULL", "bare"),
    ("metrics.mse IS NOT NULL", "ridge lasso"),
    ("not metrics.mse is null", "ridge lasso"),
    ("not metrics.mse < 3000", "lasso"),
    ("not not metrics.mse < 3000", "ridge"),
    ("not (metrics.mse < 3000 and tags.none = 'x')", "lasso"),
    ("not (metrics.mse < 3000 or tags.none = 'x')", ""),
    ("metrics.bad is nan", "ridge"),
    ("metrics.bad is not nan", "lasso"),
    ("metrics.bad < 1", ""),
    ("not metrics.bad < 1", "ridge lasso"),
    ("metrics.bad > 1", "lasso"),
    ("metrics.bad = inf", "lasso"),
    ("metrics.bad != 1", "ridge lasso"),
    ("metrics.bad = nan", ""),
    ("metrics.bad in (nan, infinity)", "lasso"),
    ("metrics.bad is null", "bare"),
    ("min(metrics.bad) is null", "ridge lasso bare"),
    # parameters
    ("params.alpha < 0.5", "ridge lasso"),
    ("parameters.alpha = '0.1'", "ridge lasso"),
    ("param.alpha = 0.1", "ridge lasso"),
    ("parameter.alpha != 0.1", ""),
    ("params.alpha = '0.10'", "ridge"),
    ("params.batch_size > 9", "lasso"),
    ("params.batch_size > '9'", "lasso"),
    ("params.batch_size in ('2', 16)", "ridge lasso"),
    ("params.shuffle = true", "ridge"),
    ("params.shuffle = FALSE", "lasso"),
    ("params.shuffle = 'True'", "ridge"),
    ("params.shuffle = 1", ""),
    ("params.shuffle != 1", "ridge lasso"),
    ("params.nothing is null", "ridge lasso bare"),
    ("params.nothing != 'x'", ""),
    ("params.layers is not null", "ridge"),
    ("params.layers != 'x'", "ridge"),
    ("params.layers < 'x'", ""),
    ("params.optimizer.lr = 0.01", "ridge"),
    ("params.optimizer.lr < 1", "ridge"),
    ("params.optimizer.lr != 0.01", "lasso"),
    ("not params.optimizer.lr < 0.001", "ridge"),
    ("params.optimizer.lr > 'a'", "lasso"),
    ("params.optimizer.momentum = 0.9", "ridge"),
    ("params.optimizer.a.b.c = 5", "ridge"),
    ('params.optimizer."a.b".c = 5', "ridge"),
    ("params.optimizer.none is null", "ridge lasso bare"),
    ("params.optimizer.name.x is null", "ridge lasso bare"),
    ("params.alpha like '0.%'", "ridge lasso"),
    ("params.shuffle ilike 't%'", "ridge"),
    # tags and properties
    ("tags.model = 'ridge'", "ridge"),
    ('tag.model = "ridge"', "ridge"),
    ("tags.model != 'ridge'", "lasso"),
    ("tags.seed > 8", "lasso"),
    ("tags.seed = 7", "ridge"),
    ("tags.seed < 'x'", "ridge lasso"),
    ("tags.note is null", "ridge lasso bare"),
    ("tags.mlflow.user like '%@mlflow.com'", "ridge"),
    ("tags.text = 'it''s \"so\"'", "ridge"),
    ('tags.text = "it\'s ""so"""', "ridge"),
    ("tags.`model` > 'm'", "ridge"),
    ("properties.commit = 'abc'", "ridge"),
    ("property.commit in ('x', 'abc')", "ridge"),
    # texts with a pattern
    ("tags.model LIKE 'rid%'", "ridge"),
    ("tags.model LIKE 'RID%'", ""),
    ("tags.model ILIKE 'RID%'", "ridge"),
    ("tags.model not like '%s%'", "ridge"),
    ("name like '%\\_%'", ""),
    ("name like '_asso_2'", "lasso"),
    ("name like 'ridge'", ""),
    ("name like '%d%e%1'", "ridge"),
    ("name like '%'", "ridge lasso"),
    ("name ilike '%S%S%'", "lasso"),
    # attributes
    ("status = 'Failed'", "lasso"),
    ("STATUS = 'failed'", "lasso"),
    ("attributes.status != 'Failed'", "ridge bare"),
    ("attribute.status in ('Failed', 'not_responding')", "lasso bare"),
    ("run.status like 'Not%'", "bare"),
    ("status = 'FINISHED'", "ridge"),
    ("status in ('KILLED', 'scheduled')", ""),
    ("id like '%aaaaaa'", "ridge"),
    ("run_id = '20261102T110000-000000-bbbbbb'", "lasso"),
    ("experiment = 'diabetes'", "ridge lasso"),
    ("attributes.`Run name` = 'ridge 1'", "ridge"),
    ("`run_name` = 'ridge 1'", "ridge"),
    ("number = 2", "lasso"),
    ("number < '2'", "ridge"),
    ("type = 'sweep'", "ridge"),
    ("parent is null", "ridge bare"),
    ("attempt > 1", "lasso"),
    ("host = 'alpha'", "ridge"),
    ("duration > 2700", "ridge"),
    ("duration > '45m'", "ridge"),
    ("duration < '1h'", "ridge"),
    ("duration between '0.5 hours' and '2 days'", "ridge"),
    ("duration = '45m 500ms'", "ridge"),
    ("duration is null", "lasso bare"),
    # times
    ("started < '2026-11-02'", "ridge"),
    ("started >= '2026-11-01T10:00:00Z'", "ridge lasso"),
    ("started > '2026-11-01T10:00:00Z'", "lasso"),
    ("started = '2026-11-01 12:00:00+02:00'", "ridge"),
    ("start_time > 1793530800000", "lasso"),
    ("start_time >= 1793527200000", "ridge lasso"),
    ("attributes.created > '1793527199000'", "lasso"),
    ("started > '-2h'", "lasso"),
    ("started > '1 day ago'", "lasso"),
    ("started > '2 days ago'", "ridge lasso"),
    ("started >= 'today'", "lasso"),
    ("started < 'today' and started > 'Yesterday'", "ridge"),
    ("started > 'now'", ""),
    ("started like '2026-11-02T%'", "lasso"),
    ("ended is not null", "ridge"),
    ("end_time < 'now'", "ridge"),
    # how they go together
    ("metrics.mse < 3000 and tags.model = 'ridge' and status = 'Completed'", "ridge"),
    ("tags.model = 'lasso' or tags.model = 'ridge' and metrics.mse > 3000", "lasso"),
    ("(tags.model = 'lasso' or tags.model = 'ridge') and metrics.mse > 3000", "lasso"),
    ("(tags.model = 'lasso' OR tags.model = 'ridge') AND NOT metrics.mse > 3000", "ridge"),
    ("experiment='other'or(metrics.mse<3000)", "ridge bare"),
    ("status = 'Failed'\n  or number = 1", "ridge lasso"),
]


@pytest.mark.parametrize(("text", "fits"), CASES, ids=[text or "empty" for text, _ in CASES])
def test_which_runs_fit(text: str, fits: str) -> None:
    """A filter fits the runs of which it is true, and not those that lack what it asks for."""
    assert fitting(text) == fits


def test_times_of_other_programs_are_read() -> None:
    """A row's time that is not of the usual width is compared as the time that it is; what is no time is missing."""
    later = parse_filter("started > '2026-11-01T10:00:00Z'")
    assert later.fits(Run(started="2026-11-01T10:00:01Z"))
    assert not later.fits(Run(started="2026-11-01T10:00:01+02:00"))
    assert not later.fits(Run(started="soon"))
    assert parse_filter("started is null").fits(Run(started="0001-01-01T00:00:00+10:00"))


def test_an_exact_key_comes_before_a_path() -> None:
    """A parameter whose key holds the dots wins over nested objects, at each level, and then the shortest first key."""
    both = Run(parameters={"a.b": 1, "a": {"b": 2, "c.d": 3, "c": {"d": 4}}, "x": {"y": 1}, "x.y": {"z": 6}})
    for text in ("params.a.b = 1", "params.a.c.d = 3", "params.x.y.z = 6"):
        assert parse_filter(text).fits(both)
    assert parse_filter("params.a.b.c = 1").fits(Run(parameters={"a.b": {"c": 2}, "a": {"b.c": 1}}))


def test_integers_are_compared_exactly() -> None:
    """An integer beyond the doubles is not the double next to it."""
    run = Run(parameters={"n": 2**53 + 1}, metrics={"n": metric(2**53 + 1)})
    assert parse_filter(f"params.n > {2**53} and metrics.n = {2**53 + 1}").fits(run)
    assert not parse_filter(f"params.n = {2**53} or metrics.n = {float(2**53)}").fits(run)


# The examples of MLflow's documentation and of its search box, but for those on datasets and users.
MLFLOW = {
    "metrics.accuracy > 0.92": True,
    'metrics."accuracy" > 0.72': True,
    "metrics.loss <= 0.15": True,
    "metrics.accuracy != 0.15": True,
    "metrics.rmse >= 0.8": True,
    "metrics.`f1 score` < 1": True,
    "metric.f1_score > 0.9 AND params.model = 'tree'": False,
    'metrics."2019-04-02 error rate" > 0.1': True,
    'params.batch_size = "2"': True,
    'params.model LIKE "GPT%"': True,
    'params.model ILIKE "gPt%"': True,
    'params.model LIKE "GPT%" AND params.batch_size = "2"': True,
    'params.alpha = "0.3" and params.lambda = "0.001" and metrics.error <= 0.05': True,
    "params.\"model-type\" = 'x'": False,
    'tags."environment" = "notebook"': True,
    'tags.environment = "notebook"': True,
    'tags.task = "Classification"': False,
    'tags.task ILIKE "classif%"': True,
    "tags.`mlflow.user` = 'john@mlflow.com'": True,
    "tags.`mlflow.parentRunId` = 'abc'": False,
    "tags.model_class LIKE 'sklearn.linear_model%'": True,
    'attributes.status = "FINISHED"': True,
    "attributes.status = 'FAILED'": False,
    "attributes.created > 1664067852747": True,
    "attributes.Created > 1664067852747": True,
    "attributes.start_time > 1664067852747": True,
    "attributes.end_time < 1664067852747": False,
    'attributes.run_name = "my-run"': True,
    'attributes.`run name` ILIKE "%RUN%"': True,
    "attributes.`Run Name` IN ('my-run', 'beta', 'gamma')": True,
    'attributes.run_id = "a1b2c3d4"': True,
    "attributes.run_id IN ('a1b2c3d4', 'e5f6g7h8')": True,
    "run_id NOT IN ('a1b2c3d4')": False,
}


@pytest.mark.parametrize(("text", "fits"), MLFLOW.items(), ids=MLFLOW)
def test_the_examples_of_mlflow(text: str, fits: bool) -> None:
    """What users of MLflow write means the same here."""
    time = "2026-11-01T10:00:00.000000Z"
    values = {"accuracy": 0.95, "loss": 0.1, "rmse": 0.9, "f1 score": 0.7, "2019-04-02 error rate": 0.2, "error": 0.05}
    run = Run(
        id="a1b2c3d4",
        name="my-run",
        created=time,
        started=time,
        ended=time,
        metrics={name: metric(value) for name, value in values.items()},
        parameters={"batch_size": 2, "model": "GPT-2", "alpha": "0.3", "lambda": 0.001},
        tags={
            "environment": "notebook",
            "task": "classification",
            "mlflow.user": "john@mlflow.com",
            "model_class": "sklearn.linear_model._ridge",
        },
    )
    assert parse_filter(text).fits(run) is fits


# Errors: the text with the place of the caret marked, and what is said.
ERRORS = [
    ("^satus = 'Failed'", "there is no attribute satus; did you mean status?"),
    ("metrics.mse <^", "expected a number at the end"),
    ("metrics.mse < ^'low'", "expected a number, not 'low'"),
    ("metrics.mse < ^metrics.b", "expected a number, not metrics.b"),
    ("metrics.mse < ^true", "expected a number, not true"),
    ("metrics.mse ^lke 3", "not lke; did you mean LIKE or ILIKE?"),
    ("metrics.mse ^3", "expected a comparator such as =, <, IN, LIKE or IS NULL, not 3"),
    ("metrics.mse^", "expected a comparator such as =, <, IN, LIKE or IS NULL at the end"),
    ("metrics.mse ^like '3%'", "like is for texts; this is a number"),
    ("metrics.mse is ^nul", "expected NULL, NAN or NOT, not nul; did you mean NULL?"),
    ("metrics.mse is not ^3", "expected NULL or NAN, not 3"),
    ("metrics.mse not ^< 3", "expected IN, BETWEEN, LIKE or ILIKE, not <"),
    ("metrics.mse between 1 ^or 2", "expected AND and the upper limit, not or"),
    ("metrics.mse in ^3", "expected ( and values behind IN, not 3"),
    ("metrics.mse in (^)", "expected a number, not )"),
    ("metrics.mse in (1 ^2)", "expected a comma or ), not 2"),
    ("metrics.mse in (1^", "expected a comma or ) at the end"),
    ("^metrcs.mse = 1", "did you mean metrics.mse?"),
    ("^metrcs.`a b` = 1", "did you mean metrics.`a b`?"),
    ("^optimizer.lr = 1", "a name starts with metrics, params, tags, properties or attributes and a dot"),
    ("^loss < 3", "metrics are written as metrics.NAME"),
    ("^metrics < 3", "expected a name behind metrics, as in metrics.x"),
    ("metrics.^ < 3", "expected a name behind the dot"),
    ("metrics.^`a < 3", "the ` that opens here is never closed"),
    ("^attributes.user = 'x'", "there are status, id, experiment"),
    ("status = ^Failed", "expected a status in quotes such as 'Completed', not Failed; did you mean 'Failed'?"),
    ("status = ^'Faild'", "did you mean 'Failed'?"),
    ("status = ^5", "expected a status in quotes"),
    ("status ^< 'Failed'", "a status has no order"),
    ("status ^between 'a' and 'b'", "a status has no order"),
    ("status = 'Failed' ^adn number = 1", "expected AND, OR or the end, not adn; did you mean AND?"),
    ("status = 'Failed' ^)", "expected AND, OR or the end, not )"),
    ("(status = 'Failed'^", "expected AND, OR or ) at the end"),
    ("^and number = 1", "expected a name such as metrics.loss"),
    ("^'Failed' = status", "expected a name such as metrics.loss"),
    ("not^", "expected a name such as metrics.loss, params.lr, tags.model or status at the end"),
    ("number = 1 ^& number = 2", "'&' means nothing here; write AND"),
    ("^!(number = 1)", "write NOT"),
    ("tags.a = ^'x", "the ' that opens here is never closed"),
    ("tags.a = ^ridge", "expected a text in quotes, a number, true or false, not ridge"),
    ("tags.a = ^-", "expected a text in quotes, a number, true or false, not -"),
    ("tags.a like ^3", "expected a text in quotes, with %"),
    ("tags.a is ^nan", "only metrics and parameters can be NAN"),
    ("params.a = ^null", "write IS NULL or IS NOT NULL"),
    ("params.a < ^true", "true and false have no order"),
    ("started > ^2026-11-01", "2026-11-01 is no number; put texts, times and durations in quotes"),
    ("started > ^'yesteday'", "expected a time in quotes"),
    ("started > ^'2026-13-01'", "expected a time in quotes"),
    ("started > ^'99999999999 weeks ago'", "expected a time in quotes"),
    ("started > ^inf", "expected a time in quotes"),
    ("duration > ^30m", "30m is no number"),
    ("duration > ^'30 parsecs'", "expected seconds, or a duration in quotes"),
    ("^mini(metrics.a) < 1", "there is no mini(); there are last, min, max, mean, count, step, avg; did you mean min?"),
    ("min(^params.a) < 1", "min() is of a metric such as metrics.loss"),
    ("min(^min(metrics.a)) < 1", "expected a metric such as metrics.loss, not min"),
    ("min(metrics.a ^< 1", "expected ), not <"),
]


@pytest.mark.parametrize(("marked", "said"), ERRORS, ids=[marked for marked, _ in ERRORS])
def test_an_error_points_at_the_place(marked: str, said: str) -> None:
    """It says what was expected, shows the filter, and has a caret under the place."""
    text, position = marked.replace("^", "", 1), marked.index("^")
    with pytest.raises(FilterError) as caught:
        parse_filter(text, NOW)
    error = caught.value
    assert (error.text, error.position) == (text, position)
    first, shown, caret = str(error).split("\n")
    assert said in first
    assert (shown, caret) == (f"  {text}", f"  {' ' * position}^")
    assert isinstance(error, ValueError)


def test_an_error_survives_pickle() -> None:
    """It comes out of another process with all that it says."""
    with pytest.raises(FilterError) as caught:
        parse_filter("satus = 'Failed'")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert (again.text, again.position, again.message) == ("satus = 'Failed'", 0, caught.value.message)
    assert again.candidates == ("status",)


def test_the_caret_stands_under_wide_letters_and_behind_lines() -> None:
    """Letters of two columns count twice, a filter of several lines is shown as one, a long one in part."""
    with pytest.raises(FilterError) as caught:
        parse_filter("tags.\u6f22 = 'a'\nand metrics.x < 'b'")
    _, shown, caret = str(caught.value).split("\n")
    assert shown == "  tags.\u6f22 = 'a' and metrics.x < 'b'"
    assert caret == "  " + " " * 30 + "^"
    with pytest.raises(FilterError) as caught:
        parse_filter("number = 1 and " * 1000 + "x" * 1000 + " = 1")
    assert all(len(line) < 250 for line in str(caught.value).split("\n"))
    assert caught.value.position == 15000


@pytest.mark.parametrize("value", [None, b"number = 1", 3, ["number = 1"]])
def test_only_a_text_is_a_filter(value: Any) -> None:
    """Anything else is an error that says so."""
    with pytest.raises(InvalidValueError, match="a filter is a text"):
        parse_filter(value)


def test_what_a_filter_needs() -> None:
    """A caller learns which summaries to read, and whether statuses matter, before it reads any."""
    needs = parse_filter("metrics.a < 1 or not (min(metric.`b c`) is null and tags.x = 'metrics.d') or number = 1")
    assert (needs.metrics, needs.needs_metrics, needs.needs_status) == (frozenset({"a", "b c"}), True, False)
    needs = parse_filter("run.status = 'Failed'")
    assert (needs.metrics, needs.needs_metrics, needs.needs_status) == (frozenset(), False, True)
    assert not parse_filter("").needs_metrics


class Watched(Run):
    """A run that counts how often its dear parts are looked at."""

    looks: list[str]

    def __getattribute__(self, name: str) -> Any:
        if name in ("status", "metrics"):
            object.__getattribute__(self, "looks").append(name)
        return object.__getattribute__(self, name)


def test_dear_parts_are_looked_at_last() -> None:
    """The status is read only where the rest leaves the question open, and metrics only where the manifest does."""
    parts = "status = 'Completed'", "metrics.mse < 3000", "tags.model = 'ridge'"
    for word, model, looks in [
        ("and", "lasso", []),
        ("and", "ridge", ["metrics", "status"]),
        ("or", "ridge", []),
        ("or", "lasso", ["metrics"]),
    ]:
        Watched.looks = []
        run = Watched(tags={"model": model}, metrics={"mse": metric(1.0)})
        Watched.looks.clear()
        assert parse_filter(f" {word} ".join(parts)).fits(run) is (word == "or" or model == "ridge")
        assert Watched.looks == looks


def test_a_filter_survives_pickle() -> None:
    """It means the same in another process, relative times included."""
    again = pickle.loads(pickle.dumps(parse_filter("started > '-2h'", NOW)))
    assert isinstance(again, Filter)
    assert [again.fits(run) for run in RUNS.values()] == [False, True, False]
    assert repr(again) == "Filter(\"started > '-2h'\")"


def test_deep_and_long_filters() -> None:
    """Fifty parentheses in each other are read, and any number of NOTs, conditions and listed values; more are told."""
    deep = "(number = 0 or " * 50 + "number = 1" + ")" * 50
    assert parse_filter(deep).fits(RIDGE)
    assert not parse_filter("not " * 10_001 + deep).fits(RIDGE)
    assert parse_filter(" and ".join(["(number = 1)"] * 100)).fits(RIDGE)
    for text in ("(" * 10_000, "(" * 10_000 + "number = 1" + ")" * 10_000, "not (" * 51 + "number = 1" + ")" * 51):
        with pytest.raises(FilterError, match="more than 50 parentheses in each other"):
            parse_filter(text)
    assert parse_filter(" or ".join(f"number = {number}" for number in range(-20_000, 2))).fits(RIDGE)
    many = parse_filter(f"id not in ({', '.join(repr(str(number)) for number in range(20_000))}, '{RIDGE.id}')")
    assert [many.fits(run) for run in RUNS.values()] == [False, True, True]


def test_a_pattern_with_many_signs_is_no_trap() -> None:
    """A pattern that could be tried in very many ways is decided all the same."""
    run = Run(name="a" * 20_000)
    assert not parse_filter(f"name like '{'%a' * 40}%b%'").fits(run)
    assert parse_filter(f"name like '{'%a' * 40}%_'").fits(run)


def wildcard(pattern: str, text: str) -> bool:
    """Tell by trying all ways whether a text fits a pattern."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(wildcard(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and wildcard(pattern[1:], text[1:])


@settings(deadline=None)
@given(st.text("ab.%_\n", max_size=6), st.text("ab.\n", max_size=7))
def test_patterns_are_those_of_sql(pattern: str, text: str) -> None:
    """% stands for any letters, _ for one, everything else for itself."""
    assert parse_filter(f"name like '{pattern}'").fits(Run(name=text)) is wildcard(pattern, text)


# An independent meaning: what is written, and a function that says of a run true, false or (None) neither.
Meaning = tuple[str, Callable[[Run], bool | None]]

ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a < b or a == b,
    ">": lambda a, b: b < a,
    ">=": lambda a, b: b < a or a == b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
NAMES = ("a", "b c", "d/e", "x.y", "`", 'qu"ote', "and", "1")
NUMBERS = (-1, 0, 0.5, 2, 1e30, math.nan, math.inf)
TEXTS = ("", "it's", 'say "x"', "ridge", "Ridge")


def quoted_name(name: str, quote: str) -> str:
    return quote + name.replace(quote, quote * 2) + quote


def either_case(word: str) -> st.SearchStrategy[str]:
    return st.sampled_from((word.lower(), word.upper(), word.capitalize()))


@st.composite
def number_conditions(draw: st.DrawFn) -> Meaning:
    name, comparator, value = (
        draw(st.sampled_from(NAMES)),
        draw(st.sampled_from([*ORDERS])),
        draw(st.sampled_from(NUMBERS)),
    )
    written = f"metrics.{quoted_name(name, draw(st.sampled_from('`' + chr(34))))}{comparator} {value!r}"

    def meaning(run: Run) -> bool | None:
        if name not in run.metrics:
            return None
        last = run.metrics[name].last
        return ORDERS[comparator](math.nan if last is None else last, value)

    return written, meaning


@st.composite
def text_conditions(draw: st.DrawFn) -> Meaning:
    name, values = draw(st.sampled_from(NAMES)), draw(st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3))
    quote, is_negated = draw(st.sampled_from("'\"")), draw(st.booleans())
    listed = ",".join(quoted_name(value, quote) for value in values)
    word = draw(either_case("not in" if is_negated else "in"))

    def meaning(run: Run) -> bool | None:
        value = run.tags.get(name)
        return None if value is None else any(value == one for one in values) is not is_negated

    return f"tag.{quoted_name(name, '`')} {word}({listed})", meaning


@st.composite
def null_conditions(draw: st.DrawFn) -> Meaning:
    name, is_negated = draw(st.sampled_from(NAMES)), draw(st.booleans())
    word = draw(either_case("is not null" if is_negated else "is null"))
    return f"tags.{quoted_name(name, '`')} {word}", lambda run: (run.tags.get(name) is None) is not is_negated


@st.composite
def between_conditions(draw: st.DrawFn) -> Meaning:
    low, high = draw(st.integers(-3, 3)), draw(st.integers(-3, 3))
    word, is_negated = draw(either_case("between")), draw(st.booleans())

    def meaning(run: Run) -> bool | None:
        return None if run.number is None else (run.number in range(low, high + 1)) is not is_negated

    return f"number {'not ' if is_negated else ''}{word} {low} {draw(either_case('and'))} {high}", meaning


def negated(meaning: Meaning, word: str) -> Meaning:
    written, of = meaning

    def opposite(run: Run) -> bool | None:
        value = of(run)
        return None if value is None else not value

    return f"{word} ({written})", opposite


def joined(parts: list[Meaning], word: str) -> Meaning:
    decisive = word.lower() == "or"

    def meaning(run: Run) -> bool | None:
        values = [of(run) for _, of in parts]
        if decisive in values:
            return decisive
        return None if None in values else not decisive

    return f" {word}\n".join(f"({written})" for written, _ in parts), meaning


def larger(inner: st.SearchStrategy[Meaning]) -> st.SearchStrategy[Meaning]:
    words = either_case("and") | either_case("or")
    return st.builds(negated, inner, either_case("not")) | st.builds(
        joined, st.lists(inner, min_size=1, max_size=4), words
    )


MEANINGS = st.recursive(
    number_conditions() | text_conditions() | null_conditions() | between_conditions(), larger, max_leaves=8
)
SOME_RUNS = st.builds(
    Run,
    number=st.none() | st.integers(-3, 3),
    tags=st.dictionaries(st.sampled_from(NAMES), st.none() | st.sampled_from(TEXTS)),
    metrics=st.dictionaries(st.sampled_from(NAMES), st.sampled_from((None, *NUMBERS)).map(metric)),
)


@settings(deadline=None)
@given(MEANINGS, st.lists(SOME_RUNS, min_size=1, max_size=4))
def test_a_filter_means_what_sql_would_mean(meaning: Meaning, runs: list[Run]) -> None:
    """Whatever is put together with AND, OR and NOT fits where three-valued logic says true."""
    written, of = meaning
    found = parse_filter(written)
    assert [found.fits(run) for run in runs] == [of(run) is True for run in runs]


PIECES = st.sampled_from(
    [
        *("metrics.", "params.", "tags.", "status", "started", "duration", "min(", "(", ")", ",", "'", '"', "`", "."),
        *("=", "<", "<>", "-", "+", "not", "and", "or", "in", "is", "null", "nan", "between", "like", "true", "asc"),
        *("'x'", "'2h'", "'1 day ago'", "'Failed'", "3", "1e5", "-1", "%", "1e999", "2026-11-01"),
        *("\u00b2", "\u0661", "\ud800", "\x00", "\n"),
    ]
)
ANY_TEXT = st.text() | st.lists(PIECES).map("".join) | st.lists(PIECES).map(" ".join)


def read(text: str) -> Filter | FilterError:
    try:
        return parse_filter(text, NOW)
    except FilterError as error:
        return error


@settings(deadline=None)
@given(ANY_TEXT)
@example("9" * 5000)
@example("number = " + "9" * 5000)
@example("number = 1e999999999")
@example("started > " + "9" * 400)
@example("started > '" + "9" * 5000 + "'")
@example("started > '\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661\u0661'")
@example("duration > '" + "9" * 5000 + "s'")
@example("metrics.a < .")
@example("a" * 100_000)
@example("'" * 10_001)
def test_any_text_is_read_or_told(text: str) -> None:
    """Whatever is typed is a filter that can be asked, or an error whose place lies in the text."""
    answer = read(text)
    if isinstance(answer, FilterError):
        assert 0 <= answer.position <= len(text)
        assert re.search(r"\n  .*\n *\^\Z", str(answer))
    else:
        assert {answer.fits(run) for run in RUNS.values()} <= {True, False}


PARAMETERS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("ab"), inner),
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "a.b", "b"]), PARAMETERS), st.text())
@example({"a": 10**5000, "a.b": "9" * 5000}, "9" * 5000)
def test_any_parameter_can_be_asked_for(parameters: dict[str, Any], text: str) -> None:
    """No JSON that a run keeps makes a filter raise."""
    wanted = quoted_name(text, "'")
    for name in ("a", "a.b", "b.a.b"):
        for condition in (f"= {wanted}", f"< {wanted}", f"like {wanted}", f"in (1, true, {wanted})", "> 1", "is nan"):
            asked, opposite = (parse_filter(f"{word} params.{name} {condition}") for word in ("", "not"))
            run = Run(parameters=parameters)
            assert not (asked.fits(run) and opposite.fits(run))
