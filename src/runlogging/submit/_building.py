"""Environments: from what a config says to how a command is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from runlogging._errors import EnvironmentBuildError, RunLoggingError
from runlogging._version import __version__
from runlogging.submit._environment import Environment
from runlogging.submit._interpreters import (
    BOOTSTRAP,
    NEEDED,
    AskError,
    Interpreter,
    ask,
    check_version,
    found_program,
    without,
)
from runlogging.submit._package import is_importable, package_folder
from runlogging.submit._prepared import PYTHON_TOKEN, Prepared, first_on_path, with_python

__all__ = ["PYTHON_TOKEN", "Prepared", "prepare"]


def prepare(
    environment: Environment,
    root: Path,
    run_path: Path,
    work: Path,
    command: list[str],
    *,
    uses_python: bool,
    variables: Mapping[str, str],
    say: Callable[[str], None],
) -> Prepared:
    """Make an environment ready, and say how a command is started in it.

    Args:
        environment: which; see `Environment.kind`.
        root: the root; environments are kept in its ``.envs``.
        run_path: the run's folder.
        work: the folder in which the command runs.
        command: program and arguments; `PYTHON_TOKEN` as the first item stands for the environment's interpreter.
        uses_python: whether the command imports runlogging.
        variables: environment variables of the run; they win over those of the environment.
        say: called with sentences on the progress and with each line of the installers, as they come. When it raises,
            what is being built is ended and removed, and the error goes on.

    Raises:
        EnvironmentBuildError: it cannot be made; the message says why and what to do.
        ArtifactNotFoundError: a requirements file cannot be read (also a FileNotFoundError).
    """
    variables = {**environment.environment_variables, **variables}
    try:
        if environment.kind == "user-managed":
            return _prepare_interpreter(environment, root, work, command, uses_python, variables, say)
        if environment.kind == "container":
            from runlogging.submit._containers import prepare_container

            return prepare_container(environment, run_path, work, command, uses_python, variables, say)
        return _prepare_packages(environment, root, work, command, variables, say)
    except RunLoggingError:
        raise
    except OSError as error:
        raise EnvironmentBuildError(f"the environment {environment.name!r} could not be made: {error}") from error


def _prepare_packages(
    environment: Environment,
    root: Path,
    work: Path,
    command: list[str],
    variables: Mapping[str, str],
    say: Callable[[str], None],
) -> Prepared:
    """Prepare a command in an environment that is built: by conda, or else by uv or pip."""
    from runlogging.submit._condas import conda_program, prepare_conda
    from runlogging.submit._venvs import prepare_venv

    wants_conda = environment.kind == "conda"
    program = conda_program() if wants_conda else None
    if program is not None:
        return prepare_conda(environment, program, root, work, command, variables, say)
    return prepare_venv(environment, root, work, command, variables, say, with_conda_names=wants_conda)


def _prepare_interpreter(
    environment: Environment,
    root: Path,
    work: Path,
    command: list[str],
    uses_python: bool,
    variables: Mapping[str, str],
    say: Callable[[str], None],
) -> Prepared:
    """Prepare a command for an interpreter as it is: that of the user, or this one."""
    given = environment.python.interpreter_path
    program = sys.executable if given is None else found_program(given)
    added, note = _surroundings(program, variables), None
    whole = {**os.environ, **variables, **added}
    # This one is not started to be asked: that would take as long as all the rest of a small run's start.
    if program != sys.executable or (uses_python and not is_importable(whole)):
        found = _asked(program, work, whole, uses_python)
        if uses_python:
            check_version(found, f"the interpreter {program}")
            note = _other_version(found)
            if BOOTSTRAP in found.missing:
                added["PYTHONPATH"] = _path_with_package(found, program, root, work, whole, say)
    return Prepared(with_python(command, program), {**variables, **added}, note)


def _surroundings(program: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with which programs that a run starts by name come from beside its interpreter."""
    folder = Path(program).parent
    if (folder.parent / "pyvenv.cfg").exists():
        return {"VIRTUAL_ENV": str(folder.parent), "PATH": first_on_path(folder, variables)}
    known = (variables.get("PATH") or os.environ.get("PATH") or os.defpath).split(os.pathsep)
    # A folder that PATH has keeps its place: /usr/bin does not go before /usr/local/bin.
    return {} if str(folder) in known else {"PATH": first_on_path(folder, variables)}


def _asked(program: str, work: Path, environment: Mapping[str, str], uses_python: bool) -> Interpreter:
    try:
        return ask([program], [*NEEDED, BOOTSTRAP] if uses_python else [], cwd=work, environment=environment)
    except AskError as error:
        raise EnvironmentBuildError(
            f"the interpreter {program} does not work: {error}. "
            "Give python.interpreter_path the path of a Python that does, or None for the one that submits.",
            error.output,
        ) from error


def _other_version(found: Interpreter) -> str | None:
    if found.runlogging in (None, __version__):
        return None
    return f"The interpreter {found.path} has runlogging {found.runlogging}; {__version__} submitted the run."


def _path_with_package(
    found: Interpreter,
    program: str,
    root: Path,
    work: Path,
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> str:
    """Return a PYTHONPATH with this package, for an interpreter that does not have it."""
    missing = without(found.missing)
    if not missing:
        path = os.pathsep.join(filter(None, [str(package_folder(root, say)), environment.get("PYTHONPATH")]))
        found = _asked(program, work, {**environment, "PYTHONPATH": path}, True)
        if BOOTSTRAP not in found.missing:
            return path
    raise EnvironmentBuildError(
        f"the interpreter {program} cannot import runlogging: it lacks {missing or 'something that runlogging needs'}. "
        f"Install it there ({program} -m pip install {missing.replace(' and', '') or 'runlogging'}), or have the "
        "environment made for the run: set python.user_managed_dependencies = False and name the packages of your "
        "script with CondaDependencies.create(pip_packages=[...])."
    )
