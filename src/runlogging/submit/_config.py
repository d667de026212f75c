"""What is run."""

from __future__ import annotations

import copy
import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from runlogging._errors import ArtifactNotFoundError, InvalidValueError
from runlogging.submit._conda import CondaDependencies
from runlogging.submit._environment import Environment, hidden
from runlogging.submit._fields import Checked, text_of, texts_of, variables_of

MAX_RUN_SECONDS = 2_592_000
"""How long a run may take unless told otherwise: 30 days, as in the Azure ML SDK v1."""

T = TypeVar("T")
Command = str | list[str] | None


@dataclass
class DockerConfiguration:
    """Whether a run uses a container, whatever its environment says.

    Attributes:
        use_docker: whether it does.
        shm_size: size of the shared memory as the engine writes it, such as "2g".
        arguments: further arguments for the ``run`` command of the engine, a list of texts.
    """

    use_docker: bool = False
    shm_size: str | None = None
    arguments: list[str] | None = None


def _script_of(script: Any) -> str | None:
    if script is None:
        return None
    if not isinstance(script, str | os.PathLike) or not os.fspath(script):
        raise InvalidValueError(f"script is the path of a file in the source folder, not {script!r:.80}")
    return text_of(script, "script")


def _arguments_of(arguments: Any) -> list[str]:
    return texts_of(arguments, "argument", "give ['--alpha', 0.5], or shlex.split(text)")


def _command_of(command: Any) -> Command:
    if command is None or isinstance(command, str):
        return text_of(command, "command") if command else None
    return texts_of(command, "part of a command", "give ['python', 'train.py']") or None


def _environment_of(environment: Any) -> Environment:
    if environment is None:
        return Environment("default")
    if not isinstance(environment, Environment):
        raise InvalidValueError(
            f"environment is an Environment, not {type(environment).__name__}; see Environment.from_pip_requirements"
        )
    return environment


def _duration_of(seconds: Any) -> float | None:
    if seconds is None:
        return None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < float("inf"):
        raise InvalidValueError(f"max_run_duration_seconds is a number of seconds above 0, or None, not {seconds!r}")
    return seconds


def _folder_of(folder: Any) -> Path:
    if not isinstance(folder, str | os.PathLike | None):
        raise InvalidValueError(f"source_directory is the path of a folder, not {type(folder).__name__}")
    # Absolute from here on: the working directory may change before the submit.
    return Path(os.path.abspath(Path(folder or ".").expanduser()))  # noqa: PTH100  (resolve() would follow links)


class RunConfiguration:
    """What is run, and in which environment, without the folder of the code. All of it can be changed.

    Args:
        script: the path of a Python file, relative to the source folder.
        arguments: its arguments.
        framework: without effect here; kept as an attribute, as Azure's ``communicator`` and ``target`` are.
        communicator: likewise.
        conda_dependencies: the packages of its environment.
        command: instead of script and arguments; see `ScriptRunConfig`.

    Attributes:
        script, arguments, command: as given; arguments are a list of texts.
        environment: an `Environment`; the default one is the interpreter that submits.
        environment_variables: name to text; they win over those of the environment.
        target: "local", or whatever was given as ``compute_target``.
        docker: a `DockerConfiguration`, or None.

    Raises:
        InvalidValueError: command and script or arguments are given, or one of them is none.
    """

    script: Checked[str | None] = Checked(_script_of)
    arguments: Checked[list[str]] = Checked(_arguments_of)
    command: Checked[Command] = Checked(_command_of)
    environment: Checked[Environment] = Checked(_environment_of)
    environment_variables: Checked[dict[str, str]] = Checked(variables_of)

    def __init__(
        self,
        script: str | os.PathLike[str] | None = None,
        arguments: Iterable[Any] | None = None,
        framework: Any = None,
        communicator: Any = None,
        conda_dependencies: CondaDependencies | None = None,
        command: str | Iterable[Any] | None = None,
    ) -> None:
        self.script, self.arguments, self.command = script, arguments, command
        self.framework, self.communicator = framework, communicator
        self.environment = None
        self.environment_variables = None
        self.target: Any = "local"
        self.docker: DockerConfiguration | None = None
        if conda_dependencies is not None:
            self.environment.python.conda_dependencies = conda_dependencies
        self._check_exclusive()

    def _check_exclusive(self) -> None:
        if self.command is not None and (self.script is not None or self.arguments):
            raise InvalidValueError(
                "a run has either a command, or a script with its arguments; set the other to None "
                f"(command={self.command!r:.80}, script={self.script!r:.80})"
            )

    def _check(self) -> None:
        """Check it as a whole, and what was put into its lists and mappings since they were set."""
        self._check_exclusive()
        self.arguments, self.command = self.arguments, self.command
        self.environment_variables = self.environment_variables
        self.environment.environment_variables = self.environment.environment_variables

    def _copy(self) -> RunConfiguration:
        """Return a copy with lists of its own; the environment is the same object."""
        other = copy.copy(self)
        other.arguments, other.environment_variables = self.arguments, self.environment_variables
        return other

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, RunConfiguration) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"RunConfiguration({', '.join(self._said())})"

    def _said(self) -> list[str]:
        """Return what is to be shown, as ``key=value``; values of variables may be secrets."""
        shown: dict[str, Any] = {"script": self.script, "arguments": self.arguments, "command": self.command}
        shown["environment"] = self.environment if self.environment != Environment("default") else None
        shown |= {"target": self.target if self.target != "local" else None, "docker": self.docker}
        said = [f"{key}={value!r}" for key, value in shown.items() if value]
        if self.environment_variables:
            said.append(f"environment_variables={hidden(self.environment_variables)}")
        return said


class _Shared(Generic[T]):
    """An attribute of a ScriptRunConfig that is one thing with an attribute of its run_config."""

    def __init__(self, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> _Shared[T]: ...
    @overload
    def __get__(self, instance: ScriptRunConfig, owner: type) -> T: ...
    def __get__(self, instance: ScriptRunConfig | None, owner: type) -> _Shared[T] | T:
        if instance is None:
            return self
        value: T = getattr(instance.run_config, self._name)
        return value

    def __set__(self, instance: ScriptRunConfig, value: Any) -> None:
        setattr(instance.run_config, self._name, value)


class ScriptRunConfig:
    """A script or command, the folder of its code, and its environment: what ``Experiment.submit`` takes.

    It can be changed after it was made and submitted as often as you like. Its script, arguments, command,
    environment and variables are one thing with those of ``run_config``.

    Args:
        source_directory: the folder of the code; None is the working directory.
        script: the path of a Python file, relative to the folder.
        arguments: its arguments, a list; texts, paths and numbers become texts.
        run_config: a configuration to begin with. It is copied (with the same environment object), so that several
            configs can begin with one; what else is given here wins over it.
        compute_target: without effect here; kept as an attribute, for Azure's sake.
        environment: an `Environment`; None is the interpreter that submits.
        distributed_job_config: without effect here; kept as an attribute.
        resume_from: kept as an attribute.
        max_run_duration_seconds: how long the run may take; None sets no limit.
        command: instead of script and arguments: a list (program and arguments), or a text for the shell.
        docker_runtime_config: a `DockerConfiguration`.
        environment_variables: name to text; they win over those of the environment.
        snapshot_limits: other limits of the snapshot than `Run.take_snapshot` has: ``max_files``, ``max_bytes``,
            ``max_file_bytes``.

    Raises:
        InvalidValueError: command and script or arguments are given, arguments are a text, or something is of a
            wrong type. What needs the file system is looked at by `check`.
    """

    script: _Shared[str | None] = _Shared("script")
    arguments: _Shared[list[str]] = _Shared("arguments")
    command: _Shared[Command] = _Shared("command")
    environment: _Shared[Environment] = _Shared("environment")
    environment_variables: _Shared[dict[str, str]] = _Shared("environment_variables")
    compute_target: _Shared[Any] = _Shared("target")
    docker_runtime_config: _Shared[DockerConfiguration | None] = _Shared("docker")
    source_directory: Checked[Path] = Checked(_folder_of)
    max_run_duration_seconds: Checked[float | None] = Checked(_duration_of)

    def __init__(
        self,
        source_directory: str | os.PathLike[str] | None = None,
        script: str | os.PathLike[str] | None = None,
        arguments: Iterable[Any] | None = None,
        run_config: RunConfiguration | None = None,
        compute_target: Any = None,
        environment: Environment | None = None,
        distributed_job_config: Any = None,
        resume_from: Any = None,
        max_run_duration_seconds: float | None = MAX_RUN_SECONDS,
        command: str | Iterable[Any] | None = None,
        docker_runtime_config: DockerConfiguration | None = None,
        environment_variables: Mapping[str, Any] | None = None,
        snapshot_limits: Mapping[str, int] | None = None,
    ) -> None:
        self.source_directory = source_directory
        self.snapshot_limits = _limits_of(snapshot_limits)
        self.run_config = _begun_with(run_config)
        given = {
            "script": script,
            "arguments": arguments,
            "command": command,
            "environment": environment,
            "environment_variables": environment_variables,
            "target": compute_target,
            "docker": docker_runtime_config,
        }
        for name, value in given.items():
            if value is not None:
                setattr(self.run_config, name, value)
        self.run_config._check_exclusive()
        self.distributed_job_config, self.resume_from = distributed_job_config, resume_from
        self.max_run_duration_seconds = max_run_duration_seconds

    def check(self) -> None:
        """Check that it can be run: the folder and the script are there, and what was changed is right.

        Raises:
            InvalidValueError: there is neither script nor command, or both, or the script is outside of the folder.
            ArtifactNotFoundError: there is no such folder or script; the error names files that come near.
        """
        self.run_config._check()
        folder = self.source_directory
        if not folder.exists():
            raise ArtifactNotFoundError(f"there is no source folder {folder}")
        if not folder.is_dir():
            raise InvalidValueError(
                f"source_directory is a folder, but {folder} is a file; "
                f"give ScriptRunConfig({str(folder.parent)!r}, {folder.name!r})"
            )
        if self.script is not None:
            _check_script(folder, self.script)
        elif self.command is None:
            raise InvalidValueError("there is nothing to run: give a script, such as 'train.py', or a command")

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, ScriptRunConfig) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"ScriptRunConfig({', '.join([repr(str(self.source_directory)), *self.run_config._said()])})"


def _limits_of(limits: Any) -> dict[str, int]:
    known = ("max_files", "max_bytes", "max_file_bytes")
    if limits is None:
        return {}
    if not isinstance(limits, Mapping) or not set(limits) <= set(known):
        raise InvalidValueError(f"snapshot_limits is a mapping of {', '.join(known)} to numbers, not {limits!r:.120}")
    return dict(limits)


def _begun_with(run_config: Any) -> RunConfiguration:
    if run_config is None:
        return RunConfiguration()
    if not isinstance(run_config, RunConfiguration):
        raise InvalidValueError(f"run_config is a RunConfiguration, not {type(run_config).__name__}")
    return run_config._copy()


def _check_script(folder: Path, script: str) -> None:
    path = Path(os.path.normpath(folder / script))
    if not path.is_relative_to(folder):
        raise InvalidValueError(
            f"the script {script!r} is outside of the source folder {folder}; "
            "only what is in the folder is kept and run, so give a folder that holds it"
        )
    if path.is_dir():
        raise InvalidValueError(f"the script {script!r} is a folder in {folder}; name a file")
    if not path.is_file():
        known = sorted(file.relative_to(folder).as_posix() for file in folder.glob("*.py"))
        near = difflib.get_close_matches(script, known) or known[:5]
        raise ArtifactNotFoundError(f"there is no script {script!r} in the source folder {folder}.", tuple(near))
