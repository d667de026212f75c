"""Interpreters: what one is asked, and which one fits."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from runlogging._errors import EnvironmentBuildError

LEAST = (3, 11)
"""The oldest Python that runlogging runs on."""
BOOTSTRAP = "runlogging.submit._bootstrap"
NEEDED = ("msgspec", "pythonjsonlogger")
"""The modules without which runlogging cannot be imported."""
_PACKAGES = {"msgspec": "msgspec", "pythonjsonlogger": "python-json-logger"}
_NEWEST_MINOR = 19
_WAIT_S = 60.0
# Any Python since 2.7 understands it. The last line counts: a sitecustomize may print others.
PROBE = """
import json, sys, sysconfig
missing = []
for name in sys.argv[1:]:
    try:
        __import__(name)
    except Exception:
        missing.append(name)
version = getattr(sys.modules.get("runlogging"), "__version__", None)
print(json.dumps({"path": sys.executable, "version": list(sys.version_info[:3]), "missing": missing,
    "site": sysconfig.get_paths()["purelib"], "runlogging": version,
    "identity": [sys.version, sysconfig.get_platform(), getattr(sys, "base_prefix", sys.prefix)]}))
"""


@dataclass(frozen=True)
class Interpreter:
    """What an interpreter says of itself.

    Attributes:
        path: where it is.
        version: such as ``(3, 12, 1)``.
        site: the folder into which packages are installed.
        identity: what tells it from others: version and build, platform, where it is installed.
        missing: those of the modules that it was asked for which it cannot import.
        runlogging: the version of runlogging that it imported, or None.
    """

    path: str
    version: tuple[int, ...]
    site: str = ""
    identity: tuple[str, ...] = ()
    missing: list[str] = field(default_factory=list)
    runlogging: str | None = None

    @property
    def text(self) -> str:
        """Its version for people."""
        return ".".join(map(str, self.version))


class AskError(Exception):
    """Say that a program does not answer as an interpreter does.

    Args:
        reason: what went wrong, in a few words.
        output: what it printed.
        code: its exit code; None where it could not be started, or did not end.
    """

    def __init__(self, reason: str, output: str = "", code: int | None = None) -> None:
        super().__init__(reason, output, code)
        self.output, self.code = output.strip(), code

    def __str__(self) -> str:
        said = self.output.splitlines()[-1:]
        return ": ".join([str(self.args[0]), *said])


def ask(
    command: Sequence[str],
    modules: Sequence[str] = (),
    *,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    wait_s: float = _WAIT_S,
) -> Interpreter:
    """Ask an interpreter who it is, and which modules it cannot import.

    Raises:
        AskError: it cannot be started, fails, does not answer in time, or is no Python.
    """
    whole = [*command, "-c", PROBE, *modules]
    try:
        done = subprocess.run(  # noqa: S603  (the user's interpreter, without a shell)
            whole,
            cwd=cwd,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            errors="backslashreplace",
            stdin=subprocess.DEVNULL,
            timeout=wait_s,
            check=False,
        )
    except OSError as error:
        raise AskError(f"it cannot be started ({error.strerror})") from error
    except subprocess.TimeoutExpired as error:
        raise AskError(f"it did not answer within {wait_s:g} s") from error
    if done.returncode:
        raise AskError(f"it ended with {done.returncode}", done.stderr or done.stdout, done.returncode)
    return _answer(done.stdout, done.stderr)


def _answer(output: str, errors: str) -> Interpreter:
    try:
        said = json.loads(output.strip().splitlines()[-1])
        version, identity = tuple(map(int, said.pop("version"))), tuple(said.pop("identity"))
        return Interpreter(version=version, identity=identity, **said)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise AskError("it does not answer as Python does", output or errors) from error


@cache
def this_interpreter() -> Interpreter:
    """Return the interpreter that runs this."""
    import sysconfig

    identity = (sys.version, sysconfig.get_platform(), sys.base_prefix)
    return Interpreter(sys.executable, sys.version_info[:3], sysconfig.get_paths()["purelib"], identity)


def check_version(found: Interpreter, whose: str) -> None:
    """Check that runlogging runs on an interpreter.

    Raises:
        EnvironmentBuildError: it is too old.
    """
    if found.version[:2] < LEAST:
        raise EnvironmentBuildError(
            f"{whose} is Python {found.text}, and runlogging needs {LEAST[0]}.{LEAST[1]} or later. Name a newer "
            "interpreter, or run the script by command= instead of script=: then its output is kept all the same."
        )


def without(missing: Sequence[str]) -> str:
    """Return the names by which missing modules are installed."""
    return " and ".join(_PACKAGES[name] for name in missing if name in _PACKAGES)


# ---------------------------------------------------------------------- which one fits


def fitting(demand: str | None) -> tuple[Interpreter, str | None]:
    """Return an interpreter of a version, and a note where there is none and this one is taken.

    This one is tried first, then those that PATH names ``python3.N``, then those that uv knows.

    Args:
        demand: such as "3.12" or ">=3.11,<3.13"; None takes this interpreter.
    """
    this = this_interpreter()
    if demand is None or fits(demand, this.version):
        return this, None
    for program in _candidates(demand):
        try:
            found = ask([program])
        except AskError:  # the shims of pyenv are there for versions that are not switched on
            continue
        if fits(demand, found.version) and found.version[:2] >= LEAST:
            return found, None
    return this, f"Python {demand} was asked for, but no such interpreter was found; Python {this.text} is used."


def _candidates(demand: str) -> list[str]:
    minors = [minor for minor in range(LEAST[1], _NEWEST_MINOR + 1) if _may_fit(demand, minor)]
    named = [shutil.which(f"python3.{minor}") for minor in reversed(minors)]
    return [program for program in [*named, _known_to_uv(demand) if minors else None] if program]


def _may_fit(demand: str, minor: int) -> bool:
    """Tell whether some release of a version 3.N fits."""
    return any(fits(demand, (3, minor, micro)) for micro in range(40))


def _known_to_uv(demand: str) -> str | None:
    uv = shutil.which("uv")
    if uv is None:
        return None
    command = [uv, "python", "find", "--no-project", demand]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_WAIT_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


_CLAUSE = re.compile(r"\s*(===?|=|!=|~=|>=|<=|>|<|)\s*(\d+(?:\.\d+)*)(?:\.?\*)?\s*")


def fits(demand: str, version: tuple[int, ...]) -> bool:
    """Tell whether a version meets a demand as conda and pip write it; "3.12" is met by every 3.12.

    A part that is not understood is taken as met.
    """
    return any(all(_meets(one, version) for one in part.split(",")) for part in demand.split("|"))


def _meets(clause: str, version: tuple[int, ...]) -> bool:
    found = _CLAUSE.fullmatch(clause)
    if found is None:
        return True
    wanted = tuple(map(int, found[2].split(".")))
    head = version[: len(wanted)]
    match found[1]:
        case ">=":
            return head >= wanted
        case "<=":
            return head <= wanted
        case ">":
            return head > wanted
        case "<":
            return head < wanted
        case "!=":
            return head != wanted
        case "~=":
            return head >= wanted and head[: len(wanted) - 1] == wanted[:-1]
        case _:
            return head == wanted


# ---------------------------------------------------------------------- the user's interpreter


def found_program(path: str | os.PathLike[str]) -> str:
    """Return the absolute path of an interpreter that is given as a path, or by its name on PATH.

    Raises:
        EnvironmentBuildError: there is none.
    """
    text = os.fspath(path)
    place = Path(text).expanduser()
    # Not resolved: the interpreter of a virtual environment is a link, and the link is what counts.
    program = shutil.which(place.absolute() if os.sep in text else text)
    if program is None:
        why = "there is no such file" if not place.exists() else "it is no program that can be run"
        raise EnvironmentBuildError(
            f"python.interpreter_path is {text!r}, but {why if os.sep in text else 'PATH has no such program'}. "
            "Give the absolute path of a Python interpreter, or None for the one that submits."
        )
    return os.path.abspath(program)  # noqa: PTH100  (links stay)
