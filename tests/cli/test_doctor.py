"""``runlogging doctor --config``: a table or JSON, and an exit status for scripts."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

from tests.cli.tools import UNSAFE, runlogging, strict_json

GOOD = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"run": {"class": "runlogging.RunHandler"}},
    "root": {"level": "DEBUG", "handlers": ["run"]},
}
LOSING = {
    **GOOD,
    "disable_existing_loggers": True,
    "root": {"level": "INFO", "handlers": ["run"]},
    "loggers": {"train": {}},
}


def _file(folder: Path, values: object) -> Path:
    path = folder / "logging.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def test_nothing_lost(tmp_path: Path) -> None:
    """A clean file is one sentence and status 0."""
    assert runlogging("doctor", "--config", _file(tmp_path, GOOD)).stdout == "Nothing is lost.\n"


def test_the_table_shows_what_and_where_and_the_line(tmp_path: Path) -> None:
    """Each cause is a row, with the key and the line below it; the status is 1."""
    printed = runlogging("doctor", "--config", _file(tmp_path, LOSING), code=1).stdout
    expected = """\
        SEVERITY  LOGGER       LEVELS  WHY
        lost      *                    disable_existing_loggers is on: a logger made before, and not named here or below one, is disabled
          disable_existing_loggers
            "disable_existing_loggers": false
        lost      root, train  DEBUG   the level of root is INFO
          root.level
            "level": "DEBUG"
    """  # noqa: E501
    assert printed == textwrap.dedent(expected)


def test_json_has_all_fields(tmp_path: Path) -> None:
    """JSON is one object, a finding a logger, and the same status."""
    path = _file(tmp_path, LOSING)
    printed = strict_json(runlogging("doctor", "--config", path, "--json", code=1).stdout)
    assert (printed["file"], printed["lost"]) == (str(path), True)
    assert [(one["code"], one["logger"], one["levels"]) for one in printed["findings"]] == [
        ("disabled", "*", []),
        ("level", "root", ["DEBUG"]),
        ("level", "train", ["DEBUG"]),
    ]
    assert set(printed["findings"][0]) == {"severity", "code", "logger", "levels", "what", "why", "where", "fix"}
    clean = strict_json(runlogging("doctor", "--config", _file(tmp_path, GOOD), "--json").stdout)
    assert (clean["lost"], clean["findings"]) == (False, [])


def test_options_say_what_matters(tmp_path: Path) -> None:
    """Levels that need not be kept, loggers of metrics and an open run change the answer."""
    path = _file(tmp_path, {**LOSING, "disable_existing_loggers": False})
    runlogging("doctor", "--config", path, code=1)
    runlogging("doctor", "--config", path, "--level", "info")
    runlogging("doctor", "--config", path, "--level", "20", "--metrics", "train")
    quiet = _file(tmp_path, {**GOOD, "loggers": {"train": {"level": "WARNING"}}})
    asked = ("--level", "ERROR", "--metrics", "train.loss")
    assert "train.loss" in runlogging("doctor", "--config", quiet, *asked, code=1).stdout
    cut = _file(tmp_path, {**GOOD, "loggers": {"train": {"propagate": False}}})
    runlogging("doctor", "--config", cut, code=1)
    runlogging("doctor", "--config", cut, "--captured")


def test_errors_are_one_sentence(tmp_path: Path) -> None:
    """A file that is missing or does not parse, a level that is none and no file at all are status 2."""
    broken = tmp_path / "a.json"
    broken.write_text('{"version": 1,}', encoding="utf-8")
    said = runlogging("doctor", "--config", broken, code=2).stderr
    assert said.startswith(f"Error: {broken}, line 1, column ")
    assert said.count("\n") == 1
    assert "no such file" in runlogging("doctor", "--config", tmp_path / "none.json", code=2).stderr.lower()
    assert "is no level" in runlogging("doctor", "--config", _file(tmp_path, GOOD), "--level", "LOUD", code=2).stderr
    assert "--config" in runlogging("doctor", code=2).stderr


def test_names_are_escaped(tmp_path: Path) -> None:
    """Names in a file cannot steer the terminal."""
    path = _file(tmp_path, {**GOOD, "loggers": {"\x1b[31mred\u202e": {"level": "ERROR"}}})
    printed = runlogging("doctor", "--config", path, code=1).stdout
    assert r"\x1b[31mred" in printed
    assert not UNSAFE & set(printed) - {"\n"}
