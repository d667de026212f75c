"""The packages of an environment, as a conda file lists them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runlogging._errors import ArtifactNotFoundError, InvalidValueError, MissingExtraError

if TYPE_CHECKING:
    from typing import Self

_FILE = "conda_dependencies.yml"
_NAME = re.compile(r"[A-Za-z0-9_][\w.\-]*")
_VERSION = re.compile(r"\d+(\.(\d+|\*))*")
_PINNED = re.compile(r"\s*={0,2}\s*(\d[\w.*]*)(=\S*)?")


class CondaDependencies:
    """The packages of an environment: those of conda, those of pip, and the version of Python.

    Reading and writing its file needs PyYAML (``pip install 'runlogging[conda]'``); nothing else here does.

    Args:
        conda_dependencies_file_path: a conda environment file to begin with; None begins without packages.

    Raises:
        ArtifactNotFoundError: there is no such file (also a FileNotFoundError).
        InvalidValueError: it is no conda environment file.
        MissingExtraError: PyYAML is not installed (also an ImportError).
    """

    def __init__(self, conda_dependencies_file_path: str | os.PathLike[str] | None = None) -> None:
        self._conda: list[str] = []
        self._pip: list[str] = []
        self._channels: list[str] = []
        # What else a file says (name, prefix, variables ...), so that it is written back.
        self._others: dict[str, Any] = {}
        if conda_dependencies_file_path is not None:
            self._take(_loaded(Path(conda_dependencies_file_path)), os.fspath(conda_dependencies_file_path))

    @classmethod
    def create(
        cls,
        conda_packages: Iterable[str] | None = None,
        pip_packages: Iterable[str] | None = None,
        python_version: str | None = None,
        pin_sdk_version: bool = True,
    ) -> Self:
        """Make a list of packages.

        Args:
            conda_packages: such as ``["scikit-learn=1.5", "numpy"]``.
            pip_packages: such as ``["xgboost==2.1"]``.
            python_version: such as "3.12"; None takes that of the program that submits.
            pin_sdk_version: without effect here; taken for Azure's sake. An environment always gets this runlogging.

        Raises:
            InvalidValueError: packages are a text instead of a list, or the version is none.
        """
        made = cls()
        if python_version is not None:
            made.set_python_version(python_version)
        for package in _packages(conda_packages, "conda_packages"):
            made.add_conda_package(package)
        for package in _packages(pip_packages, "pip_packages"):
            made.add_pip_package(package)
        return made

    # ------------------------------------------------------------------ what it holds

    @property
    def conda_packages(self) -> list[str]:
        """The packages of conda, without Python."""
        return [package for package in self._conda if _conda_name(package) != "python"]

    @property
    def pip_packages(self) -> list[str]:
        """The packages of pip, without its options."""
        return [package for package in self._pip if not package.startswith("-")]

    @property
    def pip_options(self) -> list[str]:
        """The options of pip, such as ``--index-url https://...``."""
        return [package for package in self._pip if package.startswith("-")]

    @property
    def conda_channels(self) -> list[str]:
        """The channels of conda, the preferred one first."""
        return list(self._channels)

    @property
    def python_version(self) -> str | None:
        """The version of Python, such as "3.12", or what is demanded of it, such as ">=3.11"; None where it is open."""
        for package in self._conda:
            if _conda_name(package) == "python":
                demand = package.rpartition("::")[2][len("python") :]
                pinned = _PINNED.fullmatch(demand)
                return pinned[1] if pinned else demand.strip() or None
        return None

    # ------------------------------------------------------------------ changing it

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package of conda; another demand on the same package is replaced."""
        package = _checked(conda_package)
        _put(self._conda, package, _conda_name)

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove a package of conda, by its name with or without a version; one that is not there is passed over."""
        _drop(self._conda, _checked(conda_package), _conda_name)

    def add_pip_package(self, pip_package: str) -> None:
        """Add a package of pip, as a line of a requirements file says it; the same package is replaced."""
        _put(self._pip, _checked(pip_package), _pip_name)

    def remove_pip_package(self, pip_package: str) -> None:
        """Remove a package of pip, by its name with or without a version; one that is not there is passed over."""
        _drop(self._pip, _checked(pip_package), _pip_name)

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Replace packages and options of pip by the lines of a requirements file; a package may stand twice."""
        self._pip = [_checked(line) for line in _packages(pip_requirements, "pip_requirements")]

    def set_pip_option(self, pip_option: str) -> None:
        """Add an option of pip, such as ``--extra-index-url https://...``."""
        option = _checked(pip_option)
        if not option.startswith("-"):
            raise InvalidValueError(f"an option of pip begins with a hyphen, not {option!r}; see add_pip_package")
        _put(self._pip, option, _pip_name)

    def remove_pip_option(self, pip_option: str) -> None:
        """Remove an option of pip; one that is not there is passed over."""
        _drop(self._pip, _checked(pip_option), _pip_name)

    def add_channel(self, channel: str) -> None:
        """Add a channel of conda behind the others."""
        _put(self._channels, _checked(channel), str)

    def remove_channel(self, channel: str) -> None:
        """Remove a channel of conda; one that is not there is passed over."""
        _drop(self._channels, _checked(channel), str)

    def set_python_version(self, version: str) -> None:
        """Set the version of Python.

        Raises:
            InvalidValueError: it is no text of numbers and dots (3.10 as a number would be 3.1).
        """
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            raise InvalidValueError(f"a version of Python is a text such as '3.12', not {version!r}")
        _drop(self._conda, "python", _conda_name)
        self._conda.insert(0, f"python={version}")

    # ------------------------------------------------------------------ its file

    def as_dict(self) -> dict[str, Any]:
        """Return the content of the conda file as plain Python."""
        dependencies: list[Any] = list(self._conda)
        if self._pip:
            if not any(_conda_name(package) == "pip" for package in self._conda):
                dependencies.append("pip")  # conda warns where pip's packages stand without it
            dependencies.append({"pip": list(self._pip)})
        channels = {"channels": list(self._channels)} if self._channels else {}
        return {**self._others, **channels, "dependencies": dependencies}

    def serialize_to_string(self) -> str:
        """Return the content of the conda file.

        Raises:
            MissingExtraError: PyYAML is not installed (also an ImportError).
        """
        text: str = _yaml().safe_dump(self.as_dict(), sort_keys=False, allow_unicode=True)
        return text

    def save(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the conda file and return its path; folders above it are made.

        Args:
            path: the file; None takes ``conda_dependencies.yml`` in the working directory.

        Raises:
            MissingExtraError: PyYAML is not installed (also an ImportError).
        """
        text = self.serialize_to_string()
        target = Path(path) if path is not None else Path(_FILE)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return str(target)

    def save_to_file(
        self, base_directory: str | os.PathLike[str], conda_file_path: str | os.PathLike[str] | None = None
    ) -> str:
        """Write the conda file below a folder and return its path relative to that folder.

        Args:
            base_directory: the folder.
            conda_file_path: relative to it; None takes ``conda_dependencies.yml``.

        Raises:
            MissingExtraError: PyYAML is not installed (also an ImportError).
        """
        relative = os.fspath(conda_file_path) if conda_file_path is not None else _FILE
        self.save(Path(base_directory, relative))
        return relative

    def _take(self, document: Any, path: str) -> None:
        if document is None:  # an empty file
            document = {}
        if not isinstance(document, dict):
            raise InvalidValueError(f"{path} is no conda file: it holds a {type(document).__name__}, not a mapping")
        self._others = {key: value for key, value in document.items() if key not in ("channels", "dependencies")}
        self._channels = [_text_in(path, "channels", one) for one in _list_in(path, document, "channels")]
        for one in _list_in(path, document, "dependencies"):
            if isinstance(one, dict) and set(one) == {"pip"}:
                self._pip += [_text_in(path, "dependencies: pip", item) for item in _list_in(path, one, "pip")]
            else:
                self._conda.append(_text_in(path, "dependencies", one))

    def __eq__(self, other: object) -> bool:
        return self.as_dict() == other.as_dict() if isinstance(other, CondaDependencies) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        said = {
            "conda_packages": self.conda_packages,
            "pip_packages": self._pip,
            "python_version": self.python_version,
        }
        return f"CondaDependencies({', '.join(f'{key}={value!r}' for key, value in said.items() if value)})"


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError("a conda file", "PyYAML", "conda") from error
    return yaml


def _loaded(path: Path) -> Any:
    yaml = _yaml()
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidValueError(f"{path} is no conda file: {error}") from error
    except OSError as error:
        raise ArtifactNotFoundError(f"the conda file {path} cannot be read: {error.strerror}") from error


def _list_in(path: str, document: dict[str, Any], key: str) -> list[Any]:
    found = document.get(key)
    if not isinstance(found, list | None):
        raise InvalidValueError(f"{path} is no conda file: {key} is a {type(found).__name__}, not a list")
    return found or []


def _text_in(path: str, key: str, item: object) -> str:
    try:
        return _checked(item)
    except InvalidValueError as error:
        raise InvalidValueError(f"{path} is no conda file: in {key}, {error}") from error


def _packages(packages: object, what: str) -> list[Any]:
    if packages is None:
        return []
    if isinstance(packages, str | bytes) or not isinstance(packages, Iterable):
        raise InvalidValueError(f"{what} is a list of texts, not {type(packages).__name__}: [{packages!r:.80}]")
    return list(packages)


def _checked(package: object) -> str:
    # One line: it becomes a line of a requirements file.
    if not isinstance(package, str) or not package.strip() or not package.isprintable():
        raise InvalidValueError(f"a package is one line of text, not {package!r:.80}")
    return package.strip()


def _conda_name(package: str) -> str:
    found = _NAME.match(package.rpartition("::")[2])
    return found[0].lower() if found else package


def _pip_name(package: str) -> str:
    """Return the name by which pip knows a package (PEP 503); an option, path or address is its own name."""
    found = _NAME.match(package)
    is_named = found is not None and not re.match(r"(\w+\+)?\w+:[/\\]|[\w.\-]*[/\\]", package)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found and is_named else package


def _put(items: list[str], item: str, name: Any) -> None:
    for place, known in enumerate(items):
        if name(known) == name(item):
            items[place] = item
            return
    items.append(item)


def _drop(items: list[str], item: str, name: Any) -> None:
    items[:] = [known for known in items if name(known) != name(item)]
