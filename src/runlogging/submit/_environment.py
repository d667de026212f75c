"""In which environment something runs."""

from __future__ import annotations

import copy
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError
from runlogging.submit._conda import CondaDependencies
from runlogging.submit._fields import Checked, variables_of
from runlogging.submit._requirements import requirements_of

if TYPE_CHECKING:
    from typing import Self


@dataclass
class PythonSection:
    """Which Python, with which packages.

    Attributes:
        user_managed_dependencies: whether the packages are the user's affair: an interpreter is taken as it is.
        interpreter_path: that interpreter; None is the one that submits.
        conda_dependencies: the packages, where they are not the user's affair.
    """

    user_managed_dependencies: bool = False
    interpreter_path: str | os.PathLike[str] | None = None
    conda_dependencies: CondaDependencies = field(default_factory=CondaDependencies)


@dataclass
class DockerSection:
    """Whether something runs in a container, and in which.

    Attributes:
        enabled: whether it does.
        base_image: the image, such as "docker.io/library/python:3.12-slim".
        arguments: further arguments for the ``run`` command of the engine, a list of texts.
        shm_size: size of the shared memory as the engine writes it, such as "2g"; None is the engine's default.
    """

    enabled: bool = False
    base_image: str | None = None
    arguments: list[str] = field(default_factory=list)
    shm_size: str | None = None


def _name_of(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise InvalidValueError(f"an environment's name is a text of at least one character, not {name!r:.80}")
    return name


class Environment:
    """An environment: an interpreter or packages, a container or none, and variables.

    Args:
        name: its name, any text.

    Attributes:
        name: its name.
        version: a text, for people; None where it has none.
        python: which Python, with which packages; see `PythonSection`.
        docker: whether it is a container; see `DockerSection`.
        environment_variables: name to text.

    Raises:
        InvalidValueError: the name is no text.
    """

    name: Checked[str] = Checked(_name_of)
    environment_variables: Checked[dict[str, str]] = Checked(variables_of)

    def __init__(self, name: str) -> None:
        self.name = name
        self.version: str | None = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.environment_variables = {}

    @classmethod
    def from_conda_specification(cls, name: str, file_path: str | os.PathLike[str]) -> Self:
        """Make an environment from a conda file.

        Raises:
            ArtifactNotFoundError: there is no such file (also a FileNotFoundError).
            InvalidValueError: it is no conda file.
            MissingExtraError: PyYAML is not installed (also an ImportError).
        """
        made = cls(name)
        made.python.conda_dependencies = CondaDependencies(file_path)
        return made

    @classmethod
    def from_pip_requirements(cls, name: str, file_path: str | os.PathLike[str]) -> Self:
        """Make an environment from a requirements file; the files that it names are read too.

        Raises:
            ArtifactNotFoundError: there is no such file (also a FileNotFoundError).
            InvalidValueError: it is no text, or files name each other in a circle.
        """
        made = cls(name)
        made.python.conda_dependencies.set_pip_requirements(requirements_of(Path(file_path)))
        return made

    @property
    def kind(self) -> str:
        """Who manages it: "container", "user-managed" (an interpreter as it is), "conda" or "pip".

        An environment that names no packages is user-managed, whatever it says: there is nothing to install.
        """
        packages = self.python.conda_dependencies
        if self.docker.enabled:
            return "container"
        if self.python.user_managed_dependencies:
            return "user-managed"
        if set(packages.conda_packages) - {"pip"}:
            return "conda"
        return "pip" if packages.pip_packages or packages.python_version else "user-managed"

    def clone(self, new_name: str) -> Self:
        """Return a copy under another name; a change of one is none of the other."""
        other = copy.deepcopy(self)
        other.name = new_name
        return other

    def __eq__(self, other: object) -> bool:
        return vars(self) == vars(other) if isinstance(other, Environment) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        said = [repr(self.name)]
        if self.version is not None:
            said.append(f"version={self.version!r}")
        if self.python != PythonSection():
            said.append(f"python={self.python!r}")
        if self.docker != DockerSection():
            said.append(f"docker={self.docker!r}")
        if self.environment_variables:
            said.append(f"environment_variables={hidden(self.environment_variables)}")
        return f"Environment({', '.join(said)})"


def hidden(variables: dict[str, str]) -> str:
    """Return variables for a repr: their values may be secrets."""
    return f"{{{', '.join(f'{name!r}: ...' for name in variables)}}}"
