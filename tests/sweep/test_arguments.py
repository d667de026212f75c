"""A point as arguments of a script."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runlogging.submit import ScriptRunConfig
from runlogging.sweep._arguments import placed, placed_in_shell, value_text
from runlogging.sweep._point import Point
from runlogging.sweep._scripts import config_of

CASES: list[tuple[list[str], dict[str, Any], list[str]]] = [
    ([], {"alpha": 0.1, "depth": 2}, ["--alpha", "0.1", "--depth", "2"]),
    (["--data", "x.csv"], {"alpha": 1}, ["--data", "x.csv", "--alpha", "1"]),
    (["--lr={alpha}", "{depth}"], {"alpha": 1e-05, "depth": 2}, ["--lr=1e-05", "2"]),
    (["--name={alpha}-{depth}"], {"alpha": 1, "depth": 2, "opt": "a b"}, ["--name=1-2", "--opt", "a b"]),
    (["{other}", "{}"], {"alpha": 1}, ["{other}", "{}", "--alpha", "1"]),
    (["{alpha}{alpha}"], {"alpha": "{depth}", "depth": 3}, ["{depth}{depth}", "--depth", "3"]),
]


@pytest.mark.parametrize("case", range(len(CASES)))
def test_arguments(case: int) -> None:
    """A placeholder is replaced wherever it stands; what has none is appended by its name."""
    words, parameters, wanted = CASES[case]
    before = list(words)
    assert placed(words, parameters) == wanted
    assert words == before


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_shell_command_quotes(text: str) -> None:
    """Whatever a value is, the shell takes it as one word."""
    command = placed_in_shell("run {a} --fixed", {"a": text, "b": text})
    assert shlex.split(command) == ["run", text, "--fixed", "--b", text]


def test_values_as_text() -> None:
    """Numbers keep their digits, lists and mappings are JSON, scalars of NumPy are what they hold."""
    given = [0.1 + 0.2, 10**20, True, None, "x", [1, "a"], {"k": 2.5}, np.float64(0.5), np.int64(3)]
    wanted = ["0.30000000000000004", "1" + "0" * 20, "True", "None", "x", '[1, "a"]', '{"k": 2.5}', "0.5", "3"]
    assert [value_text(one) for one in given] == wanted


def test_config_stays_as_it_was() -> None:
    """Each point gets a copy: of a script's arguments, a command's list, a command of the shell."""
    point = Point(0, {"a": 1})
    script = ScriptRunConfig(".", "train.py", ["--fast"])
    assert config_of(script, point).arguments == ["--fast", "--a", "1"]
    assert script.arguments == ["--fast"]
    listed = ScriptRunConfig(".", command=["prog", "{a}"])
    assert config_of(listed, point).command == ["prog", "1"]
    assert listed.command == ["prog", "{a}"]
    assert config_of(ScriptRunConfig(".", command="prog | cat"), point).command == "prog | cat --a 1"
