"""Environments."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest

from runlogging.submit import CondaDependencies, Environment


def test_it_is_changed_as_azures_is() -> None:
    """Sections and variables are attributes that can be set one by one."""
    environment = Environment("sklearn")
    environment.version = "3"
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = "/usr/bin/python3"
    environment.python.conda_dependencies.add_pip_package("numpy")
    environment.docker.enabled = True
    environment.docker.base_image = "docker.io/library/python:3.12-slim"
    environment.docker.arguments = ["--network", "none"]
    environment.environment_variables = {"THREADS": 4}
    environment.environment_variables["PATH_OF_DATA"] = "data"
    assert environment.environment_variables == {"THREADS": "4", "PATH_OF_DATA": "data"}
    assert environment.python.conda_dependencies.pip_packages == ["numpy"]
    assert environment != Environment("sklearn")
    assert pickle.loads(pickle.dumps(environment)) == environment


def test_new_environments_share_nothing() -> None:
    """A change of one is none of the next."""
    first, second = Environment("a"), Environment("a")
    first.python.conda_dependencies.add_conda_package("numpy")
    first.docker.arguments.append("-v")
    first.environment_variables["A"] = "1"
    assert second == Environment("a")
    clone = first.clone("b")
    assert (clone.name, clone.python, clone.docker) == ("b", first.python, first.docker)
    clone.docker.arguments.append("-w")
    assert first.docker.arguments == ["-v"]


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({}, "user-managed"),
        ({"pip": ["numpy"]}, "pip"),
        ({"pip": ["numpy"], "conda": ["pip"]}, "pip"),
        ({"python": "3.12"}, "pip"),
        ({"conda": ["numpy"]}, "conda"),
        ({"conda": ["numpy"], "user": True}, "user-managed"),
        ({"conda": ["numpy"], "user": True, "docker": True}, "container"),
    ],
)
def test_who_manages_it(settings: dict[str, Any], kind: str) -> None:
    """A container goes before the user's interpreter, and that before packages; no packages need no manager."""
    environment = Environment("kinds")
    environment.python.conda_dependencies = CondaDependencies.create(
        settings.get("conda"), settings.get("pip"), settings.get("python")
    )
    environment.python.user_managed_dependencies = settings.get("user", False)
    environment.docker.enabled = settings.get("docker", False)
    assert environment.kind == kind


def test_from_a_conda_file(tmp_path: Path) -> None:
    """The packages are those of the file."""
    path = tmp_path / "conda.yml"
    path.write_text("dependencies: [python=3.12, numpy, {pip: [xgboost]}]\n", encoding="utf-8")
    environment = Environment.from_conda_specification(name="file", file_path=path)
    assert environment.python.conda_dependencies.conda_packages == ["numpy"]
    assert environment == Environment.from_conda_specification("file", str(path))
    with pytest.raises(FileNotFoundError, match="absent"):
        Environment.from_conda_specification("file", tmp_path / "absent.yml")


def test_from_a_requirements_file(tmp_path: Path) -> None:
    """Comments go, lines that go on are joined, files that it names come in, and a package may stand twice."""
    (tmp_path / "more").mkdir()
    (tmp_path / "requirements.txt").write_text(
        "# packages\n\nnumpy>=1.26  # a comment\nxgboost \\\n  ==2.1\n"
        "torch==2.5; sys_platform == 'linux'\ntorch==2.4; sys_platform != 'linux'\n"
        "--index-url https://example.org/simple#sha\n-r more/base.txt\n-c limits.txt\n-r https://example.org/r.txt\n",
        encoding="utf-8",
    )
    (tmp_path / "more" / "base.txt").write_bytes(b"\xef\xbb\xbfpandas\r\n--requirement=last.txt\r\n")
    (tmp_path / "more" / "last.txt").write_text("polars\n-c up.txt", encoding="utf-8")
    packages = Environment.from_pip_requirements("req", tmp_path / "requirements.txt").python.conda_dependencies
    assert packages.pip_packages == [
        "numpy>=1.26",
        "xgboost    ==2.1",
        "torch==2.5; sys_platform == 'linux'",
        "torch==2.4; sys_platform != 'linux'",
        "pandas",
        "polars",
    ]
    assert packages.pip_options == [
        "--index-url https://example.org/simple#sha",
        f"-c {tmp_path / 'more' / 'up.txt'}",
        f"-c {tmp_path / 'limits.txt'}",
        "-r https://example.org/r.txt",
    ]


def test_no_requirements_file(tmp_path: Path) -> None:
    """A missing one, one that names a missing one, one that names itself, and one that is no text are errors."""
    (tmp_path / "a.txt").write_text("-r b.txt", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"b\.txt"):
        Environment.from_pip_requirements("x", tmp_path / "a.txt")
    (tmp_path / "b.txt").write_text("-r a.txt", encoding="utf-8")
    with pytest.raises(ValueError, match="names itself, through 2 files"):
        Environment.from_pip_requirements("x", tmp_path / "a.txt")
    (tmp_path / "b.txt").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="no text in UTF-8"):
        Environment.from_pip_requirements("x", tmp_path / "a.txt")


@pytest.mark.parametrize("name", ["", " ", None, 3])
def test_no_name(name: object) -> None:
    """A name is a text."""
    with pytest.raises(ValueError, match="name is a text"):
        Environment(name)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "variables", ["A=1", ["A"], {"": "x"}, {"A=B": "x"}, {1: "x"}, {"A": None}, {"A": ["x"]}, {"A": "x\0y"}]
)
def test_no_variables(variables: object) -> None:
    """A variable has a name without '=' and a value that becomes text."""
    with pytest.raises(ValueError, match="variable"):
        Environment("x").environment_variables = variables


def test_its_repr_tells_what_was_said_and_no_secret() -> None:
    """Values of variables are left out."""
    assert repr(Environment("plain")) == "Environment('plain')"
    environment = copy.deepcopy(Environment("full"))
    environment.version = "1"
    environment.environment_variables = {"TOKEN": "hunter2"}
    environment.docker.enabled = True
    environment.python.interpreter_path = "python3"
    text = repr(environment)
    assert text.startswith("Environment('full', version='1', python=PythonSection(")
    assert "enabled=True" in text
    assert "'TOKEN': ..." in text
    assert "hunter2" not in text
