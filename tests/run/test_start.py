"""How a run starts, joins a named one, or goes on after its end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runlogging import (
    ExistsError,
    Experiment,
    InvalidNameError,
    InvalidValueError,
    RootError,
    Run,
    RunActiveError,
    RunEndedError,
    RunHandler,
    RunLoggingError,
    RunNotFoundError,
    start_run,
)

from ..conftest import SOURCE, RunScript
from ..handlers import DROP_RIGHTS, manifest_of, writers_of

# ---------------------------------------------------------------------- arguments


def test_arguments_are_in_the_manifest(tmp_path: Path) -> None:
    """What was said of the run is there from the start, with numbers and bools as texts in tags and properties."""
    run = start_run(
        *("vision 1", tmp_path / "here", "first", {"seed": 3, "draft": None}),
        description="a try",
        type="train",
        properties={"commit": "abc", "clean": True},
        parameters={"alpha": 0.5, "layers": [64, 64]},
        run_id="r1",
        parent="p1",
        durability="lazy",
        environment=False,
    )
    assert run.path == tmp_path / "here" / "vision 1" / "r1"
    expected = {
        "id": "r1",
        "experiment": "vision 1",
        "name": "first",
        "description": "a try",
        "type": "train",
        "tags": {"seed": "3", "draft": None},
        "properties": {"commit": "abc", "clean": "True"},
        "parent": "p1",
        "parameters": {"alpha": 0.5, "layers": [64, 64]},
        "number": 1,
        "status": "Running",
        "owner": "main",
        "durability": "lazy",
        "attempt": 1,
        "final": False,
    }
    assert manifest_of(run.path).items() >= expected.items()
    run.complete()


BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "experiment": ({"experiment": "a/b"}, InvalidNameError, "a/b"),
    "experiment type": ({"experiment": 3}, InvalidNameError, "int"),
    "run id": ({"run_id": "../x"}, InvalidNameError, "../x"),
    "empty run id": ({"run_id": ""}, InvalidNameError, "run id"),
    "parent": ({"parent": "a b"}, InvalidNameError, "a b"),
    "name": ({"name": 7}, InvalidValueError, "int"),
    "description": ({"description": 7}, InvalidValueError, "int"),
    "type": ({"type": ["a"]}, InvalidValueError, "list"),
    "tags": ({"tags": ["a"]}, InvalidValueError, "list"),
    "tag value": ({"tags": {"a": [1]}}, InvalidValueError, "list"),
    "tag key": ({"tags": {4: "x"}}, InvalidValueError, "4"),
    "property without value": ({"properties": {"a": None}}, InvalidValueError, "'a'"),
    "parameters": ({"parameters": 5}, InvalidValueError, "int"),
    "durability": ({"durability": "safe"}, InvalidValueError, "safe"),
    "resume without id": ({"resume": True}, InvalidValueError, "run_id"),
    "outputs": ({"outputs": 5}, InvalidValueError, "int"),
    "logs": ({"logs": ["logs"]}, InvalidValueError, "list"),
    "limit": ({"max_output_bytes": "many"}, InvalidValueError, "many"),
    "negative limit": ({"max_output_bytes": -1}, InvalidValueError, "-1"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_argument_is_refused_at_once(tmp_path: Path, case: str) -> None:
    """It is our error and a ValueError, and shows the value or its type; nothing is made."""
    given, kind, shown = BAD[case]
    with pytest.raises(kind) as caught:
        start_run(**{"root": tmp_path / "runs", **given})
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, RunLoggingError)
    assert shown in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_unknown_option_of_an_experiment_is_refused(tmp_path: Path) -> None:
    """The error names the options that there are."""
    with pytest.raises(InvalidValueError, match=r"'color'.*tags"):
        Experiment(tmp_path, "a").start_logging(color="red")


@pytest.mark.parametrize("resume", [False, True])
def test_root_that_is_a_file_is_refused(tmp_path: Path, resume: bool) -> None:
    """It is our error and an OSError and names the file, which stays."""
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(RootError, match="file") as caught:
        start_run(root=file, run_id="r1", resume=resume)
    assert isinstance(caught.value, OSError)
    assert str(file) in str(caught.value)
    assert file.read_text() == "mine"


def test_root_that_cannot_be_written_is_refused(run_script: RunScript) -> None:
    """Another user's folder: said at once with its path, and nothing is made; a run there cannot be resumed either."""
    done = run_script(f"""
        import os, pathlib, tempfile
        from runlogging import RootError, start_run
        folder = pathlib.Path(tempfile.mkdtemp())
        start_run(root=folder, run_id="old", environment=False).complete()
        before = sorted(folder.rglob("*"))
        for path in [folder, *(path for path in before if path.is_dir())]:
            path.chmod(0o555)
        {DROP_RIGHTS}
        for options in ({{}}, {{"run_id": "old", "resume": True}}):
            try:
                start_run(root=folder, **options)
            except OSError as error:
                print(isinstance(error, RootError), str(folder) in str(error))
        print(sorted(folder.rglob("*")) == before)
    """)
    assert done.stdout.splitlines() == ["True True", "True True", "True"]


def test_default_root_gives_way_to_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNLOGGING_ROOT replaces "runs" and nothing else; a relative root is kept absolute."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RUNLOGGING_ROOT", str(tmp_path / "shared"))
    with start_run(environment=False) as run, start_run(root="own", environment=False) as own:
        monkeypatch.chdir("/")
        assert run.path.parent == tmp_path / "shared" / "default"
        assert own.path.parent == tmp_path / "own" / "default"
        own.log("a", 1)
    assert own.status == "Completed"


def test_taken_run_id_is_refused(tmp_path: Path) -> None:
    """It is our error and a FileExistsError and says how to go on; the run that is there stays, live or ended."""
    run = start_run(root=tmp_path, run_id="r1", environment=False)
    for _ in range(2):
        before = manifest_of(run.path)
        with pytest.raises(ExistsError, match="resume") as caught:
            start_run(root=tmp_path, run_id="r1", environment=False)
        assert isinstance(caught.value, FileExistsError)
        assert (manifest_of(run.path), writers_of(run.path)) == (before, {"main"})
        if run.status == "Running":
            run.log("a", 1)
            run.complete()


def test_run_of_a_silent_handler_takes_what_start_run_says(tmp_path: Path, logger: logging.Logger) -> None:
    """A handler that was made for the id and has written nothing does not cost the run its tags and number."""
    handler = RunHandler(tmp_path, run_id="r1")
    logger.addHandler(handler)
    run = start_run(root=tmp_path, run_id="r1", tags={"a": "b"}, durability="lazy", environment=False)
    logger.info("from the handler")
    run.log("a", 1)
    manifest = manifest_of(run.path)
    assert (manifest["tags"], manifest["number"], manifest["durability"]) == ({"a": "b"}, 1, "lazy")
    run.complete()
    assert manifest_of(run.path)["counts"] == {"logs": 1, "metrics": 1, "values": 0, "artifacts": 0}
    assert writers_of(run.path) == {"main"}


# ---------------------------------------------------------------------- RUNLOGGING_RUN


def test_named_run_is_made_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RUNLOGGING_RUN wins over all arguments; the folder appears, and this process is its owner."""
    path = tmp_path / "far" / "away" / "exp" / "r9"
    monkeypatch.setenv("RUNLOGGING_RUN", str(path))
    run = start_run("other", tmp_path / "elsewhere", run_id="r1", tags={"a": "b"}, environment=False)
    assert (run.path, run.id, run.experiment.name) == (path, "r9", "exp")
    assert manifest_of(path).items() >= {"tags": {"a": "b"}, "experiment": "exp", "owner": "main"}.items()
    assert not (tmp_path / "elsewhere").exists()
    run.complete()
    assert run.status == "Completed"
    with pytest.raises(RunEndedError, match="r9"):
        start_run(environment=False)


NAMED = """
import logging, sys
from runlogging import start_run
logging.basicConfig(level="INFO", format="%(levelname)s %(name)s %(message)s")
for number in range(3):
    start_run(environment=False, **eval(sys.argv[1])).log("a", number)
"""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{}", 0),
        ("{'experiment': 'exp', 'run_id': 'r9'}", 0),
        ("{'run_id': 'r1'}", 1),
        ("{'experiment': 'other'}", 1),
        ("{'root': 'elsewhere'}", 1),
    ],
)
def test_named_run_that_wins_is_said_once(tmp_path: Path, run_script: RunScript, given: str, says: int) -> None:
    """At INFO, where an argument means another run; the name of the variable and the path are in the sentence."""
    path = tmp_path / "exp" / "r9"
    done = run_script(NAMED, given, RUNLOGGING_RUN=str(path))
    sentences = [text for text in done.stderr.splitlines() if "RUNLOGGING_RUN" in text]
    assert len(sentences) == says
    assert all(text.startswith("INFO runlogging ") and str(path) in text for text in sentences)
    assert sorted(Run(Experiment(tmp_path, "exp"), "r9").series("a").values) == [0, 1, 2]


# ---------------------------------------------------------------------- going on

LIFE = """
import os, signal, sys, time
from runlogging import start_run
attempt, end = int(sys.argv[1]), sys.argv[2]
run = start_run(root="runs", run_id="r1", resume=attempt > 1, environment=False)
for step in range(100):
    run.log("loss", attempt * 1000 + step, step=step)
run.log_row("table", attempt=attempt)
if end == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
if end == "fail":
    run.fail("on purpose")
"""


def test_run_goes_on_after_a_kill_and_after_an_end(tmp_path: Path, run_script: RunScript) -> None:
    """Three attempts: killed, failed, completed. The reader sees one run, all points in order, and no problem."""
    run_script(LIFE, "1", "kill", check=False)
    run = Run(Experiment(tmp_path / "runs", "default"), "r1")
    assert run.status == "NotResponding"
    created = manifest_of(run.path)["created"]
    run_script(LIFE, "2", "fail")
    assert (run.status, manifest_of(run.path)["error"]["message"]) == ("Failed", "on purpose")
    run_script(LIFE, "3", "exit")
    manifest = manifest_of(run.path)
    assert (run.status, manifest["error"], manifest["attempt"], manifest["owner"]) == ("Completed", None, 3, "main-3")
    assert (manifest["created"], manifest["number"]) == (created, 1)
    attempts = run.reader.attempts
    assert [(life.name, life.attempt, life.status) for life in attempts] == [
        ("main", 1, None),
        ("main-2", 2, "Failed"),
        ("main-3", 3, "Completed"),
    ]
    assert run.series("loss").values == [n * 1000 + step for n in (1, 2, 3) for step in range(100)]
    assert run.rows("table") == {"attempt": [1, 2, 3]}
    assert run.reader.problems == []
    assert [one.id for one in Run.list(run.experiment)] == ["r1"]


def test_run_goes_on_in_the_process_that_ended_it(tmp_path: Path) -> None:
    """The resumed run logs on; the object of before stays ended."""
    first = start_run(root=tmp_path, run_id="r1", environment=False)
    first.log("a", 1)
    first.complete()
    second = start_run(root=tmp_path, run_id="r1", resume=True, environment=False)
    with pytest.raises(RunEndedError):
        first.log("a", 5)
    with pytest.raises(RunEndedError):
        first.complete()
    assert second.status == "Running"
    second.log("a", 2)
    second.complete()
    assert second.series("a").values == [1, 2]
    assert manifest_of(second.path)["attempt"] == 2


def test_running_run_is_not_resumed(tmp_path: Path) -> None:
    """Neither from its own process nor from another: our error and a RuntimeError; the run goes on."""
    run = start_run(root=tmp_path, run_id="r1", environment=False)
    with pytest.raises(RunActiveError, match="living process") as caught:
        start_run(root=tmp_path, run_id="r1", resume=True)
    assert isinstance(caught.value, RuntimeError)
    code = "import sys; from runlogging import start_run; start_run(root=sys.argv[1], run_id='r1', resume=True)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=_environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, "RunActiveError" in done.stderr) == (1, True)
    run.log("a", 1)
    run.complete()
    assert writers_of(run.path) == {"main"}
    assert manifest_of(run.path)["attempt"] == 1


def test_unknown_run_is_not_resumed(tmp_path: Path) -> None:
    """The error names ids that come near and is a FileNotFoundError; no folder is made."""
    start_run(root=tmp_path, run_id="train-7", environment=False).complete()
    before = sorted(tmp_path.rglob("*"))
    for experiment, near in (("default", ("train-7",)), ("other", ())):
        with pytest.raises(RunNotFoundError, match="train-8") as caught:
            start_run(experiment, tmp_path, run_id="train-8", resume=True)
        assert isinstance(caught.value, FileNotFoundError)
        assert caught.value.candidates == near
    assert sorted(tmp_path.rglob("*")) == before


def test_stopped_process_still_owns_its_run(tmp_path: Path) -> None:
    """A process that hangs is alive; once it is killed its run can go on."""
    code = "import sys, time; from runlogging import start_run; r = start_run(root=sys.argv[1], run_id='r1');"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{code} r.log('a', 1); print(flush=True); time.sleep(60)", str(tmp_path)],
        env=_environment(),
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(RunActiveError):
            start_run(root=tmp_path, run_id="r1", resume=True)
    finally:
        process.kill()
        process.communicate()
    with start_run(root=tmp_path, run_id="r1", resume=True) as run:
        run.log("a", 2)
    assert run.series("a").values == [1, 2]


# ---------------------------------------------------------------------- environment and numbers


def test_environment_is_kept_without_secrets(tmp_path: Path, run_script: RunScript) -> None:
    """Command, Python and packages are there; a secret in the arguments or in a variable is not."""
    secrets = ("hunter2hunter2", "ghp_0123456789abcdefghijABCDEFGHIJ012345", "swordfish42")
    run_script(
        "from runlogging import start_run\nstart_run(root='runs', run_id='r1').complete()\n",
        *("--lr", "0.1", "--password", secrets[0], f"--token={secrets[1]}"),
        API_KEY=secrets[2],
        OMP_NUM_THREADS="2",
    )
    run = Run(Experiment(tmp_path / "runs", "default"), "r1")
    written = (run.path / "environment.json").read_text()
    environment = run.reader.environment
    assert environment["command"][-4:-2] == ["0.1", "--password"]
    assert environment["python"]["version"] == sys.version.split(maxsplit=1)[0]
    assert "msgspec" in environment["packages"]
    assert environment["variables"]["OMP_NUM_THREADS"] == "2"
    assert all(secret not in path.read_text() for secret in secrets for path in run.path.glob("*.json*"))
    assert "API_KEY" not in written


NUMBERED = """
import sys
from runlogging import start_run
sys.stdin.readline()
for _ in range(5):
    print(start_run("sweep", "runs", environment=False).number)
"""


def test_numbers_count_up(tmp_path: Path) -> None:
    """From 1 in each experiment, without regard to names."""
    for experiment, expected in (("a", 1), ("a", 2), ("a", 3), ("b", 1)):
        with start_run(experiment, tmp_path, environment=False) as run:
            assert run.number == expected


def test_no_number_is_given_twice(tmp_path: Path) -> None:
    """Eight processes start five runs each at once: the numbers are 1 to 40."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", NUMBERED],
            cwd=tmp_path,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    numbers = [int(text) for process in processes for text in process.communicate(timeout=60)[0].split()]
    assert sorted(numbers) == list(range(1, 41))
    assert sorted(run.number or 0 for run in Experiment(tmp_path / "runs", "sweep").get_runs()) == list(range(1, 41))


def test_import_of_the_package_does_not_bring_the_run(run_script: RunScript) -> None:
    """Runs, reading and what they need are imported when they are asked for; a run brings no table library."""
    done = run_script("""
        import sys
        import runlogging
        heavy = ("runlogging.run", "runlogging.reading", "rich", "numpy", "pandas", "click", "asyncio", "subprocess")
        print([name for name in heavy if name in sys.modules])
        with runlogging.start_run(root="runs", environment=False) as run:
            run.log("a", 1)
            run.log_row("b", c=1)
        print([name for name in heavy if name in sys.modules and name != "runlogging.run"])
    """)
    assert done.stdout.splitlines() == ["[]", "[]"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SOURCE)}
