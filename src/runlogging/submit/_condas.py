"""Environments of conda, micromamba or mamba."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runlogging._errors import EnvironmentBuildError
from runlogging.submit._cache import built
from runlogging.submit._conda import CondaDependencies
from runlogging.submit._environment import Environment
from runlogging.submit._installers import run_installer
from runlogging.submit._interpreters import AskError, ask, check_version, this_interpreter
from runlogging.submit._package import DEPENDENCIES, copy_package
from runlogging.submit._prepared import Prepared, Say, python_of
from runlogging.submit._venvs import activated, key_of
from runlogging.submit._wanted import wanted_of

_PROGRAMS = ("conda", "micromamba", "mamba")


def conda_program() -> str | None:
    """Return the program that makes conda's environments, or None where PATH has none."""
    return next((found for found in map(shutil.which, _PROGRAMS) if found), None)


def prepare_conda(
    environment: Environment,
    program: str,
    root: Path,
    work: Path,
    command: list[str],
    variables: Mapping[str, str],
    say: Say,
) -> Prepared:
    """Prepare a command in an environment of conda; build it where it is not in the cache.

    The scripts that packages of conda have for its ``activate`` do not run.

    Raises:
        EnvironmentBuildError: it cannot be built.
    """
    packages = environment.python.conda_dependencies
    wanted = wanted_of(packages, work)
    document = _document(packages, wanted.install)
    # The channels and conda's own packages are a part of what is built, beside the lines for pip.
    decides = [json.dumps(_document(packages, wanted.lines), sort_keys=True), *this_interpreter().identity[1:2]]
    key, facts = key_of("conda", decides, wanted)

    def build(folder: Path, lock: int) -> None:
        say(f"building the environment {environment.name!r} in {folder} with {program}")
        _build(environment.name, program, document, folder, work, say, lock)
        say(f"the environment {environment.name!r} is built")

    folder = built(root, key, facts, build, say)
    return activated(folder, "CONDA_PREFIX", command, variables, wanted.notes)


def _document(packages: CondaDependencies, pip_lines: list[str]) -> dict[str, Any]:
    """Return the conda file: with a Python, with pip, and with what runlogging needs."""
    python = [] if packages.python_version else ["python=" + ".".join(map(str, this_interpreter().version[:2]))]
    given = [one for one in packages.as_dict()["dependencies"] if isinstance(one, str) and one != "pip"]
    channels = {"channels": packages.conda_channels} if packages.conda_channels else {}
    return {**channels, "dependencies": [*python, *given, "pip", {"pip": [*pip_lines, *DEPENDENCIES]}]}


def _build(name: str, program: str, document: dict[str, Any], folder: Path, work: Path, say: Say, lock: int) -> None:
    verb = ["create", "--yes"] if Path(program).stem == "micromamba" else ["env", "create"]
    with tempfile.TemporaryDirectory() as place:
        file = Path(place, "environment.yml")
        file.write_text(json.dumps(document, indent=1), encoding="utf-8")  # JSON is YAML
        done = run_installer([program, *verb, "--prefix", str(folder), "--file", str(file)], work, say, lock)
    if done.code:
        raise EnvironmentBuildError(
            f"the environment {name!r} could not be built: {Path(program).name} failed: {done.complaint}. "
            "Correct its packages and channels; the installer's own words are in the run's records.",
            done.text,
        )
    try:
        found = ask([str(python_of(folder))])
    except AskError as error:
        raise EnvironmentBuildError(f"the environment {name!r} has no Python that works: {error}", done.text) from error
    check_version(found, f"the interpreter of the environment {name!r}")
    copy_package(Path(found.site))
