"""The packages that an environment asks for, as lines of a requirements file: what is dropped, what they stand for."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

from runlogging.submit._conda import CondaDependencies, _conda_name, _pip_name
from runlogging.submit._package import digest_of
from runlogging.submit._requirements import requirements_of

_NESTED = re.compile(r"(?:-r|--requirement)[\s=]*(?P<file>\S.*)")
_CONSTRAINT = re.compile(r"(?P<option>-c|--constraint)[\s=]*(?P<file>\S.*)")
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]*")
# "name @ file:///place", "./place[extra]", "/place/file.whl ; marker"
_PLACE = re.compile(
    r"(?P<name>[\w.\-]+(\[[^\]]*\])?\s*@\s*)?(?P<place>[^;\[]+?)(?P<rest>\s*(\[[^\]]*\])?\s*(;.*|\s--.*)?)"
)
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tar.bz2", ".tar.xz", ".tgz")
_CONDA_SPEC = re.compile(r"(?P<name>[A-Za-z0-9_][\w.\-]*)\s*(?P<demand>[^\s\[].*)?.*")
_FUZZY = re.compile(r"=\s*(\d[\w.]*?)(\.?\*)?(=\S*)?")
_EXACT = re.compile(r"={0,2}\s*(\d[\w.]*)(\.?\*)?([=\s]\S*)?")
_PIP_DEMAND = re.compile(r"(===?|!=|~=|>=|<=|>|<)")


class Wanted(NamedTuple):
    """What is to be installed.

    Attributes:
        lines: as they were given; local files are named as the source folder sees them.
        install: the same for an installer, with absolute paths.
        contents: path in a line to a hash of what is there: other contents are another environment.
        notes: sentences on what was dropped or changed.
    """

    lines: list[str]
    install: list[str]
    contents: dict[str, str]
    notes: list[str]


def wanted_of(packages: CondaDependencies, source: Path, with_conda_names: bool = False) -> Wanted:
    """Return what pip is to install.

    Args:
        packages: what the environment asks for.
        source: the folder that relative paths are relative to.
        with_conda_names: whether the packages of conda are asked from pip, under the same names.

    Raises:
        ArtifactNotFoundError: a requirements file that a line names cannot be read (also a FileNotFoundError).
    """
    given = [*packages.pip_options, *packages.pip_packages]
    notes: list[str] = []
    if with_conda_names:
        names = [package for package in packages.conda_packages if _conda_name(package) != "pip"]
        given += [as_pip(package) for package in names]
        notes.append(
            f"Neither conda nor micromamba is on PATH: the conda packages ({', '.join(names)}) were asked from pip "
            "under the same names, which may be other packages."
        )
    kept, dropped = _sorted_out(_flat(given, source))
    if dropped:
        notes.append(f"Not installed, as runlogging stands in for them: {', '.join(dropped)}.")
    install, contents = [], {}
    for line in kept:
        place = _local(line, source)
        if place is None:
            install.append(line)
            continue
        shown, path = place
        contents[shown] = digest_of(path)
        install.append(line.replace(shown, str(path), 1))
    return Wanted(kept, install, contents, notes)


def as_pip(package: str) -> str:
    """Return a package of conda as a line for pip: "scikit-learn=1.5" is "scikit-learn==1.5.*"."""
    found = _CONDA_SPEC.fullmatch(package.rpartition("::")[2].strip())
    if found is None:
        return package
    name, demand = found["name"], (found["demand"] or "").strip()
    fuzzy, exact = _FUZZY.fullmatch(demand), _EXACT.fullmatch(demand)
    if fuzzy:
        return f"{name}=={fuzzy[1]}.*"
    if exact:
        return f"{name}=={exact[1]}{'.*' if exact[2] else ''}"
    return f"{name}{demand}" if _PIP_DEMAND.match(demand) and "|" not in demand else name


def _flat(lines: list[str], source: Path) -> list[str]:
    """Put the lines of requirements files that lie here in the place of what names them."""
    flat: list[str] = []
    for line in lines:
        nested = _NESTED.fullmatch(line)
        flat += requirements_of(source / nested["file"]) if nested and "://" not in nested["file"] else [line]
    return flat


def _sorted_out(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return the lines to install, and the names of the packages that are not: Azure's own, and this one."""
    kept: list[str] = []
    dropped: list[str] = []
    for line in lines:
        # Not editable: the source folder of a run is gone when the run has ended.
        plain = _EDITABLE.sub("", line, count=1) if _EDITABLE.match(line) else line
        name = _pip_name(plain)
        if name == "runlogging" or name.startswith("azureml-"):
            dropped.append(name)
        else:
            kept.append(plain)
    return kept, [name for name in dropped if name != "runlogging"]


def _local(line: str, source: Path) -> tuple[str, Path] | None:
    """Return what a line names on this machine, as it is written and as an absolute path; None for anything else."""
    constraint = _CONSTRAINT.fullmatch(line)
    found = constraint or (None if line.startswith("-") else _PLACE.fullmatch(line))
    if found is None:
        return None
    shown = found["file" if constraint else "place"].strip()
    if shown.startswith("file://"):
        shown = shown.removeprefix("file://").removeprefix("localhost")
        # The address stays as it is: its path is absolute.
    if "://" in shown or not (constraint or os.sep in shown or shown == "." or shown.endswith(_ARCHIVES)):
        return None
    path = Path(os.path.normpath(source / shown))
    return (shown, path) if path.exists() else None
