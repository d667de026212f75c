"""The packages of an environment."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runlogging import RunLoggingError
from runlogging._errors import MissingExtraError
from runlogging.submit import CondaDependencies
from tests.conftest import RunScript

FILE = """\
name: ridge
channels:
  - conda-forge
dependencies:
  - python=3.11
  - conda-forge::numpy>=1.26
  - pip
  - pip:
      - --extra-index-url https://example.org/simple
      - xgboost==2.1
variables:
  OMP_NUM_THREADS: "1"
"""


def made() -> CondaDependencies:
    return CondaDependencies.create(["scikit-learn=1.5", "numpy"], ["xgboost==2.1"], "3.12")


def test_create_takes_both_kinds_of_packages() -> None:
    """By position in Azure's order, and by keyword."""
    packages = made()
    assert packages.conda_packages == ["scikit-learn=1.5", "numpy"]
    assert (packages.pip_packages, packages.pip_options, packages.python_version) == (["xgboost==2.1"], [], "3.12")
    assert packages == CondaDependencies.create(
        conda_packages=("scikit-learn=1.5", "numpy"),
        pip_packages=["xgboost==2.1"],
        python_version="3.12",
        pin_sdk_version=False,
    )
    assert CondaDependencies() == CondaDependencies.create()
    assert CondaDependencies().python_version is None


def test_a_file_is_read_and_written_back(tmp_path: Path) -> None:
    """What a conda file says is what comes out, also what means nothing here."""
    path = tmp_path / "environment.yml"
    path.write_text(FILE, encoding="utf-8")
    packages = CondaDependencies(path)
    assert packages.conda_packages == ["conda-forge::numpy>=1.26", "pip"]
    assert packages.pip_packages == ["xgboost==2.1"]
    assert packages.pip_options == ["--extra-index-url https://example.org/simple"]
    assert (packages.python_version, packages.conda_channels) == ("3.11", ["conda-forge"])
    assert yaml.safe_load(packages.serialize_to_string()) == yaml.safe_load(FILE)
    assert CondaDependencies(conda_dependencies_file_path=packages.save(tmp_path / "new" / "again.yml")) == packages


def test_it_is_saved_where_azure_saves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The path that comes back is relative to the folder, or the default in the working directory."""
    assert made().save_to_file(tmp_path / "a") == "conda_dependencies.yml"
    assert made().save_to_file(tmp_path / "a", conda_file_path="b/c.yml") == "b/c.yml"
    monkeypatch.chdir(tmp_path)
    assert made().save() == "conda_dependencies.yml"
    for name in ("a/conda_dependencies.yml", "a/b/c.yml", "conda_dependencies.yml"):
        assert CondaDependencies(tmp_path / name) == made()


def test_packages_of_pip_come_with_pip() -> None:
    """The tool conda wants pip itself in the list where pip has packages."""
    assert made().as_dict()["dependencies"] == [
        "python=3.12",
        "scikit-learn=1.5",
        "numpy",
        "pip",
        {"pip": ["xgboost==2.1"]},
    ]


@pytest.mark.parametrize(
    ("change", "conda", "pip"),
    [
        (lambda one: one.add_conda_package("pandas"), ["scikit-learn=1.5", "numpy", "pandas"], ["xgboost==2.1"]),
        (lambda one: one.add_conda_package("numpy=2"), ["scikit-learn=1.5", "numpy=2"], ["xgboost==2.1"]),
        (lambda one: one.add_conda_package("conda-forge::NumPy"), ["scikit-learn=1.5", "conda-forge::NumPy"], None),
        (lambda one: one.remove_conda_package("scikit-learn"), ["numpy"], ["xgboost==2.1"]),
        (lambda one: one.remove_conda_package("scikit"), ["scikit-learn=1.5", "numpy"], ["xgboost==2.1"]),
        (lambda one: one.add_pip_package("XGBoost>=3"), None, ["XGBoost>=3"]),
        (lambda one: one.add_pip_package("a_b.c[x]==1"), None, ["xgboost==2.1", "a_b.c[x]==1"]),
        (lambda one: one.add_pip_package("./xgboost"), None, ["xgboost==2.1", "./xgboost"]),
        (lambda one: one.add_pip_package("git+https://x.org/y"), None, ["xgboost==2.1", "git+https://x.org/y"]),
        (lambda one: one.add_pip_package("xgboost @ https://x.org/y.whl"), None, ["xgboost @ https://x.org/y.whl"]),
        (lambda one: one.remove_pip_package("xgboost==9"), None, []),
        (lambda one: one.remove_pip_package("absent"), None, ["xgboost==2.1"]),
        (lambda one: one.set_pip_requirements(["a==1", "a==2"]), None, ["a==1", "a==2"]),
    ],
)
def test_changes(change: Callable[[CondaDependencies], None], conda: list[str] | None, pip: list[str] | None) -> None:
    """A package is known by its name as its tool knows it: a second demand replaces the first."""
    packages = made()
    change(packages)
    assert packages.conda_packages == (conda if conda is not None else made().conda_packages)
    assert packages.pip_packages == (pip if pip is not None else made().pip_packages)


def test_options_and_channels() -> None:
    """They are added once, behind the others, and removed."""
    packages = made()
    for _ in range(2):
        packages.set_pip_option("--no-deps")
        packages.add_channel("conda-forge")
    assert (packages.pip_options, packages.pip_packages) == (["--no-deps"], ["xgboost==2.1"])
    assert packages.conda_channels == ["conda-forge"]
    packages.remove_pip_option("--no-deps")
    packages.remove_channel("conda-forge")
    assert packages == made()
    with pytest.raises(ValueError, match="begins with a hyphen"):
        packages.set_pip_option("numpy")


@pytest.mark.parametrize(
    ("demand", "version"),
    [
        ("python=3.11", "3.11"),
        ("python==3.11.4", "3.11.4"),
        ("python 3.11", "3.11"),
        ("python=3.11=h123_0", "3.11"),
        ("conda-forge::python=3.12", "3.12"),
        ("python>=3.11", ">=3.11"),
        ("python", None),
        ("python-dateutil=2.9", None),
    ],
)
def test_the_version_of_python(demand: str, version: str | None) -> None:
    """It is read from the demand on Python, and setting it replaces the demand."""
    packages = CondaDependencies.create([demand])
    assert packages.python_version == version
    packages.set_python_version("3.13")
    assert packages.python_version == "3.13"
    assert packages.conda_packages == (["python-dateutil=2.9"] if "dateutil" in demand else [])


@pytest.mark.parametrize("version", [3.1, "", "three", "3.12; rm", None])
def test_no_version_of_python(version: object) -> None:
    """3.10 as a number would be 3.1: a version is a text of numbers and dots."""
    with pytest.raises(ValueError, match=r"'3\.12'"):
        CondaDependencies().set_python_version(version)  # type: ignore[arg-type]


@pytest.mark.parametrize("packages", ["numpy", 1, [1], [""], ["a\nb"], [None]])
def test_no_packages(packages: object) -> None:
    """A text instead of a list, and what is no line of text, are refused."""
    with pytest.raises(ValueError, match=r"list of texts|one line of text"):
        CondaDependencies.create(conda_packages=packages)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"list of texts|one line of text"):
        CondaDependencies.create(pip_packages=packages)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"a: [", "no conda file"),
        (b"- a\n- b\n", "holds a list"),
        (b"dependencies: numpy\n", "dependencies is a str"),
        (b"dependencies: [1]\n", "in dependencies, a package"),
        (b"dependencies: [{conda: [a]}]\n", "in dependencies, a package"),
        (b"dependencies: [{pip: [1]}]\n", "in dependencies: pip"),
        (b"channels: {a: 1}\n", "channels is a dict"),
        (b"a: !!python/object/apply:os.getcwd []\n", "no conda file"),
        (b"\xff\xfe", "no conda file"),
    ],
)
def test_no_conda_file(tmp_path: Path, content: bytes, text: str) -> None:
    """The error names the file and what is wrong in it; nothing in it is run."""
    path = tmp_path / "bad.yml"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=text) as caught:
        CondaDependencies(path)
    assert isinstance(caught.value, RunLoggingError)
    assert "bad.yml" in str(caught.value)


def test_a_missing_and_an_empty_file(tmp_path: Path) -> None:
    """No file is an error; an empty one has no packages."""
    with pytest.raises(FileNotFoundError, match=r"absent\.yml"):
        CondaDependencies(tmp_path / "absent.yml")
    (tmp_path / "empty.yml").touch()
    assert CondaDependencies(tmp_path / "empty.yml") == CondaDependencies()


LINES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1)


@given(conda=st.lists(LINES), pip=st.lists(LINES))
def test_any_packages_come_back(conda: list[str], pip: list[str]) -> None:
    """What is written is read back, whatever the texts are."""
    packages = CondaDependencies.create(conda, pip)
    again = CondaDependencies()
    again._take(yaml.safe_load(packages.serialize_to_string()), "text")
    assert again.as_dict() == packages.as_dict()


def test_copies_are_their_own() -> None:
    """A pickle and a deep copy are equal and change alone."""
    packages = made()
    for other in (pickle.loads(pickle.dumps(packages)), copy.deepcopy(packages)):
        assert other == packages
        other.add_conda_package("pandas")
        assert other != packages
    assert packages != "packages"
    assert repr(packages) == (
        "CondaDependencies(conda_packages=['scikit-learn=1.5', 'numpy'], pip_packages=['xgboost==2.1'], "
        "python_version='3.12')"
    )


def test_without_pyyaml_the_error_names_the_extra(run_script: RunScript) -> None:
    """Everything works without PyYAML but its file, and the error says how to get it."""
    done = run_script(
        """
        import sys
        sys.modules["yaml"] = None
        from runlogging.submit import CondaDependencies
        packages = CondaDependencies.create(["numpy"])
        for call in (packages.serialize_to_string, packages.save, lambda: CondaDependencies("a.yml")):
            try:
                call()
            except ImportError as error:
                print(type(error).__name__, error)
        """
    )
    line = "MissingExtraError a conda file needs PyYAML, which is not installed: pip install 'runlogging[conda]'"
    assert done.stdout.splitlines() == [line] * 3


def test_the_error_of_a_missing_package_pickles() -> None:
    """It is ours and an ImportError, and says the same after a pickle."""
    error = MissingExtraError("a conda file", "PyYAML", "conda")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.package, again.extra) == (str(error), "PyYAML", "conda")
    assert isinstance(again, RunLoggingError)
    assert isinstance(again, ImportError)
