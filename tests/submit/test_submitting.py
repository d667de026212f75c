"""Scripts run in processes of their own, from a snapshot, and their runs end right whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runlogging import Experiment, InvalidValueError, Run, RunFailedError, open_run
from runlogging.submit import ScriptRunConfig

from ..conftest import SOURCE

PATIENCE_S = 60
Submit = Callable[..., Run]

TRAIN = """
import logging, os, sys
import helper
logging.basicConfig(level=logging.INFO, format="%(message)s")
for step in range(20):
    logging.info("step %d", step, extra={"metrics": {"mse": 1 / (step + 1), "alpha": step / 20}, "step": step})
os.makedirs("outputs"), os.makedirs("logs")
open("outputs/model.pkl", "w").write(helper.NAME)
open("logs/train.log", "w").write("done")
print(sys.argv[1:], __name__, os.path.basename(sys.path[0]) == os.path.basename(os.getcwd()))
"""
SLEEP = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("pids", os.getpid(), child.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Give a folder of code."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN, encoding="utf-8")
    (folder / "helper.py").write_text("NAME = 'model'\n", encoding="utf-8")
    (folder / "sleep.py").write_text(SLEEP, encoding="utf-8")
    return folder


@pytest.fixture
def submit(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> Submit:
    """Give a function that submits a script of the folder."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))

    def do(script: str | None = "train.py", arguments: Any = None, **more: Any) -> Run:
        tags, limit = more.pop("tags", None), more.pop("max_concurrent", None)
        config = ScriptRunConfig(source, script, arguments, **more)
        return Experiment(tmp_path / "runs", "sub").submit(config, tags=tags, max_concurrent=limit)

    return do


def until(is_so: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """Wait until something holds, and return it."""
    deadline = time.monotonic() + patience_s
    while not (found := is_so()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


def pids_of(run: Run) -> tuple[int, int]:
    """Return the process ids that the sleeping script printed: its own and its child's."""

    def printed() -> list[str]:
        return [entry.message for entry in run.reader.logs() if entry.message.startswith("pids")]

    _, own, child = until(printed)[0].split()
    return int(own), int(child)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def supervisor_of(run: Run) -> int:
    """Return the process id of a run's owner."""
    return int(run.reader.attempts[0].pid or 0)


def test_script_leaves_a_whole_run(submit: Submit) -> None:
    """Metrics, output, files, arguments, snapshot and environment of a script that knows only logging are kept."""
    run = submit(arguments=["--alpha", 0.5], tags={"kind": "test"})
    details = run.wait_for_completion()
    assert (details["status"], run.type, run.tags) == ("Completed", "scriptrun", {"kind": "test"})
    assert run.properties["exit_code"] == "0"
    assert len(run.series("mse")) == len(run.series("alpha")) == 20
    assert run.get_file_names() == ["logs/train.log", "outputs/model.pkl"]
    printed = [entry.message for entry in run.reader.logs() if entry.logger == "stdout"]
    assert printed == ["['--alpha', '0.5'] __main__ True"]
    assert [entry.message for entry in run.reader.logs() if entry.logger == "root"] == [f"step {n}" for n in range(20)]
    assert run.reader.environment["command"] == ["python", "train.py", "--alpha", "0.5"]
    assert len(run.get_snapshot_id()) == 64
    assert list(run.reader.problems) == []
    assert not any((run.path.parent.parent / ".work").iterdir())


def test_output_is_shown_as_it_comes(submit: Submit, capsys: pytest.CaptureFixture[str]) -> None:
    """Waiting with show_output prints the script's own lines, and nothing twice."""
    submit().wait_for_completion(show_output=True)
    shown = capsys.readouterr().out.splitlines()
    assert sorted(shown) == sorted(["[] __main__ True", *(f"step {n}" for n in range(20))])


def test_failed_script_says_why(submit: Submit, source: Path) -> None:
    """The exit code, the error's record and the last lines of the output are kept; waiting raises with them."""
    (source / "bad.py").write_text("print('so far')\nraise ValueError('what went wrong')\n", encoding="utf-8")
    run = submit("bad.py")
    with pytest.raises(RunFailedError, match="what went wrong"):
        run.wait_for_completion()
    assert (run.status, run.properties["exit_code"]) == ("Failed", "1")
    assert any("what went wrong" in entry.message for entry in run.reader.logs("ERROR"))
    (source / "code.py").write_text("import sys; sys.exit(7)", encoding="utf-8")
    run = submit("code.py")
    assert run.wait_for_completion(raise_on_error=False)["error"]["error"]["code"] == "7"


def test_script_may_end_its_run_itself(submit: Submit, source: Path) -> None:
    """`Run.get_context()` is the run; its own part ends with complete, and fail stays whatever the exit code is."""
    text = "from runlogging import Run\nrun = Run.get_context()\nrun.log('x', 1)\nrun.{}\n"
    (source / "own.py").write_text(text.format("complete()"), encoding="utf-8")
    run = submit("own.py")
    run.wait_for_completion()
    assert run.get_metrics() == {"x": 1}
    (source / "own.py").write_text(text.format("fail('no luck')"), encoding="utf-8")
    run = submit("own.py")
    run.wait_for_completion(raise_on_error=False)
    assert (run.status, run.reader.error.message) == ("Failed", "no luck")  # type: ignore[union-attr]


@pytest.mark.parametrize(("verb", "status"), [("cancel", "Canceled"), ("fail", "Failed")])
def test_end_from_outside_stops_everything(submit: Submit, verb: str, status: str) -> None:
    """The script and its children are gone, and the status stays."""
    run = submit("sleep.py")
    own, child = pids_of(run)
    getattr(run, verb)()
    assert run.get_status() == status
    until(lambda: not is_alive(own) and not is_alive(child))
    until(lambda: not is_alive(supervisor_of(run)))
    assert run.get_status() == status


def test_time_limit(submit: Submit) -> None:
    """A script that takes too long is ended and Failed."""
    run = submit("sleep.py", max_run_duration_seconds=1)
    own, child = pids_of(run)
    run.wait_for_completion(raise_on_error=False)
    assert (run.status, run.reader.error.type) == ("Failed", "DurationLimit")  # type: ignore[union-attr]
    assert not is_alive(own)
    until(lambda: not is_alive(child))


def test_death_of_the_script(submit: Submit) -> None:
    """A script that is killed has failed, by the signal's name."""
    run = submit("sleep.py")
    own, child = pids_of(run)
    os.kill(own, signal.SIGKILL)
    run.wait_for_completion(raise_on_error=False, timeout_seconds=PATIENCE_S)
    assert (run.status, run.properties["signal"]) == ("Failed", "SIGKILL")
    os.kill(child, signal.SIGKILL)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux kills a child with its parent")
def test_death_of_the_supervisor(submit: Submit) -> None:
    """The run does not respond any more, and the script is gone."""
    run = submit("sleep.py")
    own, child = pids_of(run)
    os.kill(supervisor_of(run), signal.SIGKILL)
    until(lambda: run.get_status() == "NotResponding", 5)
    until(lambda: not is_alive(own), 5)
    os.kill(child, signal.SIGKILL)


def test_death_of_the_submitter(tmp_path: Path, source: Path) -> None:
    """A run goes on when the process that submitted it is killed, and ends as it should."""
    (source / "slow.py").write_text("import time; time.sleep(1); print('done')", encoding="utf-8")
    program = """
    import os, signal, sys
    from runlogging import Experiment
    from runlogging.submit import ScriptRunConfig
    run = Experiment("runs", "sub").submit(ScriptRunConfig(sys.argv[1], "slow.py"))
    print(run.path, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(source)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == -signal.SIGKILL
    reader = open_run(done.stdout.strip())
    until(lambda: reader.status == "Completed")
    assert [entry.message for entry in reader.logs() if entry.logger == "stdout"] == ["done"]


def test_commands_of_any_kind(submit: Submit) -> None:
    """A list is a program and its arguments, a text is for the shell; variables reach it."""
    run = submit(None, command=["sh", "-c", 'echo "$GREETING" && ls'], environment_variables={"GREETING": "hello"})
    run.wait_for_completion()
    printed = [entry.message for entry in run.reader.logs() if entry.logger == "stdout"]
    assert printed == ["hello", "helper.py", "sleep.py", "train.py"]
    run = submit(None, command='echo \'{"metrics": {"loss": 0.5}, "step": 3}\'; exit 4')
    run.wait_for_completion(raise_on_error=False)
    assert (run.properties["exit_code"], run.get_metrics()) == ("4", {"loss": 0.5})
    run = submit(None, command=["no-such-program"])
    with pytest.raises(RunFailedError, match="no-such-program"):
        run.wait_for_completion()


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ({"script": "nope.py"}, "no script 'nope.py'"),
        ({"script": "train.py", "interpreter": "/no/such/python"}, "/no/such/python"),
    ],
)
def test_what_cannot_be_run_is_failed(submit: Submit, more: dict[str, Any], part: str, tmp_path: Path) -> None:
    """The run ends as Failed and says which and what to do; nothing half made is left."""
    interpreter = more.pop("interpreter", None)
    if interpreter:
        from runlogging.submit import Environment

        more["environment"] = Environment("other")
        more["environment"].python.user_managed_dependencies = True
        more["environment"].python.interpreter_path = interpreter
    run = submit(**more)
    with pytest.raises(RunFailedError, match=part):
        run.wait_for_completion()
    assert run.status == "Failed"
    work = tmp_path / "runs" / ".work"
    until(lambda: not work.exists() or not any(work.iterdir()))


def test_folder_over_the_limits_is_failed(submit: Submit, source: Path) -> None:
    """The message names what is large, and the ignore file that helps."""
    for number in range(2001):
        (source / f"{number}.txt").touch()
    run = submit()
    assert run.get_status() == "Failed"
    assert "amlignore" in run.reader.error.message  # type: ignore[union-attr]
    larger = submit(snapshot_limits={"max_files": 3000})
    larger.wait_for_completion()
    with pytest.raises(InvalidValueError, match="max_files"):
        ScriptRunConfig(source, "train.py", snapshot_limits={"files": 1})


def test_source_that_holds_the_root(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Submitting the working directory again and again keeps one snapshot: the runs in it are left out."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE))
    monkeypatch.chdir(source)
    experiment = Experiment("runs", "sub")
    runs = [experiment.submit(ScriptRunConfig(".", "train.py")) for _ in range(4)]
    for run in runs:
        run.wait_for_completion()
    assert len({run.get_snapshot_id() for run in runs}) == 1
    assert len(list((source / "runs" / ".store").glob("*.zip"))) == 1


def test_more_runs_than_turns_wait(submit: Submit, source: Path) -> None:
    """With one turn a second run is Queued until the first has ended; a queued one can be canceled."""
    (source / "wait.py").write_text("import time\nwhile True: time.sleep(0.1)", encoding="utf-8")
    first = submit("wait.py", max_concurrent=1)
    until(lambda: first.get_status() == "Running")
    second, third = submit(max_concurrent=1), submit(max_concurrent=1)
    until(lambda: (second.get_status(), third.get_status()) == ("Queued", "Queued"))
    third.cancel()
    first.cancel()
    second.wait_for_completion(timeout_seconds=PATIENCE_S)
    until(lambda: not is_alive(supervisor_of(third)))
    assert (first.get_status(), third.get_status()) == ("Canceled", "Canceled")
    assert third.get_metrics() == {}


def test_many_at_once_from_several_processes(tmp_path: Path, source: Path) -> None:
    """No run is lost, and the snapshot is stored once."""
    (source / "quick.py").write_text("print('quick')", encoding="utf-8")
    program = """
    import sys
    from runlogging import Experiment
    from runlogging.submit import ScriptRunConfig
    experiment = Experiment("runs", "sub")
    runs = [experiment.submit(ScriptRunConfig(sys.argv[1], "quick.py")) for _ in range(4)]
    for run in runs:
        run.wait_for_completion()
    """
    command = [sys.executable, "-c", textwrap.dedent(program), str(source)]
    env = {**os.environ, "PYTHONPATH": str(SOURCE)}
    processes = [subprocess.Popen(command, cwd=tmp_path, env=env) for _ in range(4)]
    assert [process.wait(PATIENCE_S) for process in processes] == [0] * 4
    runs = [open_run(path.parent) for path in (tmp_path / "runs").glob("sub/*/run.json")]
    assert [run.status for run in runs] == ["Completed"] * 16
    assert sorted(run.number or 0 for run in runs) == list(range(1, 17))
    assert len(list((tmp_path / "runs" / ".store").glob("*.zip"))) == 1


def test_children_are_submitted_too(submit: Submit, tmp_path: Path, source: Path) -> None:
    """A child has its parent, and the config can be changed and submitted again."""
    config = ScriptRunConfig(source, "train.py")
    with Experiment(tmp_path / "runs", "sub").start_logging() as parent:
        first = parent.submit_child(config)
        config.arguments = ["--second"]
        second = parent.submit_child(config)
        first.wait_for_completion()
        second.wait_for_completion()
    assert [child.id for child in parent.get_children()] == [second.id, first.id]
    assert second.reader.environment["command"][-1] == "--second"


def test_what_is_no_config_is_refused(tmp_path: Path) -> None:
    """Another object is an error at the call, and no run is made."""
    with pytest.raises(InvalidValueError, match="ScriptRunConfig"):
        Experiment(tmp_path / "runs", "sub").submit("train.py")  # type: ignore[arg-type]
    assert not (tmp_path / "runs").exists()
