"""Whatever a program does to its configuration, an open run has every record once and changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..conftest import SOURCE
from .matrix_program import combinations

PROGRAM = Path(__file__).with_name("matrix_program.py")
ORDERS = combinations()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Run all combinations; return of each what was seen with a run and without."""
    base = tmp_path_factory.mktemp("matrix")
    env = {key: value for key, value in os.environ.items() if not key.startswith("RUNLOGGING_")}
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(base)],
        env=env | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    found = []
    for number in range(len(ORDERS)):
        seen: dict[str, Any] = {}
        for kind in ("run", "control"):
            folder = base / str(number) / kind
            seen[kind] = json.loads((folder / "facts.json").read_bytes())
            queued = folder / "queued.txt"
            seen[kind]["console"] = (folder / "console.txt").read_bytes()
            seen[kind]["queued"] = queued.read_bytes() if queued.exists() else b""
        found.append(seen)
    return found


def test_there_are_enough_orders() -> None:
    """The matrix has all orders of two calls, with the run opened before, between and after them."""
    assert len(ORDERS) >= 60
    assert len(set(ORDERS)) == len(ORDERS)


def test_every_record_is_kept_once(outcomes: list[dict[str, Any]]) -> None:
    """What passes its logger's level while the run is open is in the run, once, in order; nothing else is."""
    wrong = {
        order: (sorted(set(run["expected"]) ^ set(run["kept"])), len(run["kept"]) - len(set(run["kept"])))
        for order, seen in zip(ORDERS, outcomes, strict=True)
        if (run := seen["run"])["kept"] != run["expected"]
    }
    assert wrong == {}
    assert sum(len(seen["run"]["expected"]) for seen in outcomes) > 40 * len(outcomes) / 2


def test_console_is_as_without_a_run(outcomes: list[dict[str, Any]]) -> None:
    """The console shows the same bytes with a run and without."""
    changed = [
        order
        for order, seen in zip(ORDERS, outcomes, strict=True)
        if any(seen["run"][what] != seen["control"][what] for what in ("console", "queued"))
    ]
    assert changed == []
    assert sum(bool(seen["run"]["console"]) for seen in outcomes) == len(outcomes)


def test_configuration_is_as_without_a_run(outcomes: list[dict[str, Any]]) -> None:
    """Levels, flags, handlers and formats of all loggers are the same with a run and without."""
    changed = [
        order for order, seen in zip(ORDERS, outcomes, strict=True) if seen["run"]["state"] != seen["control"]["state"]
    ]
    assert changed == []


def test_verbs_are_never_disabled(outcomes: list[dict[str, Any]]) -> None:
    """A metric of a verb is kept whatever was configured, and once."""
    assert {seen["run"]["verbs"] for seen in outcomes} == {1}


def test_method_is_the_original_again(outcomes: list[dict[str, Any]]) -> None:
    """After the run `Logger.callHandlers` is the object that it was; without a run it always was."""
    assert {seen["run"]["was_wrapped"] for seen in outcomes} == {True}
    assert {seen["run"]["is_restored"] for seen in outcomes} == {True}
    assert {seen["control"]["was_wrapped"] for seen in outcomes} == {False}
