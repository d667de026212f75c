"""Submitted runs in containers, for real: a root folder that podman runs with runc."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from runlogging import EnvironmentBuildError, Experiment, Run, open_run, start_run
from runlogging.submit import Environment, ScriptRunConfig
from runlogging.submit._building import PYTHON_TOKEN, Prepared, prepare
from runlogging.submit._containers import container_name, stop_container
from tests.integrations.test_containers import _missing, _path

# What this sandbox needs and no user writes; a machine that runs podman by itself takes it as well.
CONFIGURATION = """
[engine]
cgroup_manager = "cgroupfs"
runtime = "runc"
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
"""
BOOTSTRAP = "from runlogging.submit._bootstrap import main; main()"
# This machine's Python, which a container with these folders has too.
SYSTEM = [path for path in ("/usr", "/lib", "/lib64", sys.base_prefix) if Path(path).exists()]
PATIENCE_S = 60.0


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the root folder of a container with a shell, where containers can be run."""
    reason = _missing()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("box")
    for name in ("bin", "proc", "sys", "dev", "tmp", "etc", "run"):
        (folder / name).mkdir()
    busybox = shutil.which("busybox", path=_path())
    assert busybox is not None
    shutil.copy(busybox, folder / "bin" / "busybox")
    for name in ("sh", "cat", "echo", "sleep", "id", "ls", "test", "pwd"):
        (folder / "bin" / name).symlink_to("busybox")
    return folder


@pytest.fixture
def environment(box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """Give an environment that is a container."""
    (tmp_path / "containers.conf").write_text(CONFIGURATION)
    monkeypatch.setenv("CONTAINERS_CONF", str(tmp_path / "containers.conf"))
    monkeypatch.setenv("PATH", _path())
    made = Environment("box")
    made.docker.enabled, made.docker.base_image = True, f"rootfs:{box}"
    return made


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Give a run whose folder a container may write into."""
    with start_run("boxed", tmp_path / "a root" / "runs", environment=False, capture=()) as made:
        pass
    (made.path.parent.parent / ".store").mkdir()
    (made.path.parent.parent / ".work").mkdir()
    return made


def prepared(
    environment: Environment, run: Run, command: list[str], uses_python: bool = False, **variables: str
) -> Prepared:
    root = run.path.parent.parent
    return prepare(
        environment,
        root,
        run.path,
        root / ".work",
        command,
        uses_python=uses_python,
        variables=variables,
        say=lambda _line: None,
    )


def started(ready: Prepared) -> subprocess.CompletedProcess[str]:
    whole = {**os.environ, **ready.environment}
    return subprocess.run(ready.command, env=whole, capture_output=True, text=True, check=False, timeout=PATIENCE_S)


def with_python(environment: Environment, *places: Path) -> Environment:
    """Give the container this machine's Python, and further folders."""
    for path in (*SYSTEM, *places):
        environment.docker.arguments += ["--volume", f"{path}:{path}:ro"]
    environment.python.interpreter_path = getattr(sys, "_base_executable", sys.executable)
    return environment


def test_a_command_in_a_container(environment: Environment, run: Run) -> None:
    """It has the run's folder, its working folder and the variables, no more of the root; its exit code is kept."""
    root = run.path.parent.parent
    text = f"""pwd; echo "$A"; echo "$RUNLOGGING_RUN"; ls -A '{root}'
    echo made > made.txt; echo kept > "$RUNLOGGING_RUN/kept.txt"; echo trouble >&2; exit 5"""
    done = started(prepared(environment, run, ["/bin/sh", "-c", text], A="one two"))
    assert done.returncode == 5
    assert done.stdout.splitlines() == [str(root / ".work"), "one two", str(run.path), ".work", "boxed"]
    assert "trouble" in done.stderr
    for file in (root / ".work" / "made.txt", run.path / "kept.txt"):
        assert file.stat().st_uid == os.getuid()


def test_a_script_in_a_container_logs_into_its_run(environment: Environment, tmp_path: Path) -> None:
    """This package is mounted, and the script's records and metrics are in the run's folder."""
    extra = tmp_path / "extra"
    shutil.copytree(Path(msgspec.__file__).parent, extra / "msgspec")
    with_python(environment, extra)
    with start_run("boxed", tmp_path / "runs", environment=False, capture=()) as run:
        work = run.path.parent.parent / ".work"
        work.mkdir()
        (work / "train.py").write_text(
            "import logging, sys, runlogging\n"
            "logging.basicConfig(level=logging.INFO)\n"
            "logging.info('here', extra={'metrics': {'loss': 0.5}, 'step': 3})\n"
            "print(sys.argv[1], runlogging.__file__)\n"
        )
        command = [PYTHON_TOKEN, "-u", "-c", BOOTSTRAP, "0", "train.py", "first"]
        done = started(prepared(environment, run, command, uses_python=True, PYTHONPATH=str(extra)))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "first /opt/runlogging-packages/runlogging/__init__.py\n"
    series = open_run(run.path).series("loss")
    assert (list(series.values), list(series.steps)) == ([0.5], [3])


def failure(environment: Environment, run: Run, uses_python: bool = True) -> EnvironmentBuildError:
    with pytest.raises(EnvironmentBuildError) as caught:
        prepared(environment, run, [PYTHON_TOKEN, "-c", "pass"], uses_python)
    return caught.value


def test_an_image_without_what_is_needed(environment: Environment, run: Run) -> None:
    """An image without Python, or without msgspec, is named before the script is started, with the way out."""
    error = failure(environment, run)
    assert "has no program 'python3'" in str(error)
    assert "python3" in error.details
    assert "it lacks msgspec. Build an image that holds it (RUN pip install msgspec)" in str(
        failure(with_python(environment), run)
    )


def test_an_image_that_does_not_exist(environment: Environment, run: Run) -> None:
    """The engine's own words are in the error; so they are where its arguments are wrong."""
    environment.docker.base_image = "localhost/no-such-image-of-runlogging:1"
    error = failure(environment, run)
    assert "there is no image 'localhost/no-such-image-of-runlogging:1', or podman cannot fetch it" in str(error)
    assert "no-such-image-of-runlogging" in error.details
    environment.docker.base_image = "rootfs:/no/such/folder"
    assert "there is no folder /no/such/folder" in str(failure(environment, run))


def test_arguments_that_the_engine_refuses(environment: Environment, run: Run) -> None:
    """They are named as such."""
    environment.docker.arguments = ["--no-such-option"]
    assert "podman cannot run the image" in str(failure(environment, run))


def test_a_container_is_stopped_by_its_name(environment: Environment, run: Run) -> None:
    """The container of a run ends when it is asked to, and is gone then; a name that no engine knows is said."""
    ready = prepared(environment, run, ["/bin/sh", "-c", "trap 'exit 3' TERM; : > up; while :; do sleep 0.1; done"])
    process = subprocess.Popen(ready.command)
    until((run.path.parent.parent / ".work" / "up").exists)
    assert container_name(run.path) in names()
    assert stop_container(container_name(run.path))
    assert process.wait(PATIENCE_S) == 3
    assert not stop_container(container_name(run.path))


def test_a_container_does_not_outlive_its_client(environment: Environment, run: Run) -> None:
    """Where the client is killed, as it is when its supervisor dies, the container is removed soon after."""
    ready = prepared(environment, run, ["/bin/sh", "-c", ": > up; sleep 600"])
    process = subprocess.Popen(ready.command)
    up = run.path.parent.parent / ".work" / "up"
    until(up.exists)
    process.kill()
    process.wait()
    until(lambda: container_name(run.path) not in names())


def names() -> list[str]:
    listed = ["podman", "ps", "--all", "--format", "{{.Names}}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def submitted(environment: Environment, tmp_path: Path, **more: object) -> Run:
    """Submit a command or script in a container."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(
        "import logging\nfrom runlogging import Run\n"
        "logging.basicConfig(level='INFO')\nlogging.info('inside')\nRun.get_context().log('loss', 0.25)\n",
        encoding="utf-8",
    )
    config = ScriptRunConfig(source, environment=environment, **more)  # type: ignore[arg-type]
    return Experiment(tmp_path / "a root" / "runs", "boxed").submit(config)


def test_a_submitted_command_runs_in_a_container(environment: Environment, tmp_path: Path) -> None:
    """Its output, metrics, ./outputs and exit code are kept, and the files belong to the caller."""
    text = """echo hello; echo '{"metrics": {"loss": 0.5}, "step": 3}'; echo kept > outputs.txt; ls; exit 4"""
    run = submitted(environment, tmp_path, command=["/bin/sh", "-c", text])
    run.wait_for_completion(raise_on_error=False, timeout_seconds=PATIENCE_S)
    assert (run.status, run.properties["exit_code"]) == ("Failed", "4")
    assert run.get_metrics() == {"loss": 0.5}
    printed = [entry.message for entry in run.reader.logs() if entry.logger == "stdout"]
    assert printed[0] == "hello"
    assert "train.py" in printed


def test_a_submitted_script_runs_in_a_container(environment: Environment, tmp_path: Path) -> None:
    """A Python script there finds its run and is captured."""
    extra = tmp_path / "extra"
    shutil.copytree(Path(msgspec.__file__).parent, extra / "msgspec")
    variables = {"PYTHONPATH": str(extra)}
    box = with_python(environment, extra)
    run = submitted(box, tmp_path, script="train.py", environment_variables=variables)
    run.wait_for_completion(raise_on_error=False, timeout_seconds=PATIENCE_S)
    assert run.get_metrics() == {"loss": 0.25}, [entry.message for entry in run.reader.logs()]
    assert "inside" in [entry.message for entry in run.reader.logs() if entry.logger == "root"]


def test_a_submitted_container_is_canceled(environment: Environment, tmp_path: Path) -> None:
    """The container is gone soon after."""
    run = submitted(environment, tmp_path, command=["/bin/sh", "-c", "echo up; sleep 600"])
    until = time.monotonic() + PATIENCE_S
    while not any(entry.message == "up" for entry in run.reader.logs()):
        assert time.monotonic() < until
        time.sleep(0.1)
    run.cancel()
    while run.reader.writers[0].ended is None:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert run.status == "Canceled"
    assert not stop_container(container_name(run.path))
