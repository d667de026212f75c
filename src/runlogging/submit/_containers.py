"""Containers: how a command is started in one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from runlogging._errors import EnvironmentBuildError
from runlogging.folder import RUN_VARIABLE
from runlogging.submit._engines import Engine, find_engine, stop_container
from runlogging.submit._environment import Environment
from runlogging.submit._guard import guarded
from runlogging.submit._installers import run_installer
from runlogging.submit._interpreters import BOOTSTRAP, NEEDED, AskError, Interpreter, ask, check_version, without
from runlogging.submit._package import PACKAGE
from runlogging.submit._prepared import Prepared, Say, note_of, with_python

__all__ = ["container_name", "prepare_container", "stop_container"]

ROOT_FOLDER = "rootfs:"
"""What a ``base_image`` begins with that is a folder with a root file system, for podman."""
# Where the package is in a container: one folder that holds it and its dependency in pure Python, nothing else.
_PACKAGES = "/opt/runlogging-packages"
_PYTHON = "python3"
_ASK_WAIT_S = 300.0
_ENGINE_FAILED, _NOT_STARTABLE, _NOT_FOUND = 125, 126, 127


def container_name(run_path: Path) -> str:
    """Return the name of a run's container, for `stop_container`."""
    return "runlogging-" + re.sub(r"[^A-Za-z0-9_.\-]", "-", run_path.name)


def prepare_container(
    environment: Environment,
    run_path: Path,
    work: Path,
    command: list[str],
    uses_python: bool,
    variables: Mapping[str, str],
    say: Say,
) -> Prepared:
    """Prepare a command in a container: its image is fetched where it is missing, and looked at where it needs Python.

    Raises:
        EnvironmentBuildError: no engine runs, there is no such image, or it has no Python that can import runlogging.
    """
    image = environment.docker.base_image
    if not image:
        raise EnvironmentBuildError(
            f"the environment {environment.name!r} is a container without an image: "
            "set docker.base_image, such as 'docker.io/library/python:3.12-slim', or docker.enabled = False"
        )
    is_folder = image.startswith(ROOT_FOLDER)
    engine = find_engine(("podman",) if is_folder else ("docker", "podman"))
    box = _Box(environment, engine, image, run_path, work, uses_python, variables)
    if is_folder:
        _check_root(image)
    else:
        _fetch(engine, image, work, say)
    python = os.fspath(environment.python.interpreter_path or _PYTHON)
    if uses_python:
        _check_python(box, python)
    name = container_name(run_path)
    whole = [*box.options(name), *with_python(command, python)]
    return Prepared(guarded(engine.program, name, whole), {}, note_of(_notes(environment)))


def _notes(environment: Environment) -> list[str]:
    packages = environment.python.conda_dependencies
    if environment.python.user_managed_dependencies or not (packages.conda_packages or packages.pip_packages):
        return []
    return [
        "The packages of the environment were not installed in its container: the image must hold them. "
        "Set python.user_managed_dependencies = True where it does."
    ]


class _Box:
    """The options of a container of a run."""

    def __init__(
        self,
        environment: Environment,
        engine: Engine,
        image: str,
        run_path: Path,
        work: Path,
        uses_python: bool,
        variables: Mapping[str, str],
    ) -> None:
        self.image, self.engine, self.work = image, engine, work.absolute()
        self._docker, self._run_path, self._uses_python = environment.docker, run_path.absolute(), uses_python
        self._variables = variables

    def options(self, name: str | None) -> list[str]:
        """Return the command up to the image; what comes behind it is started in the container."""
        is_folder = self.image.startswith(ROOT_FOLDER)
        init = ["--init"] if self.engine.kind == "docker" else []  # podman needs another package for it
        return [
            *(self.engine.program, "run", "--rm", *init),
            *([] if name is None else ["--name", name]),
            *([] if is_folder else ["--pull", "never"]),  # it is there: its fetching was seen
            *self.engine.owner,
            *_unlabelled(),
            *(option for path in (self._run_path, self.work) for option in _mount(path, str(path))),
            *self._packages(),
            *("--workdir", str(self.work)),
            *(option for name, value in self._environment().items() for option in ("--env", f"{name}={value}")),
            *(["--shm-size", self._docker.shm_size] if self._docker.shm_size else []),
            *self._docker.arguments,
            *(["--rootfs", self.image.removeprefix(ROOT_FOLDER)] if is_folder else [self.image]),
        ]

    def _environment(self) -> dict[str, str]:
        # The caller's number has no home in most images, and "/" would be read-only for it.
        home = {"HOME": "/tmp"} if "--user" in self.engine.owner else {}  # noqa: S108  (of the container)
        own = {RUN_VARIABLE: str(self._run_path), "PYTHONUNBUFFERED": "1"}
        given = {**home, **self._variables, **own}
        if self._uses_python:
            given["PYTHONPATH"] = ":".join(filter(None, [_PACKAGES, self._variables.get("PYTHONPATH")]))
        return given

    def _packages(self) -> list[str]:
        if not self._uses_python:
            return []
        logger = find_spec("pythonjsonlogger")
        places = [str(PACKAGE), *(logger.submodule_search_locations or () if logger else ())]
        return [
            option
            for place in places
            for option in _mount(Path(place), f"{_PACKAGES}/{Path(place).name}", read_only=True)
        ]


def _mount(path: Path, target: str, read_only: bool = False) -> list[str]:
    if ":" in str(path):
        if "," in str(path):
            raise EnvironmentBuildError(
                f"the folder {path} cannot be given to a container: its path has a colon and a comma; "
                "use a root without them"
            )
        return ["--mount", f"type=bind,source={path},target={target}{',readonly' if read_only else ''}"]
    return ["--volume", f"{path}:{target}{':ro' if read_only else ''}"]


def _unlabelled() -> list[str]:
    """Return the option with which SELinux, where it is on, lets a container at folders that are not its own."""
    return ["--security-opt", "label=disable"] if Path("/sys/fs/selinux/enforce").exists() else []


# ---------------------------------------------------------------------- what must hold beforehand


def _check_root(image: str) -> None:
    folder = Path(image.removeprefix(ROOT_FOLDER))
    if not folder.is_absolute() or not folder.is_dir():
        raise EnvironmentBuildError(f"docker.base_image is {image!r}, and there is no folder {folder}; give its path")


def _fetch(engine: Engine, image: str, work: Path, say: Say) -> None:
    """Fetch an image that the engine does not have."""

    def ignored(line: str) -> None:
        """Take what `image inspect` prints: it is of no interest."""

    if run_installer([engine.program, "image", "inspect", image], work, ignored).code == 0:
        return
    say(f"{engine.kind} fetches the image {image}")
    done = run_installer([engine.program, "pull", image], work, say)
    if done.code:
        raise EnvironmentBuildError(
            f"there is no image {image!r}, or {engine.kind} cannot fetch it: {done.complaint}. "
            "Correct docker.base_image, log in to its registry, or build it first.",
            done.text,
        )


def _check_python(box: _Box, python: str) -> None:
    """Check that the image has a Python that can import runlogging from where it is mounted."""
    try:
        found = ask([*box.options(None), python], [*NEEDED, BOOTSTRAP], wait_s=_ASK_WAIT_S)
    except AskError as error:
        raise EnvironmentBuildError(_why_not(box, python, error), error.output) from error
    check_version(found, f"the interpreter {python} of the image {box.image}")
    _check_modules(found, box.image)


def _check_modules(found: Interpreter, image: str) -> None:
    missing = without(found.missing)
    if found.missing:
        raise EnvironmentBuildError(
            f"the image {image} cannot import runlogging: it lacks {missing or 'something that runlogging needs'}. "
            f"Build an image that holds it (RUN pip install {missing.replace(' and', '') or 'runlogging'}), "
            "or run the script by command= instead of script=: then its output is kept all the same."
        )


def _why_not(box: _Box, python: str, error: AskError) -> str:
    if error.code in (_NOT_STARTABLE, _NOT_FOUND):
        return (
            f"the image {box.image} has no program {python!r}: {error}. "
            "Name its interpreter with python.interpreter_path, or take an image with Python."
        )
    if error.code == _ENGINE_FAILED:
        return f"{box.engine.kind} cannot run the image {box.image}: {error}. Correct docker.base_image or arguments."
    return f"the interpreter {python!r} of the image {box.image} does not work: {error}"
