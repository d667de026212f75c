"""Virtual environments: built once for what they hold, with uv where it is on PATH and with venv and pip otherwise."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from runlogging._errors import EnvironmentBuildError
from runlogging._version import __version__
from runlogging.submit._cache import built, forget
from runlogging.submit._environment import Environment
from runlogging.submit._installers import Done, run_installer
from runlogging.submit._interpreters import AskError, Interpreter, ask, fitting
from runlogging.submit._package import DEPENDENCIES, copy_package, package_digest
from runlogging.submit._prepared import PROGRAMS, Prepared, Say, first_on_path, note_of, python_of, with_python
from runlogging.submit._wanted import Wanted, wanted_of

_KEY_LENGTH = 20
_REQUIREMENTS = "requirements.txt"
_CONSTRAINTS = "constraints.txt"
_PASSWORD = re.compile(r"://[^/@\s]+@")
_LOGS_HINT = "the installer's own words are in the run's records"


def prepare_venv(
    environment: Environment,
    root: Path,
    work: Path,
    command: list[str],
    variables: Mapping[str, str],
    say: Say,
    with_conda_names: bool = False,
) -> Prepared:
    """Prepare a command in the virtual environment that its packages ask for; build it where it is not in the cache.

    Args:
        environment: whose packages are wanted.
        root: the root that holds the cache.
        work: the folder of the code, to which local requirements are relative.
        command: what is started in it.
        variables: those of the run.
        say: takes sentences and the lines of the installers.
        with_conda_names: whether its packages of conda are asked from pip.

    Raises:
        EnvironmentBuildError: it cannot be built.
    """
    packages = environment.python.conda_dependencies
    wanted = wanted_of(packages, work, with_conda_names)
    base, note = fitting(packages.python_version)
    key, facts = key_of("venv", base.identity, wanted)

    def build(folder: Path, lock: int) -> None:
        say(f"building the environment {environment.name!r} in {folder} (Python {base.text})")
        _Builder(environment.name, folder, work, say, lock).build(base, wanted)
        say(f"the environment {environment.name!r} is built")

    if not python_of(root.absolute() / ".envs" / key).exists():
        forget(root, key)  # the interpreter that it was made of is gone
    folder = built(root, key, facts, build, say)
    return activated(folder, "VIRTUAL_ENV", command, variables, [*([note] if note else []), *wanted.notes])


def key_of(kind: str, identity: Sequence[str], wanted: Wanted) -> tuple[str, dict[str, object]]:
    """Return the name of an environment's folder: a hash of all that decides on what is in it; and these facts."""
    facts: dict[str, object] = {
        "kind": kind,
        "python": list(identity),
        "requirements": wanted.lines,
        "contents": wanted.contents,
        "runlogging": [__version__, package_digest()],
        "dependencies": list(DEPENDENCIES),
    }
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:_KEY_LENGTH]
    # The facts are kept in a file: without the passwords that addresses of indexes have in them.
    shown = [_PASSWORD.sub("://[redacted]@", line) for line in wanted.lines]
    return key, {**facts, "requirements": shown}


def activated(
    folder: Path, variable: str, command: list[str], variables: Mapping[str, str], notes: list[str]
) -> Prepared:
    """Prepare a command in the environment of a folder, as if the environment were activated.

    The submitter's PYTHONPATH and PYTHONHOME do not reach it; a PYTHONPATH among the run's variables does.
    """
    unset = {name: "" for name in ("PYTHONPATH", "PYTHONHOME") if name in os.environ}
    path = {variable: str(folder), "PATH": first_on_path(folder / PROGRAMS, variables)}
    return Prepared(with_python(command, str(python_of(folder))), {**unset, **variables, **path}, note_of(notes))


class _Builder:
    """Build one virtual environment.

    Args:
        name: of the environment, for messages.
        folder: where it is built; it is not there yet.
        work: where the installers run.
        say: takes their lines.
        lock: the descriptor that they inherit.
    """

    def __init__(self, name: str, folder: Path, work: Path, say: Say, lock: int) -> None:
        self._name, self._folder, self._work, self._say, self._lock = name, folder, work, say, lock
        self._uv = shutil.which("uv")
        self._python = str(python_of(folder))

    def build(self, base: Interpreter, wanted: Wanted) -> None:
        """Make it of an interpreter, and install what is wanted."""
        make = [base.path, "-m", "venv", str(self._folder)]
        if self._uv:
            make = [self._uv, "venv", "--color", "never", "--no-project", "--python", base.path, str(self._folder)]
        self._check(self._run(make), f"a virtual environment of {base.path}", "install uv, or Python's venv module")
        # First: then no installer fetches a package of this name because another one needs it.
        copy_package(self._packages_folder())
        self._install(wanted)

    def _packages_folder(self) -> Path:
        try:
            return Path(ask([self._python]).site)
        except AskError as error:
            raise EnvironmentBuildError(f"the interpreter of the new environment does not work: {error}") from error

    def _install(self, wanted: Wanted) -> None:
        constraints = self._written(_CONSTRAINTS, [f"runlogging=={__version__}"])
        if any("--hash" in line for line in wanted.install):
            # With hashes everything in a file needs one, and our own dependencies have none.
            self._install_file(self._written(_REQUIREMENTS, wanted.install), [])
            self._install_file(self._written("runlogging.txt", DEPENDENCIES), ["-c", str(constraints)])
        else:
            lines = [*wanted.install, *DEPENDENCIES]
            self._install_file(self._written(_REQUIREMENTS, lines), ["-c", str(constraints)])

    def _install_file(self, file: Path, options: list[str]) -> None:
        """Install what a file lists, and remove the file: it may have passwords in it."""
        if self._uv:
            install = [self._uv, "pip", "install", "--color", "never", "--no-progress", "--python", self._python]
        else:
            plain = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--no-color"]
            install = [self._python, "-m", "pip", "install", *plain]
        done = self._run([*install, "-r", str(file), *options])
        file.unlink()
        self._check(done, "its packages", f"correct the requirements; {_LOGS_HINT}")

    def _written(self, name: str, lines: Sequence[str]) -> Path:
        path = self._folder / name
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return path

    def _run(self, command: list[str]) -> Done:
        return run_installer(command, self._work, self._say, self._lock)

    def _check(self, done: Done, what: str, advice: str) -> None:
        if done.code:
            raise EnvironmentBuildError(
                f"the environment {self._name!r} could not be built: {what} could not be installed: {done.complaint}. "
                f"To mend it: {advice}.",
                done.text,
            )
