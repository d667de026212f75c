"""Environments of submitted runs: interpreters, virtual environments, conda; built for real."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
import pythonjsonlogger

from runlogging import EnvironmentBuildError, __version__
from runlogging.submit import CondaDependencies, Environment
from runlogging.submit._building import PYTHON_TOKEN, Prepared, prepare
from runlogging.submit._cache import MARKER, built
from runlogging.submit._installers import run_installer
from runlogging.submit._interpreters import fits, fitting, this_interpreter
from runlogging.submit._package import DEPENDENCIES
from runlogging.submit._prepared import python_of
from runlogging.submit._venvs import key_of
from runlogging.submit._wanted import as_pip, wanted_of
from tests.conftest import SOURCE

PATIENCE_S = 60.0
WHERE = [PYTHON_TOKEN, "-c", "import runlogging; print(runlogging.__file__)"]

# A package that builds itself without any other, in the form of PEP 517. It waits while a file says so.
BACKEND = """
import pathlib, time, zipfile
def build_wheel(folder, settings=None, metadata=None):
    hold = pathlib.Path({hold!r})
    if hold.exists():
        hold.with_suffix(".reached").touch()
    while hold.exists():
        time.sleep(0.02)
    name = "tinypackage-1.0-py3-none-any.whl"
    info = "tinypackage-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.write("tinypackage.py")
        wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: tinypackage\\nVersion: 1.0\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: own\\n" + tags)
        wheel.writestr(info + "/RECORD", "")
    return name
"""
PROGRAM = """
import json, os, sys
from pathlib import Path
from runlogging.submit._building import prepare
from tests.submit.test_building import environment_of
root, work, *packages = sys.argv[1:]
said = []
print(os.getpid(), flush=True)
done = prepare(environment_of(*packages), Path(root), Path(root), Path(work), ["{python}"],
    uses_python=True, variables={}, say=said.append)
print(json.dumps({"command": done.command, "said": said}))
"""


def environment_of(*packages: str) -> Environment:
    """Return an environment with packages of pip."""
    environment = Environment("tried")
    environment.python.conda_dependencies.set_pip_requirements(packages)
    return environment


class Place(NamedTuple):
    """A root, a folder of code, and what was said."""

    root: Path
    work: Path
    said: list[str]

    def prepare(
        self, environment: Environment, command: list[str] = WHERE, uses_python: bool = True, **variables: str
    ) -> Prepared:
        return prepare(
            environment,
            self.root,
            self.root / "experiment" / "run",
            self.work,
            command,
            uses_python=uses_python,
            variables=variables,
            say=self.said.append,
        )

    def fail(self, environment: Environment, **more: Any) -> EnvironmentBuildError:
        with pytest.raises(EnvironmentBuildError) as caught:
            self.prepare(environment, **more)
        return caught.value

    def environments(self) -> list[str]:
        folder = self.root / ".envs"
        return sorted(one.name for one in folder.iterdir() if one.name != ".locks") if folder.exists() else []

    def start(self, *packages: str) -> subprocess.Popen[str]:
        """Prepare an environment in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(self.root), str(self.work), *packages],
            env={**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{SOURCE.parent}"},
            stdout=subprocess.PIPE,
            text=True,
        )


def new_place(folder: Path) -> Place:
    work = folder / "work"
    work.mkdir(parents=True)
    return Place(folder / "runs", work, [])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Give a root and a folder of code."""
    return new_place(tmp_path)


def tiny_package(folder: Path, hold: Path) -> Path:
    package = folder / "tiny"
    package.mkdir()
    (package / "tinypackage.py").write_text("answer = 42\n")
    (package / "backend.py").write_text(BACKEND.format(hold=str(hold)))
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "tinypackage"\nversion = "1.0"\n'
    )
    return package


def run(prepared: Prepared) -> str:
    whole = {**os.environ, **prepared.environment}
    done = subprocess.run(prepared.command, env=whole, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


# ---------------------------------------------------------------------- interpreters


def bare_venv(folder: Path, *packages: Any) -> Path:
    """Make a virtual environment without pip that holds modules of this one; return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for package in packages:
        (site / package.__name__).symlink_to(Path(package.__file__).parent)
    return python_of(folder)


def at(interpreter: str | os.PathLike[str]) -> Environment:
    environment = Environment("mine")
    environment.python.user_managed_dependencies = True
    environment.python.interpreter_path = interpreter
    return environment


def test_the_interpreter_that_submits_is_taken_as_it_is(place: Place) -> None:
    """An environment that names nothing is this interpreter; its own programs come first on PATH."""
    prepared = place.prepare(Environment("default"), A="1")
    assert prepared.command == [sys.executable, *WHERE[1:]]
    assert prepared.environment["A"] == "1"
    assert "PYTHONPATH" not in prepared.environment
    assert prepared.note is None
    assert (place.said, place.environments()) == ([], [])
    assert Path(run(prepared)).is_relative_to(SOURCE)
    if sys.prefix != sys.base_prefix:
        assert prepared.environment["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)


def test_variables_of_the_run_win(place: Place) -> None:
    """Those of the environment are given too; a command that names no interpreter stays as it is."""
    environment = Environment("variables")
    environment.environment_variables = {"A": "environment", "B": "environment"}
    prepared = place.prepare(environment, ["/bin/sh", "-c", 'echo "$A $B"'], uses_python=False, A="run")
    assert run(prepared) == "run environment"


def test_another_interpreter_gets_a_copy_of_this_package_alone(place: Place, tmp_path: Path) -> None:
    """An interpreter with the dependencies, but without runlogging, imports the submitter's, and nothing else of it."""
    python = bare_venv(tmp_path / "other", msgspec, pythonjsonlogger)
    prepared = place.prepare(at(python))
    (name,) = place.environments()
    copy = place.root / ".envs" / name
    assert Path(run(prepared)) == copy / "runlogging" / "__init__.py"
    assert {one.name for one in copy.iterdir()} == {"runlogging", f"runlogging-{__version__}.dist-info", MARKER}
    assert prepared.environment["VIRTUAL_ENV"] == str(tmp_path / "other")
    assert run(place.prepare(at(python))) == run(prepared)
    assert place.environments() == [name]


def test_a_runlogging_that_is_there_is_kept(place: Place, tmp_path: Path) -> None:
    """An interpreter that has runlogging imports its own; another version is said."""
    python = bare_venv(tmp_path / "other", msgspec, pythonjsonlogger)
    (site,) = (tmp_path / "other").glob("lib/python*/site-packages")
    shutil.copytree(SOURCE / "runlogging", site / "runlogging", ignore=shutil.ignore_patterns("__pycache__"))
    prepared = place.prepare(at(python))
    assert Path(run(prepared)).is_relative_to(site)
    assert (prepared.note, place.environments()) == (None, [])
    (site / "runlogging" / "_version.py").write_text('__version__ = "0.0.9"\n')
    assert "has runlogging 0.0.9" in (place.prepare(at(python)).note or "")


def test_an_interpreter_without_the_dependencies(place: Place, tmp_path: Path) -> None:
    """What it lacks is named, and the way out; a command needs none of it."""
    python = bare_venv(tmp_path / "other", pythonjsonlogger)
    message = str(place.fail(at(python)))
    assert "it lacks msgspec." in message
    assert "CondaDependencies.create(pip_packages=" in message
    shown = place.prepare(at(python), ["python", "-c", "import sys; print(sys.prefix)"], uses_python=False)
    assert run(shown) == str(tmp_path / "other")


def test_an_interpreter_by_its_name(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without a folder is looked up on PATH."""
    (tmp_path / "mypython").symlink_to(sys.executable)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    prepared = place.prepare(at("mypython"), uses_python=False)
    assert prepared.command[0] == str(tmp_path / "mypython")


def program(folder: Path, text: str, name: str = "python") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{textwrap.dedent(text)}\n")
    path.chmod(0o755)
    return path


OLD = json.dumps({"path": "p", "version": [3, 9, 2], "missing": [], "site": "", "runlogging": None, "identity": []})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exit 3", "it ended with 3"),
        ("echo no such option >&2; exit 2", "it ended with 2: no such option"),
        ("echo hello", "does not answer as Python does: hello"),
        ("echo '[1]'", "does not answer as Python does"),
        (f"echo noise; echo '{OLD}'", "is Python 3.9.2, and runlogging needs 3.11 or later"),
    ],
)
def test_an_interpreter_that_does_not_do(place: Place, tmp_path: Path, text: str, message: str) -> None:
    """A program that is no Python, or too old a one, is named with what it says."""
    path = program(tmp_path, text)
    error = place.fail(at(path))
    assert message in str(error)
    assert str(path) in str(error)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/no/such/python", "there is no such file"),
        ("/etc/passwd", "it is no program"),
        ("/", "it is no program"),
        ("no-such-python-program", "PATH has no such program"),
    ],
)
def test_an_interpreter_that_is_not_there(place: Place, path: str, message: str) -> None:
    """A path or a name without a program behind it is said."""
    assert message in str(place.fail(at(path)))


# ---------------------------------------------------------------------- versions


@pytest.mark.parametrize(
    ("demand", "version", "met"),
    [
        ("3.12", (3, 12, 4), True),
        ("3.12.*", (3, 12, 4), True),
        ("3.12.1", (3, 12, 4), False),
        ("3", (3, 12, 4), True),
        ("3.1", (3, 12, 4), False),
        (">=3.11,<3.13", (3, 12, 4), True),
        (">=3.11,<3.13", (3, 13, 0), False),
        (">3.11", (3, 11, 9), False),
        ("<=3.12", (3, 12, 4), True),
        ("!=3.12", (3, 12, 4), False),
        ("~=3.11", (3, 13, 0), True),
        ("~=3.11.2", (3, 12, 0), False),
        ("3.9|3.12", (3, 12, 4), True),
        ("what", (3, 12, 4), True),
    ],
)
def test_demands_on_the_version(demand: str, version: tuple[int, ...], met: bool) -> None:
    """A version is compared as conda and pip compare it."""
    assert fits(demand, version) is met


def test_another_version_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter of the version on PATH is taken, one that does not work passed over; without one this is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fitting(None) == (this_interpreter(), None)
    found, note = fitting("3.9")
    assert found == this_interpreter()
    assert note is not None
    assert "Python 3.9 was asked for" in note
    minor = 11 if sys.version_info.minor != 11 else 12
    program(tmp_path, "exit 127", f"python3.{minor}")
    assert fitting(f"3.{minor}")[1] is not None
    answer = OLD.replace("[3, 9, 2]", f"[3, {minor}, 2]")
    program(tmp_path, f"echo '{answer}'", f"python3.{minor}")
    found, note = fitting(f"3.{minor}")
    assert (found.version, note) == ((3, minor, 2), None)


# ---------------------------------------------------------------------- what is wanted


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("numpy", "numpy"),
        ("scikit-learn=1.5", "scikit-learn==1.5.*"),
        ("scikit-learn=1.5.*", "scikit-learn==1.5.*"),
        ("scikit-learn==1.5.1", "scikit-learn==1.5.1"),
        ("scikit-learn 1.5.1", "scikit-learn==1.5.1"),
        ("scikit-learn =1.5", "scikit-learn==1.5.*"),
        ("conda-forge::numpy=1.26=py311_0", "numpy==1.26.*"),
        ("numpy==1.26.1=py311_0", "numpy==1.26.1"),
        ("numpy>=1.2,<2", "numpy>=1.2,<2"),
        ("numpy >=1.2", "numpy>=1.2"),
        ("numpy=1.2|1.3", "numpy"),
        ("numpy[version='>=1']", "numpy"),
    ],
)
def test_packages_of_conda_for_pip(conda: str, pip: str) -> None:
    """A demand of conda's is written as pip writes it; what pip cannot say is left out."""
    assert as_pip(conda) == pip


def test_azures_packages_are_dropped(place: Place) -> None:
    """Packages that only Azure needs, and runlogging by its name, are not installed; the note says so."""
    packages = ["azureml-defaults", "azureml_core[notebooks]>=1.2", "six==1.17", "runlogging>=9", "-e ./lib"]
    wanted = wanted_of(environment_of(*packages).python.conda_dependencies, place.work)
    assert wanted.lines == ["./lib", "six==1.17"]
    assert wanted.notes == ["Not installed, as runlogging stands in for them: azureml-defaults, azureml-core."]


def test_packages_of_conda_are_asked_from_pip(place: Place) -> None:
    """Without conda they are lines for pip, and the note warns."""
    packages = CondaDependencies.create(["numpy=1.26", "pip"], ["six"], "3.11")
    wanted = wanted_of(packages, place.work, with_conda_names=True)
    assert wanted.lines == ["six", "numpy==1.26.*"]
    assert "the conda packages (numpy=1.26) were asked from pip under the same names" in wanted.notes[0]


def test_local_files_count_with_their_contents(place: Place, tmp_path: Path) -> None:
    """Folders, archives and constraint files are known by their contents, and become absolute for the installer."""
    (place.work / "lib").mkdir()
    (place.work / "lib" / "a.py").write_text("a")
    (place.work / "a-1.0-py3-none-any.whl").write_text("wheel")
    (place.work / "limits.txt").write_text("six<2")
    (place.work / "more.txt").write_text("six  # a comment\n")
    address = f"b @ file://{place.work}/lib"
    lines = ["./lib[extra]; python_version > '3'", "a-1.0-py3-none-any.whl", "-c limits.txt", "-r more.txt", address]
    packages = environment_of(*lines, "git+https://host/path", "--no-index", "./nothing").python.conda_dependencies
    wanted = wanted_of(packages, place.work)
    work = str(place.work)
    assert sorted(wanted.install) == sorted(
        [
            *("--no-index", f"-c {work}/limits.txt", "six", f"{work}/lib[extra]; python_version > '3'"),
            *(f"{work}/a-1.0-py3-none-any.whl", address, "git+https://host/path", "./nothing"),
        ]
    )
    keys = {key_of("venv", ["x"], wanted)[0]}
    for file in ("lib/a.py", "a-1.0-py3-none-any.whl", "limits.txt", "more.txt"):
        (place.work / file).write_text("rich\n")
        keys.add(key_of("venv", ["x"], wanted_of(packages, place.work))[0])
    assert len(keys) == 5
    shutil.copytree(place.work, tmp_path / "elsewhere")
    there = wanted_of(environment_of(*lines[:4]).python.conda_dependencies, tmp_path / "elsewhere")
    here = wanted_of(environment_of(*lines[:4]).python.conda_dependencies, place.work)
    assert key_of("venv", ["x"], there)[0] == key_of("venv", ["x"], here)[0]


def test_other_environments_have_other_keys(place: Place) -> None:
    """Kind, interpreter, packages and options make a difference; nothing else does."""

    def key(*packages: str, kind: str = "venv", python: str = "x") -> str:
        return key_of(kind, [python], wanted_of(environment_of(*packages).python.conda_dependencies, place.work))[0]

    assert key("six") == key("six")
    others = {key("six"), key("six==1"), key("six", "--pre"), key("six", kind="conda"), key("six", python="y"), key()}
    assert len(others) == 6


def test_passwords_are_not_kept(place: Place) -> None:
    """An index's password makes a difference, and is not among the facts that are written down."""
    keys = set()
    for password in ("first", "second"):
        packages = environment_of(f"--index-url https://me:{password}@host/simple").python.conda_dependencies
        key, facts = key_of("venv", ["x"], wanted_of(packages, place.work))
        keys.add(key)
        assert facts["requirements"] == ["--index-url https://[redacted]@host/simple"]
    assert len(keys) == 2


def test_the_dependencies_are_those_of_the_package() -> None:
    """What an environment gets beside its own packages is what pyproject.toml says."""
    project = tomllib.loads((SOURCE.parent / "pyproject.toml").read_text())
    assert list(DEPENDENCIES) == project["project"]["dependencies"]


# ---------------------------------------------------------------------- the cache, without an installer


def test_a_build_that_fails_leaves_nothing(place: Place) -> None:
    """What a failed build made is removed, and its error goes on; the next build finds the place empty."""

    def build(folder: Path, _lock: int) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise KeyError("broken")

    with pytest.raises(KeyError, match="broken"):
        built(place.root, "key", {}, build, place.said.append)
    assert place.environments() == []
    folder = built(place.root, "key", {}, lambda folder, _lock: folder.mkdir(), place.said.append)
    assert [one.name for one in folder.iterdir()] == [MARKER]


def test_what_was_left_half_made_is_removed(place: Place) -> None:
    """Any build clears away what killed builders left, but not what somebody builds at this moment."""
    built(place.root, "whole", {}, lambda folder, _lock: folder.mkdir(), place.said.append)
    (place.root / ".envs" / "half").mkdir()

    def inner(folder: Path, _lock: int) -> None:
        folder.mkdir()

    def outer(folder: Path, _lock: int) -> None:
        folder.mkdir()
        built(place.root, "inner", {}, inner, place.said.append)

    built(place.root, "outer", {}, outer, place.said.append)
    assert place.environments() == ["inner", "outer", "whole"]


def test_an_installer_ends_when_the_run_does(tmp_path: Path) -> None:
    """Where taking a line raises, the installer and its children are ended."""

    def say(line: str) -> None:
        raise KeyError(line)

    with pytest.raises(KeyError) as caught:
        run_installer(["/bin/sh", "-c", "echo $$; sleep 60 & wait"], tmp_path, say)
    pid = int(caught.value.args[0])
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_an_installer_that_cannot_be_started(tmp_path: Path) -> None:
    """Its exit code and its words are those of a shell."""
    done = run_installer(["/no/such/installer"], tmp_path, lambda _line: None)
    assert done.code == 127
    assert "/no/such/installer" in done.text


def pretend(place: Place, environment: Environment, with_conda_names: bool = False) -> Path:
    """Put an environment into the cache without building it."""
    wanted = wanted_of(environment.python.conda_dependencies, place.work, with_conda_names)
    folder = place.root / ".envs" / key_of("venv", this_interpreter().identity, wanted)[0]
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / MARKER).touch()
    return folder


def test_without_conda_its_packages_come_from_pip(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is a virtual one then, and the note says so, and that the version of Python is another."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    environment = Environment("conda")
    environment.python.conda_dependencies = CondaDependencies.create(["numpy"], ["azureml-defaults"], "3.9")
    folder = pretend(place, environment, with_conda_names=True)
    prepared = place.prepare(environment)
    assert prepared.command[0] == str(folder / "bin" / "python")
    assert prepared.note is not None
    for part in ("Python 3.9 was asked for", "asked from pip under the same names", "azureml-defaults"):
        assert part in prepared.note


def test_the_submitters_packages_do_not_reach_an_environment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PYTHONPATH of the submitter has no effect there; one of the run has."""
    monkeypatch.setenv("PYTHONPATH", "/submitter")
    environment = environment_of("six")
    pretend(place, environment)
    path = [PYTHON_TOKEN, "-c", "import sys; print([one for one in sys.path if one in ('/submitter', '/run')])"]
    assert run(place.prepare(environment, path)) == "[]"
    assert run(place.prepare(environment, path, PYTHONPATH="/run")) == "['/run']"


# ---------------------------------------------------------------------- built for real


class Built(NamedTuple):
    """What two processes made that wanted the same environment at once."""

    place: Place
    package: Path
    answers: list[dict[str, Any]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Give an environment that two processes asked for at the same time."""
    folder = tmp_path_factory.mktemp("built")
    place = new_place(folder)
    package = tiny_package(folder, folder / "hold")
    both = [place.start(str(package), "six") for _ in range(2)]
    outputs = [process.communicate(timeout=PATIENCE_S * 2)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    return Built(place, package, [json.loads(output.splitlines()[-1]) for output in outputs])


def test_two_processes_build_one_environment(made: Built) -> None:
    """One builds it, the other waits for it; both get the same."""
    first, second = made.answers
    assert first["command"] == second["command"]
    builders = [answer for answer in made.answers if any("building the environment" in line for line in answer["said"])]
    assert len(builders) == 1
    assert any("tinypackage" in line for line in builders[0]["said"])
    (name,) = made.place.environments()
    assert not (made.place.root / ".envs" / name / "requirements.txt").exists()


def test_an_environment_holds_what_was_asked_for_and_this_package(made: Built) -> None:
    """It imports its packages and the submitter's runlogging, which its pip knows, and nothing of the submitter's."""
    prepared = made.place.prepare(environment_of(str(made.package), "six"))
    assert made.place.said == []
    assert Path(run(prepared)).is_relative_to(made.place.root / ".envs")
    program = "import tinypackage, six, runlogging.cli, runlogging.submit; print(tinypackage.answer)"
    assert run(made.place.prepare(environment_of(str(made.package), "six"), [PYTHON_TOKEN, "-c", program])) == "42"
    names = made.place.prepare(environment_of(str(made.package), "six"), ["python", "-c", "import pytest"])
    whole = {**os.environ, **names.environment}
    assert subprocess.run(names.command, env=whole, capture_output=True).returncode == 1
    if not shutil.which("uv"):
        check = [PYTHON_TOKEN, "-m", "pip", "check", "--disable-pip-version-check"]
        assert "No broken requirements" in run(made.place.prepare(environment_of(str(made.package), "six"), check))


def test_requirements_that_do_not_resolve(place: Place) -> None:
    """The error names them, holds the installer's own words, which were said too; nothing stays in the cache."""
    error = place.fail(environment_of("no-such-package-runlogging", "--no-index"))
    assert "the environment 'tried' could not be built" in str(error)
    assert "no-such-package-runlogging" in str(error)
    assert "no-such-package-runlogging" in error.details
    assert any("no-such-package-runlogging" in line for line in place.said)
    assert place.environments() == []
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.details) == (str(error), error.details)


def test_a_builder_that_is_killed(place: Place, tmp_path: Path) -> None:
    """Its installer ends with it; what it left is no environment, and the next one who wants it builds it."""
    hold = tmp_path / "hold"
    hold.touch()
    package = str(tiny_package(tmp_path, hold))
    builder = place.start(package)
    until(hold.with_suffix(".reached").exists)
    (name,) = place.environments()
    folder = place.root / ".envs" / name
    builder.send_signal(signal.SIGKILL)
    builder.communicate()
    until(lambda: not processes_of(f"{folder}/requirements.txt"))
    assert not (folder / MARKER).exists()
    (folder / "left").touch()
    hold.unlink()
    prepared = place.prepare(environment_of(package), [PYTHON_TOKEN, "-c", "import tinypackage; print('there')"])
    assert run(prepared) == "there"
    assert place.environments() == [name]
    assert not (folder / "left").exists()


def processes_of(text: str) -> list[int]:
    """Return the processes whose command holds a text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if text.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


# ---------------------------------------------------------------------- conda

# It does what micromamba is asked for: an environment at a place.
CONDA = """
test "$1 $2 $3 $5" = "create --yes --prefix --file" || exit 9
grep -q no-such "$6" && {{ echo "error    libmamba Could not solve for environment specs"; exit 1; }}
echo "Linking packages"
cp "$6" {kept}
exec {python} -m venv --without-pip "$4"
"""


@pytest.fixture
def conda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a micromamba on PATH, the only one; give the place where it keeps the file that it was given."""
    tools = tmp_path / "tools"
    tools.mkdir()
    program(tools, CONDA.format(kept=tmp_path / "kept.yml", python=sys.executable), "micromamba")
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    return tmp_path / "kept.yml"


def test_conda_makes_an_environment(place: Place, conda: Path) -> None:
    """Its file has channels, packages, a Python and what runlogging needs; the environment gets this package."""
    environment = Environment("conda")
    packages = environment.python.conda_dependencies = CondaDependencies.create(
        ["numpy=1.26"], ["six", "azureml-core"], pin_sdk_version=False
    )
    packages.add_channel("conda-forge")
    prepared = place.prepare(environment, [PYTHON_TOKEN, "-c", "import sys; print(sys.prefix)"])
    folder = Path(run(prepared))
    assert folder.parent == place.root / ".envs"
    assert prepared.environment["CONDA_PREFIX"] == str(folder)
    assert prepared.note == "Not installed, as runlogging stands in for them: azureml-core."
    assert "Linking packages" in place.said
    assert len(list(folder.glob("lib/python*/site-packages/runlogging/__init__.py"))) == 1
    assert json.loads(conda.read_text()) == {
        "channels": ["conda-forge"],
        "dependencies": [
            f"python=3.{sys.version_info.minor}",
            "numpy=1.26",
            "pip",
            {"pip": ["six", *DEPENDENCIES]},
        ],
    }
    conda.unlink()
    place.prepare(environment)
    assert not conda.exists()
    packages.add_channel("other")
    place.prepare(environment)
    assert len(place.environments()) == 2


def test_conda_that_fails(place: Place, conda: Path) -> None:
    """The error has its words, and nothing is left."""
    environment = Environment("conda")
    environment.python.conda_dependencies = CondaDependencies.create(["no-such-package"])
    error = place.fail(environment)
    assert "micromamba failed: error    libmamba Could not solve for environment specs" in str(error)
    assert error.details == "error    libmamba Could not solve for environment specs"
    assert place.environments() == []


# ---------------------------------------------------------------------- containers, without an engine


def boxed(image: str | None = "image") -> Environment:
    environment = Environment("box")
    environment.docker.enabled, environment.docker.base_image = True, image
    return environment


def test_a_container_needs_an_image_and_an_engine(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is missing is named, and an engine that does not run is, in its own words."""
    assert "container without an image" in str(place.fail(boxed(None)))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no docker or podman is on PATH" in str(place.fail(boxed()))
    program(tmp_path, "echo Cannot connect to the daemon >&2; exit 1", "docker")
    error = place.fail(boxed())
    assert "no engine runs: docker: Cannot connect to the daemon" in str(error)
    assert error.details == "docker: Cannot connect to the daemon"


DOCKER = """
case "$1 $2" in
    "info --format") echo "[name=seccomp,profile=builtin]" ;;
    "image inspect") test "$3" = image -a -f {folder}/pulled && echo "[]" ;;
    "pull image") echo "Status: Downloaded"; : > {folder}/pulled ;;
    *) echo "Error response from daemon: manifest unknown" >&2; exit 1 ;;
esac
"""


def test_docker_is_asked_as_its_manual_says(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image is fetched once; the run's folder and the code are mounted, and the files are the caller's."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    docker = program(tmp_path, DOCKER.format(folder=tmp_path), "docker")
    environment = boxed()
    environment.docker.arguments, environment.docker.shm_size = ["--gpus", "all"], "2g"
    for _ in range(2):
        prepared = place.prepare(environment, ["train", "--fast"], uses_python=False, A="1 2")
    assert place.said == ["docker fetches the image image", "Status: Downloaded"]
    run_path = place.root / "experiment" / "run"
    assert prepared.command[prepared.command.index("run") - 1 :] == [
        *(str(docker), "run", "--rm", "--init", "--name", "runlogging-run", "--pull", "never"),
        *("--user", f"{os.getuid()}:{os.getgid()}"),
        *(["--security-opt", "label=disable"] if Path("/sys/fs/selinux/enforce").exists() else []),
        *("--volume", f"{run_path}:{run_path}", "--volume", f"{place.work}:{place.work}"),
        *("--workdir", str(place.work)),
        *("--env", "HOME=/tmp", "--env", "A=1 2"),
        *("--env", f"RUNLOGGING_RUN={run_path}", "--env", "PYTHONUNBUFFERED=1"),
        *("--shm-size", "2g", "--gpus", "all", "image", "train", "--fast"),
    ]
    error = place.fail(boxed("nothing"), uses_python=False)
    assert "there is no image 'nothing', or docker cannot fetch it: Error response from daemon" in str(error)
    assert error.details == "Error response from daemon: manifest unknown"
