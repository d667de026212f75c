"""Configuration files: what they would lose, by key path, with a line of the file that mends it; none of it runs."""

from __future__ import annotations

import configparser
import copy
import json
import logging
import logging.config
import re
import sys
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import runlogging
from runlogging.doctor import Finding, check_file
from tests.doctor.conftest import the

RUN = {"class": "runlogging.RunHandler"}
GOOD: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"run": RUN},
    "root": {"level": "DEBUG", "handlers": ["run"]},
}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Return the good configuration with other values at some key paths, written with slashes."""
    values = copy.deepcopy(GOOD)
    for path, value in changes:
        *keys, last = path.split("/")
        place = values
        for key in keys:
            place = place.setdefault(key, {})
        place[last] = value
    return values


CASES: list[tuple[str, dict[str, Any], str, str, str, str]] = [
    # name, configuration, code, logger, severity, where
    ("level", changed(("loggers/train/level", "ERROR")), "level", "train", "lost", "loggers.train.level"),
    ("dots", changed(("loggers/a.b/level", 35)), "level", "a.b", "lost", 'loggers."a.b".level'),
    ("above", changed(("loggers", {"a": {"level": "INFO"}, "a.b.c": {}})), "level", "a.b.c", "lost", "loggers.a.level"),
    ("root level", changed(("root/level", "INFO")), "level", "root", "lost", "root.level"),
    ("no root", {"version": 1, "disable_existing_loggers": False}, "no_handler", "root", "lost", "handlers"),
    ("no list", changed(("root", {"level": "DEBUG"})), "no_handler", "root", "lost", "root.handlers"),
    ("default", changed(("disable_existing_loggers", True)), "disabled", "*", "lost", "disable_existing_loggers"),
    ("propagate", changed(("loggers/a/propagate", False)), "propagate", "a", "lost", "loggers.a.propagate"),
    ("handler", changed(("handlers/run/level", "INFO")), "handler_level", "root", "lost", "handlers.run.level"),
    (
        "console",
        changed(("handlers/c", {"class": "logging.StreamHandler", "level": "INFO"}), ("root/handlers", ["c", "run"])),
        "handler_level",
        "root",
        "hidden",
        "handlers.c.level",
    ),
    (
        "filter",
        changed(("filters", {"only": {"name": "a"}, "f": {"()": "my.Filter"}}), ("root/filters", ["f", "only"])),
        "filter",
        "root",
        "lost",
        "root.filters",
    ),
    (
        "unknown filter",
        changed(("filters", {"f": {"()": "ext://my.Filter"}}), ("handlers/run/filters", ["f"])),
        "filter",
        "root",
        "hint",
        "handlers.run.filters",
    ),
    (
        "metric filter",
        changed(("filters", {"f": {"()": "runlogging.MetricFilter"}}), ("handlers/run/filters", ["f"])),
        "filter",
        "root",
        "hint",
        "handlers.run.filters",
    ),
    (
        "null",
        changed(("handlers/run", {"class": "logging.NullHandler"})),
        "null_handler",
        "root",
        "lost",
        "handlers.run.class",
    ),
    (
        "memory",
        changed(("handlers/m", {"class": "logging.handlers.MemoryHandler", "capacity": 3}), ("root/handlers", ["m"])),
        "target",
        "root",
        "lost",
        "handlers.m.target",
    ),
    (
        "buffer",
        changed(("handlers/run", {"class": "logging.handlers.BufferingHandler", "capacity": 3})),
        "target",
        "root",
        "lost",
        "handlers.run.class",
    ),
    (
        "twice",
        changed(("handlers/again", RUN), ("loggers/a/handlers", ["again"])),
        "duplicate",
        "a",
        "hint",
        "loggers.a.handlers",
    ),
    ("unused", changed(("handlers/c", {"class": "logging.StreamHandler"})), "unused", "root", "hint", "root.handlers"),
    ("incremental", changed(("incremental", True)), "incremental", "*", "hint", "incremental"),
    ("version", changed(("version", 2)), "refused", "*", "lost", "version"),
    ("bad level", changed(("root/level", "LOUD")), "refused", "*", "lost", "root.level"),
    ("no handler", changed(("root/handlers", ["run", "gone"])), "refused", "*", "lost", "root.handlers"),
    ("no filter", changed(("root/filters", ["gone"])), "refused", "*", "lost", "root.filters"),
    ("no class", changed(("handlers/run", {"level": 0})), "refused", "*", "lost", "handlers.run.class"),
]


def toml_text(values: dict[str, Any], path: tuple[str, ...]) -> str:
    """Return values as TOML, a table a mapping."""
    plain = {key: value for key, value in values.items() if not isinstance(value, dict)}
    lines = [f"[{'.'.join(map(json.dumps, path))}]"] if path else []
    lines += [f"{json.dumps(key)} = {json.dumps(value)}" for key, value in plain.items()]
    tables = [toml_text(value, (*path, key)) for key, value in values.items() if isinstance(value, dict)]
    return "\n".join([*lines, *tables])


def write(folder: Path, form: str, values: dict[str, Any]) -> Path:
    """Write a configuration in a form."""
    path = folder / ("pyproject.toml" if form == "toml" else f"logging.{form}")
    texts = {"json": json.dumps, "yaml": yaml.safe_dump, "toml": lambda given: toml_text(given, ("tool", "logging"))}
    path.write_text(texts[form](values), encoding="utf-8")
    return path


def mended(form: str, values: dict[str, Any], finding: Finding) -> dict[str, Any]:
    """Return a configuration with the line of a finding put where the finding says."""
    parse = {"json": lambda line: json.loads(f"{{{line}}}"), "yaml": yaml.safe_load, "toml": tomllib.loads}[form]
    keys = [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|([^".]+)', finding.where)]
    keys = keys[2:] if form == "toml" else keys
    result = copy.deepcopy(values)
    place = result
    for key in keys[:-1]:
        place = place.setdefault(key, {})
    line: dict[str, Any] = parse(finding.fix)
    assert list(line) == keys[-1:]
    place.update(line)
    return result


@pytest.mark.parametrize("form", ["json", "yaml", "toml"])
@pytest.mark.parametrize(
    ("values", "code", "logger", "severity", "where"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_loss_is_named_by_its_key(
    tmp_path: Path, form: str, values: dict[str, Any], code: str, logger: str, severity: str, where: str
) -> None:
    """The finding names the path of the key; its line, put there, is of the file's own form and removes it."""
    found = the(check_file(write(tmp_path, form, values)), code, logger, severity)
    assert found.where == ("tool.logging." if form == "toml" else "") + where
    left = check_file(write(tmp_path, form, mended(form, values, found)))
    same = (found.code, found.logger, found.where, found.why)
    assert same not in [(one.code, one.logger, one.where, one.why) for one in left]


@pytest.mark.parametrize("form", ["json", "yaml", "toml"])
def test_a_good_file_has_no_findings(tmp_path: Path, form: str) -> None:
    """A configuration that keeps everything is clean."""
    report = check_file(write(tmp_path, form, GOOD))
    assert (list(report), bool(report)) == ([], False)


@pytest.mark.parametrize("values", [case[1] for case in CASES if case[2] not in ("refused", "incremental")])
def test_a_file_loses_what_the_live_tree_loses(
    tmp_path: Path, values: dict[str, Any], fresh: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is foretold from the file is what the doctor says of the tree that dictConfig makes of it."""
    monkeypatch.chdir(tmp_path)
    report = check_file(write(tmp_path, "json", values))
    if any("my.Filter" in json.dumps(one) for one in values.get("filters", {}).values()):
        values = {**values, "filters": {**values["filters"], "f": {"name": ""}}}
    logging.config.dictConfig(copy.deepcopy(values))
    names = {"root", *values.get("loggers", {})}
    live = {(one.code, one.logger, one.levels) for one in runlogging.doctor() if one.severity == "lost"}
    foretold = {(one.code, one.logger, one.levels) for one in report if one.severity == "lost" and one.logger != "*"}
    assert {one for one in live if one[1] in names} == foretold


INI = """
    [loggers]
    keys=root,train

    [handlers]
    keys=run,console

    [formatters]
    keys=

    [logger_root]
    level=INFO
    handlers=console

    [logger_train]
    qualname=app.train
    propagate=0
    handlers=

    [handler_run]
    class=runlogging.RunHandler
    args=(__import__('pathlib').Path('ran').touch(),)

    [handler_console]
    class=StreamHandler
    level=ERROR
    args=(sys.stdout,)
"""


def test_ini_files_are_read_without_eval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings of a fileConfig file name section and key; its args, which fileConfig would execute, are not."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "log.ini"
    path.write_text(textwrap.dedent(INI), encoding="utf-8")
    report = check_file(path)
    assert not (tmp_path / "ran").exists()
    found = {(one.code, one.logger, one.where, one.fix) for one in report}
    assert found >= {
        ("level", "root", "logger_root.level", "level=DEBUG"),
        ("level", "app.train", "logger_root.level", "level=DEBUG"),
        ("propagate", "app.train", "logger_train.propagate", "propagate=1"),
        ("handler_level", "root", "handler_console.level", "level=DEBUG"),
        ("unused", "root", "logger_root.handlers", "handlers=console,run"),
    }
    assert the(report, "disabled").fix == 'logging.config.fileConfig("log.ini", disable_existing_loggers=False)'
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(path)
    for one in (one for one in report if one.code in ("level", "propagate", "handler_level", "unused")):
        section, _, key = one.where.partition(".")
        assert one.fix.startswith(f"{key}=")
        parser[section][key] = one.fix.partition("=")[2]
    with path.open("w", encoding="utf-8") as file:
        parser.write(file)
    assert {one.code for one in check_file(path)} == {"disabled"}


def test_a_section_that_is_not_there_is_named(tmp_path: Path) -> None:
    """A logger or handler that is listed and has no section would be refused by fileConfig."""
    path = tmp_path / "log.ini"
    path.write_text(
        "[loggers]\nkeys=root,gone\n[handlers]\nkeys=lost\n[logger_root]\nhandlers=lost\n", encoding="utf-8"
    )
    refused = {one.where for one in check_file(path) if one.code == "refused"}
    assert refused == {"logger_gone.handlers", "handler_lost.class"}


def test_nothing_of_a_file_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Factories, classes and ext:// names of a file are names only."""
    (tmp_path / "evil_module.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    values = changed(
        ("handlers/run", {"()": "evil_module.make", "stream": "ext://evil_module.stream"}),
        ("handlers/other", {"class": "evil_module.Handler", "target": "cfg://handlers.run"}),
        ("filters", {"f": {"()": "ext://evil_module.Filter"}}),
        ("root/handlers", ["run", "other"]),
        ("root/filters", ["f"]),
    )
    assert {one.severity for one in check_file(write(tmp_path, "json", values))} == {"hint"}
    assert "evil_module" not in sys.modules
    (tmp_path / "tag.yaml").write_text(
        "version: 1\nroot: !!python/object/apply:evil_module.make []\n", encoding="utf-8"
    )
    with pytest.raises(runlogging.InvalidValueError, match=r"line 2, column 7: could not determine a constructor"):
        check_file(tmp_path / "tag.yaml")


def test_queue_handlers_of_a_file_are_followed(tmp_path: Path) -> None:
    """The program has to start the listener, which a hint says; the handlers behind the queue are looked at."""
    queued = {"class": "logging.handlers.QueueHandler", "handlers": ["run"], "respect_handler_level": True}
    values = changed(("handlers/q", queued), ("root/handlers", ["q"]), ("handlers/run/level", "INFO"))
    report = check_file(write(tmp_path, "json", values))
    assert the(report, "listener").fix == 'logging.getHandlerByName("q").listener.start()'
    assert the(report, "handler_level").where == "handlers.run.level"
    values["handlers"]["q"]["respect_handler_level"] = False
    assert not check_file(write(tmp_path, "json", values))


def test_an_open_run_makes_handlers_of_a_file_harmless(tmp_path: Path) -> None:
    """A program that opens a run loses only what its levels stop."""
    values = changed(("root/handlers", []), ("loggers/a/level", "ERROR"), ("loggers/a/propagate", False))
    report = check_file(write(tmp_path, "json", values), captured=True)
    assert {(one.code, one.logger) for one in report if one.severity == "lost"} == {("level", "a")}
    without = check_file(write(tmp_path, "json", values))
    assert {one.code for one in without if one.severity == "lost"} == {"level", "no_handler"}


def test_metrics_of_a_file(tmp_path: Path) -> None:
    """Loggers of metrics are asked for in files too, whether the file names them or not."""
    values = changed(("loggers/app/level", "WARNING"))
    found = the(check_file(write(tmp_path, "json", values), level="ERROR", loggers=["app.train", "free"]), "metric")
    assert (found.logger, found.where, found.fix) == ("app.train", "loggers.app.level", '"level": "INFO"')


@pytest.mark.parametrize("place", [("logging",), ("LOGGING",), ("tool", "logging"), ()])
def test_a_configuration_is_found_within_a_file(tmp_path: Path, place: tuple[str, ...]) -> None:
    """Files that hold more than the configuration have it below a usual key, which is in the paths."""
    path = tmp_path / "all.toml"
    path.write_text(toml_text(changed(("root/level", "INFO")), place), encoding="utf-8")
    assert the(check_file(path), "level").where == ".".join((*place, "root", "level"))


BROKEN = [
    ("a.json", '{"version": 1,\n "root": }', r"a\.json, line 2, column 10: Expecting value"),
    ("a.json", "[1]", "a mapping at the top, not a list"),
    ("a.json", "[" * 100_000, "nested too deeply"),
    ("a.json", '{"version": ' + "1" * 5000 + "}", "digits"),
    ("a.toml", "version = 1\nroot = {", r"a\.toml"),
    ("a.toml", "version = 1\nroot == 1", r"line 2, column 7: Invalid value"),
    ("pyproject.toml", "[project]\nname = 'x'", r"no table \[tool\.logging\]"),
    ("a.yaml", "version: 1\nroot: [", r"a\.yaml, line 2, column 8"),
    ("a.yaml", "", "a mapping at the top, not a NoneType"),
    ("a.yaml", "version: 1\nx: \x07", "special characters"),
    ("a.yaml", "day: 2024-99-99", "month"),
    ("a.ini", "keys=root", r"a\.ini, line 1, column 1: 'keys=root' stands before any \[section\]"),
    ("a.ini", "[loggers]\nkeys root", r"line 2, column 1"),
    ("a.ini", "[loggers]\n[loggers]", r"line 2, column 1: a second 'loggers'"),
    ("a.txt", "version: 1", r"name it \.json"),
    ("a.conf", "[loggers]\nkeys=a\nkeys=b", r"line 3, column 1"),
]


@pytest.mark.parametrize(("name", "text", "message"), BROKEN)
def test_a_file_that_does_not_parse(tmp_path: Path, name: str, text: str, message: str) -> None:
    """The error names the file, with line and column where they are known."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(runlogging.InvalidValueError, match=message) as caught:
        check_file(path)
    assert name in str(caught.value)


@pytest.mark.parametrize("name", ["a", "log.txt"])
def test_a_form_is_guessed_where_the_name_says_none(tmp_path: Path, name: str) -> None:
    """JSON and INI are known by how they begin."""
    (tmp_path / name).write_text(json.dumps(GOOD), encoding="utf-8")
    assert not check_file(tmp_path / name)
    (tmp_path / name).write_text(textwrap.dedent(INI), encoding="utf-8")
    assert the(check_file(tmp_path / name), "disabled")


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    """A file that is no UTF-8 is an error that says where."""
    (tmp_path / "a.json").write_bytes(b'{"version": "\xff"}')
    with pytest.raises(runlogging.InvalidValueError, match="no UTF-8 at byte 13"):
        check_file(tmp_path / "a.json")


def test_yaml_needs_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyYAML the error says what to install."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(runlogging.MissingExtraError, match="PyYAML"):
        check_file(write(tmp_path, "yaml", GOOD))


ODD = [
    {"version": 1, "root": 3, "handlers": [], "loggers": "x", "filters": None},
    {"version": 1, "root": {"handlers": "run", "filters": 3, "level": True}, "handlers": {"run": 5}},
    changed(("handlers/run", {"class": "logging.handlers.MemoryHandler", "target": "run"}), ("root/level", "INFO")),
    changed(("handlers/run", {"class": "logging.handlers.QueueHandler", "handlers": ["run"]})),
    {"version": 1, "loggers": {"root": {"level": "INFO"}, "": None, "a..b": {"propagate": "no"}}},
    {},
]


@pytest.mark.parametrize("values", ODD)
def test_odd_values_raise_nothing(tmp_path: Path, values: dict[str, Any]) -> None:
    """Whatever stands where something else belongs, the doctor gives a report."""
    assert str(check_file(write(tmp_path, "json", values)))
