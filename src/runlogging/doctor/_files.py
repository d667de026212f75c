"""Configuration files as plain values. Nothing in them is evaluated, imported or resolved."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from runlogging._errors import InvalidValueError, MissingExtraError
from runlogging.doctor._ini import INI, ini_values

_SUFFIXES = {
    ".json": "json",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".ini": INI,
    ".cfg": INI,
    ".conf": INI,
}
# Where a configuration may stand within a file, the innermost first; Django's settings call it LOGGING.
_PLACES = (("tool", "logging"), ("logging",), ("LOGGING",))


@dataclass(frozen=True)
class Configuration:
    """A configuration.

    Attributes:
        path: the file.
        form: "json", "toml", "yaml" or "ini".
        values: what ``dictConfig`` would get; INI sections are brought into the same shape.
        base: the keys that lead to it within the file.
    """

    path: Path
    form: str
    values: Mapping[str, Any]
    base: tuple[str, ...] = ()


def read_configuration(path: str | PathLike[str]) -> Configuration:
    """Return the configuration in a file.

    Raises:
        InvalidValueError: the file does not parse or holds no configuration; with line and column where known.
        MissingExtraError: PyYAML is needed and not installed.
        OSError: the file cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidValueError(f"{path}: no UTF-8 at byte {error.start}; save it as UTF-8") from error
    form = _SUFFIXES.get(path.suffix.lower()) or _guessed(path, text)
    try:
        values = _READERS[form](text, path)
    except RecursionError as error:
        raise InvalidValueError(f"{path}: nested too deeply to be a configuration") from error
    if not isinstance(values, Mapping):
        raise InvalidValueError(f"{path}: a configuration is a mapping at the top, not a {type(values).__name__}")
    return _placed(path, form, values)


def _guessed(path: Path, text: str) -> str:
    if text.lstrip().startswith("{"):
        return "json"
    if re.search(r"(?m)^\[loggers\]", text):
        return INI
    raise InvalidValueError(f"{path}: name it .json, .toml, .yaml or .ini, so that its form is known")


def _placed(path: Path, form: str, values: Mapping[str, Any]) -> Configuration:
    for base in _PLACES if "version" not in values else ():
        inner: Any = values
        for key in base:
            inner = inner.get(key) if isinstance(inner, Mapping) else None
        if isinstance(inner, Mapping):
            return Configuration(path, form, inner, base)
    if path.name == "pyproject.toml":
        raise InvalidValueError(f"{path}: there is no table [tool.logging] in it")
    return Configuration(path, form, values)


def _json(text: str, path: Path) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _unparsed(path, error.lineno, error.colno, error.msg) from error
    except ValueError as error:  # a number of too many digits
        raise InvalidValueError(f"{path}: {error}") from error


def _toml(text: str, path: Path) -> Any:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = re.fullmatch(r"(?s)(.*) \(at line (\d+), column (\d+)\)", str(error))
        if said is None:
            raise InvalidValueError(f"{path}: {error}") from error
        raise _unparsed(path, int(said[2]), int(said[3]), said[1]) from error
    except ValueError as error:
        raise InvalidValueError(f"{path}: {error}") from error


def _yaml(text: str, path: Path) -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError("Reading a YAML configuration", "PyYAML", "conda") from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            raise InvalidValueError(f"{path}: {error}") from error
        raise _unparsed(path, mark.line + 1, mark.column + 1, str(getattr(error, "problem", error))) from error
    except ValueError as error:  # of a date that is none
        raise InvalidValueError(f"{path}: {error}") from error


def _ini(text: str, path: Path) -> Any:
    # No interpolation: whatever stands there is looked at as it stands.
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text, str(path))
    except configparser.MissingSectionHeaderError as error:
        raise _unparsed(path, error.lineno, 1, f"{error.line.strip()!r} stands before any [section]") from error
    except configparser.ParsingError as error:
        line, what = error.errors[0] if error.errors else (0, str(error))
        raise _unparsed(path, line, 1, f"no 'key = value': {what}") from error
    except (configparser.DuplicateSectionError, configparser.DuplicateOptionError) as error:
        raise _unparsed(path, error.lineno or 0, 1, f"a second {error.section!r}") from error
    return ini_values(parser)


def _unparsed(path: Path, line: int, column: int, what: str) -> InvalidValueError:
    return InvalidValueError(f"{path}, line {line}, column {column}: {what}")


_READERS: dict[str, Callable[[str, Path], Any]] = {"json": _json, "toml": _toml, "yaml": _yaml, INI: _ini}
