"""What is to be run."""

from __future__ import annotations

import math
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runlogging import InvalidValueError
from runlogging.submit import CondaDependencies, DockerConfiguration, Environment, RunConfiguration, ScriptRunConfig
from tests.conftest import RunScript


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with scripts, and make its parent the working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "code" / "inner").mkdir(parents=True)
    for name in ("code/train.py", "code/score.py", "code/inner/deep.py", "outside.py"):
        (tmp_path / name).touch()
    return tmp_path / "code"


def test_azures_arguments_by_position(source: Path) -> None:
    """All arguments stand in Azure's order, and ours behind them."""
    environment, docker, begin = Environment("e"), DockerConfiguration(use_docker=True), RunConfiguration()
    config = ScriptRunConfig(
        "code", "train.py", ["--a", 1], begin, "cluster", environment, "mpi", "old", 60, None, docker, {"A": "1"}
    )
    assert config.source_directory == source
    assert (config.script, config.arguments, config.command) == ("train.py", ["--a", "1"], None)
    assert config.environment is environment
    assert (config.compute_target, config.distributed_job_config, config.resume_from) == ("cluster", "mpi", "old")
    assert (config.max_run_duration_seconds, config.environment_variables) == (60, {"A": "1"})
    assert config.docker_runtime_config is docker
    config.check()


def test_defaults(source: Path) -> None:
    """Without anything it is the working directory, thirty days, and the interpreter that submits."""
    config = ScriptRunConfig()
    assert config.source_directory == source.parent
    assert config.max_run_duration_seconds == 2_592_000
    assert (config.compute_target, config.environment.kind) == ("local", "user-managed")
    assert (config.arguments, config.environment_variables) == ([], {})
    assert ScriptRunConfig(max_run_duration_seconds=None).max_run_duration_seconds is None


def test_it_and_its_run_config_are_one_thing(source: Path) -> None:
    """What is set on one is read from the other."""
    config, environment = ScriptRunConfig(source, "train.py"), Environment("later")
    config.run_config.environment = environment
    assert config.environment is environment
    config.environment = Environment("last")
    assert config.run_config.environment.name == "last"
    config.run_config.arguments = ["--alpha", 0.5]
    assert config.arguments == ["--alpha", "0.5"]
    config.arguments += ["--verbose"]
    assert config.run_config.arguments == ["--alpha", "0.5", "--verbose"]
    config.run_config.script = Path("score.py")
    assert config.script == "score.py"
    config.run_config.environment_variables = {"N": 3}
    config.run_config.environment_variables["M"] = "4"
    assert config.environment_variables == {"N": "3", "M": "4"}
    config.run_config.target = "cluster"
    assert config.compute_target == "cluster"
    config.script, config.arguments, config.command = None, None, ["python", "-V"]
    assert config.run_config.command == ["python", "-V"]
    config.check()


def test_configs_can_begin_with_one_run_config(source: Path) -> None:
    """Each has a script and lists of its own, and all have the one environment."""
    begin = RunConfiguration(conda_dependencies=CondaDependencies.create(["numpy"]))
    begin.environment_variables = {"A": "1"}
    begin.arguments = ["--first"]
    train = ScriptRunConfig(source, "train.py", run_config=begin)
    score = ScriptRunConfig(source, "score.py", ["--second"], begin)
    assert (train.script, train.arguments) == ("train.py", ["--first"])
    assert (score.script, score.arguments) == ("score.py", ["--second"])
    train.environment_variables["B"] = "2"
    train.arguments.append("--third")
    assert (begin.script, begin.arguments, begin.environment_variables) == (None, ["--first"], {"A": "1"})
    assert score.environment_variables == {"A": "1"}
    begin.environment.python.user_managed_dependencies = True
    assert train.environment is score.environment is begin.environment


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("a b", "a b"),
        ("", ""),
        (Path("data") / "x.csv", "data/x.csv"),
        (3, "3"),
        (0.1, "0.1"),
        (True, "True"),
        (math.inf, "inf"),
        (np.float64(0.1), "0.1"),
        (np.int64(7), "7"),
        (np.float32(0.5), "0.5"),
        (np.array(2), "2"),
    ],
)
def test_items_of_arguments_become_texts(item: object, text: str) -> None:
    """Texts, paths and numbers, also those of NumPy."""
    assert ScriptRunConfig(".", "a.py", [item]).arguments == [text]
    assert ScriptRunConfig(".", command=["echo", item]).command == ["echo", text]
    assert ScriptRunConfig(".", "a.py", environment_variables={"A": item}).environment_variables == {"A": text}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"script": "a.py", "arguments": "--alpha 0.5"}, r"list of texts, not str; .*shlex\.split"),
        ({"script": "a.py", "arguments": {"--alpha": 1}}, "list of texts, not dict"),
        ({"script": "a.py", "arguments": 5}, "list of texts, not int"),
        ({"script": "a.py", "arguments": [None]}, "argument is a text, path or number, not NoneType"),
        ({"script": "a.py", "arguments": [["x"]]}, "not list"),
        ({"script": "a.py", "arguments": [b"x"]}, "not bytes"),
        ({"script": "a.py", "arguments": ["x\0y"]}, "NUL"),
        ({"script": "a.py", "command": "ls"}, "either a command, or a script"),
        ({"arguments": ["x"], "command": ["ls"]}, "either a command, or a script"),
        ({"script": "a.py", "run_config": RunConfiguration(command="ls")}, "either a command, or a script"),
        ({"script": 3}, "script is the path"),
        ({"script": ""}, "script is the path"),
        ({"command": {"a": 1}}, "part of a command"),
        ({"command": ["ls", None]}, "part of a command"),
        ({"environment": "AzureML-sklearn"}, "environment is an Environment, not str"),
        ({"environment_variables": ["A=1"]}, "mapping of name to text"),
        ({"run_config": {}}, "run_config is a RunConfiguration"),
        ({"source_directory": 3}, "source_directory is the path"),
        *(({"max_run_duration_seconds": bad}, "max_run_duration_seconds") for bad in (0, -1, True, "60", math.inf)),
    ],
)
def test_what_is_refused_at_once(given: dict[str, Any], text: str) -> None:
    """The error says what is wrong, and what to give instead."""
    with pytest.raises(InvalidValueError, match=text):
        ScriptRunConfig(**given)


def test_a_run_configuration_checks_too() -> None:
    """Command and script exclude each other there as well."""
    with pytest.raises(ValueError, match="either a command"):
        RunConfiguration("train.py", command="ls")
    with pytest.raises(ValueError, match="list of texts"):
        RunConfiguration().arguments = "--alpha"


@pytest.mark.parametrize("script", ["train.py", "inner/deep.py", "./train.py", "inner/../train.py"])
def test_scripts_that_can_be_run(source: Path, script: str) -> None:
    """A script lies anywhere in the folder; an absolute path into it is fine too."""
    ScriptRunConfig(source, script).check()
    ScriptRunConfig("code", source / script, ["x"]).check()


@pytest.mark.parametrize(
    ("folder", "script", "error", "text"),
    [
        ("code", "trian.py", FileNotFoundError, r"no script 'trian\.py' .*Did you mean train\.py"),
        ("code", "model", FileNotFoundError, r"Did you mean score\.py, train\.py"),
        ("code", "../outside.py", ValueError, "outside of the source folder"),
        ("code", "/etc/passwd", ValueError, "outside of the source folder"),
        ("code", "inner", ValueError, "is a folder"),
        ("cod", "train.py", FileNotFoundError, "no source folder .*cod$"),
        ("code/train.py", None, ValueError, r"give ScriptRunConfig\('.*code', 'train\.py'\)"),
        ("code", None, ValueError, "nothing to run"),
    ],
)
@pytest.mark.usefixtures("source")
def test_what_check_finds(folder: str, script: str | None, error: type[Exception], text: str) -> None:
    """The file system is asked only by ``check``; its errors name what to do."""
    config = ScriptRunConfig(folder, script)
    with pytest.raises(error, match=text):
        config.check()


def test_check_looks_at_what_was_changed(source: Path) -> None:
    """Items that were put into lists and mappings later become texts then, or are refused."""
    config = ScriptRunConfig(source, "train.py")
    config.arguments.append(5)  # type: ignore[arg-type]
    config.environment_variables["A"] = 6  # type: ignore[assignment]
    config.environment.environment_variables["B"] = 7  # type: ignore[assignment]
    config.check()
    assert (config.arguments, config.environment_variables) == (["5"], {"A": "6"})
    assert config.environment.environment_variables == {"B": "7"}
    config.command = "ls"
    with pytest.raises(ValueError, match="either a command"):
        config.check()
    config.command = ""
    config.arguments.append(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="NoneType"):
        config.check()


def test_the_folder_stays_when_the_working_directory_changes(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path is taken from where the program stands when the config is made."""
    config = ScriptRunConfig("code", "train.py")
    monkeypatch.chdir(source / "inner")
    config.check()
    config.source_directory = "."
    assert config.source_directory == source / "inner"


def test_equal_configs_are_equal(source: Path) -> None:
    """Also after a pickle; one that says something else is not."""
    config = ScriptRunConfig(source, "train.py", ["--a"], environment=Environment("e"), environment_variables={"A": 1})
    again = pickle.loads(pickle.dumps(config))
    assert again == config
    assert again.run_config == config.run_config
    again.environment.python.interpreter_path = "python3"
    assert again != config
    assert config != "config"


def test_its_repr_tells_what_was_said_and_no_secret(source: Path) -> None:
    """Values of variables are left out, and what is as by default."""
    config = ScriptRunConfig(source, "train.py", ["--a"], environment_variables={"TOKEN": "hunter2"})
    said = "script='train.py', arguments=['--a'], environment_variables={'TOKEN': ...}"
    assert repr(config) == f"ScriptRunConfig({str(source)!r}, {said})"
    assert repr(config.run_config) == f"RunConfiguration({said})"
    assert repr(RunConfiguration()) == "RunConfiguration()"


def test_importing_it_imports_neither_yaml_nor_numpy(run_script: RunScript) -> None:
    """Configuration costs no further package."""
    done = run_script(
        """
        import sys
        import runlogging.azureml, runlogging.azureml.widgets, runlogging.azureml.runconfig
        print(sorted({"yaml", "numpy", "pandas", "matplotlib", "IPython"} & set(sys.modules)))
        """
    )
    assert done.stdout == "[]\n"
