"""A disk that fails raises nothing; and waiting for a run of another process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runlogging import Experiment, Run, RunFailedError, RunNotFoundError
from runlogging.folder import STREAMS

from ..conftest import SOURCE, RunScript
from ..handlers import DROP_RIGHTS, life_of, manifest_of

VERBS = """
import io, os, pathlib, shutil, sys, tempfile, time
from runlogging import start_run

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001"
    "e221bc330000000049454e44ae426082"
)
picture = pathlib.Path("picture.png")
picture.write_bytes(PNG)

def use_all_verbs(run, number):
    run.log("a", number)
    run.log("text", "x" * 500)
    run.log_metrics({"b": number, "c": 1.5})
    run.log_list("list", range(100))
    run.log_row("row", n=number)
    run.log_table("table", {"x": [1, 2]})
    run.log_list("large", ["y" * 100] * 20_000)
    run.log_image("image", str(picture))
    run.upload_file(f"files/{number}.bin", io.BytesIO(b"z" * 100_000))
    run.upload_file(f"files/{number}.png", str(picture))
    run.tag("round", str(number))
    run.set_parameters({"round": number})
    run.flush()
"""
USED = 10  # verbs of the above that write a record


def _run(root: Path) -> Run:
    return Run(Experiment(root, "default"), "r1")


def _sentences(stderr: str) -> list[str]:
    lines = stderr.splitlines()
    assert all(line.startswith("runlogging: ") for line in lines), stderr
    return lines


@pytest.mark.parametrize("limit", [0, 20_000])
def test_full_disk_costs_what_does_not_fit(tmp_path: Path, run_script: RunScript, limit: int) -> None:
    """No verb raises; each kind of loss is said once; what was lost is counted, and room is used again."""
    done = run_script(
        VERBS
        + f"""
import resource
run = start_run(root="runs", run_id="r1", environment=False)
use_all_verbs(run, 0)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, resource.RLIM_INFINITY))
for number in range(1, 21):
    use_all_verbs(run, number)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
use_all_verbs(run, 21)
run.complete()
print("alive")
"""
    )
    assert done.stdout == "alive\n"
    run = _run(tmp_path / "runs")
    dropped = manifest_of(run.path)["dropped"]
    assert dropped["reason"] == "EFBIG"
    assert dropped["records"] >= (20 * USED if limit == 0 else 20)
    sentences = _sentences(done.stderr)
    assert sum("are being dropped" in text for text in sentences) == 1
    assert len(sentences) == len(set(sentences)) <= 4
    assert {run.series("a").values[0], run.series("a").values[-1]} == {0, 21}
    assert run.tags == {"round": "21"}
    assert {"files/0.bin", "files/21.bin"} <= set(run.get_file_names())
    assert limit or "files/1.bin" not in run.get_file_names()
    assert manifest_of(run.path).items() >= {"status": "Completed", "final": True}.items()
    # A line that did not fit may have left a part behind, which is no record.
    assert sum(manifest_of(run.path)["counts"].values()) == len(run.reader.records(STREAMS))
    assert not list(run.path.rglob("*.tmp"))


def test_end_that_the_disk_did_not_take_is_written_at_exit(tmp_path: Path, run_script: RunScript) -> None:
    """`complete` raises nothing; with room again the status and the count of what was lost are in the manifest."""
    done = run_script("""
        import resource
        from runlogging import start_run
        run = start_run(root="runs", run_id="r1", environment=False)
        run.log("a", 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        run.log("a", 2)
        run.fail("no room", "E1")
        print(run.status)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    """)
    assert done.stdout.split() != ["Completed"]
    manifest = manifest_of(tmp_path / "runs" / "default" / "r1")
    assert manifest.items() >= {"status": "Failed", "final": True}.items()
    assert (manifest["error"]["message"], manifest["dropped"]["records"]) == ("no room", 1)
    assert manifest["ended"] is not None
    assert len(_sentences(done.stderr)) == 2


def test_end_that_the_disk_did_not_take_can_be_said_again(tmp_path: Path, run_script: RunScript) -> None:
    """A second `complete` is no error while the manifest does not have the first."""
    run_script("""
        import os, resource
        from runlogging import RunEndedError, start_run
        run = start_run(root="runs", run_id="r1", environment=False)
        run.log("a", 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        run.complete()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        run.complete()
        try:
            run.complete()
        except RunEndedError:
            os._exit(0)
        os._exit(1)
    """)
    assert _run(tmp_path / "runs").status == "Completed"


def test_folder_that_may_not_be_written_any_more(run_script: RunScript) -> None:
    """The rights are gone under an open run: what has a file goes on, the rest is counted, and nothing raises."""
    done = run_script(
        VERBS
        + f"""
folder = pathlib.Path(tempfile.mkdtemp())
folder.chmod(0o755)
picture = pathlib.Path(shutil.copy(picture, folder))
with start_run(root=folder, run_id="r0", environment=False) as first:
    use_all_verbs(first, 0)  # imports all that is needed
    first.get_tags(), first.status, first.series("a")
run = start_run(root=folder, run_id="r1", environment=False)
run.log("a", 0)
for path in (*folder.rglob("*"), folder):
    path.chmod(0o755 if path.is_dir() else 0o644)
{DROP_RIGHTS}
for number in range(1, 6):
    use_all_verbs(run, number)
print(run.series("a").values, run.get_tags(), run.status)
run.complete()
print(run.status in ("Completed", "NotResponding"))
"""
    )
    assert done.stdout.splitlines() == ["[0, 1, 2, 3, 4, 5] {} Running", "True"]
    sentences = _sentences(done.stderr)
    assert sum("are being dropped" in text and "Permission" in text for text in sentences) == 1
    assert len(sentences) == len(set(sentences)) <= 4


def test_folder_deleted_under_an_open_run(tmp_path: Path, run_script: RunScript) -> None:
    """Verbs go on in a new folder of the same name, which is a run again with its status."""
    done = run_script(
        VERBS
        + """
run = start_run(root="runs", run_id="r1", environment=False)
run.log("a", 0)
shutil.rmtree("runs")
use_all_verbs(run, 1)
time.sleep(1.05)
use_all_verbs(run, 2)
run.complete()
"""
    )
    run = _run(tmp_path / "runs")
    assert run.status == "Completed"
    assert run.series("a").values[-1] == 2
    assert len(run.values("text")) == 2
    assert run.tags["round"] == "2"
    assert {"files/1.bin", "files/2.bin"} <= set(run.get_file_names())
    assert life_of(run.path)[-1]["status"] == "Completed"
    assert len(_sentences(done.stderr)) <= 2


def test_folder_deleted_before_the_end(tmp_path: Path, run_script: RunScript) -> None:
    """Tag, end and exit raise nothing; the process ends as if all were well."""
    done = run_script("""
        import shutil
        from runlogging import start_run
        for number in range(2):
            run = start_run(root="runs", run_id=f"r{number}", environment=False)
            run.log("a", 0)
            shutil.rmtree("runs")
            run.tag("late")
            if number:
                run.complete()
    """)
    assert done.returncode == 0
    assert len(_sentences(done.stderr)) <= 4
    assert "Traceback" not in done.stderr


def test_manifest_deleted_under_an_open_run(tmp_path: Path, run_script: RunScript) -> None:
    """Only run.json is gone: tags and the end write it anew, with what the run was started with."""
    for body in ("run.tag('late')", "run.complete()", "run.log('a', 2)"):
        done = run_script(f"""
            import shutil
            from runlogging import start_run
            shutil.rmtree("runs", ignore_errors=True)
            run = start_run(root="runs", run_id="r1", tags={{"early": "x"}}, environment=False)
            run.log("a", 1)
            (run.path / "run.json").unlink()
            {body}
        """)
        manifest = manifest_of(tmp_path / "runs" / "default" / "r1")
        assert (manifest["status"], manifest["owner"], manifest["tags"]["early"]) == ("Completed", "main", "x")
        assert ("late" in manifest["tags"]) == ("tag" in body)
        assert done.stderr == ""


@pytest.mark.parametrize("replaced", ["runs", "runs/default/r1"])
def test_folder_replaced_by_a_file(tmp_path: Path, run_script: RunScript, replaced: str) -> None:
    """Nothing can be kept any more: no verb raises, the file stays, and each kind of loss is said once."""
    done = run_script(
        VERBS
        + f"""
run = start_run(root="runs", run_id="r1", environment=False)
run.log("a", 0)
shutil.rmtree("{replaced}")
pathlib.Path("{replaced}").write_text("mine")
for number in range(3):
    use_all_verbs(run, number)
time.sleep(1.05)
use_all_verbs(run, 3)
run.complete()
"""
    )
    assert (tmp_path / replaced).read_text() == "mine"
    sentences = _sentences(done.stderr)
    assert any("are being dropped" in text for text in sentences)
    assert len(sentences) == len(set(sentences)) <= 6


# ---------------------------------------------------------------------- waiting

WRITER = """
import logging, sys, time
from runlogging import RunHandler, start_run
run = start_run(root=sys.argv[1], run_id="r1", environment=False)
logging.getLogger().addHandler(RunHandler(sys.argv[1], run_id="r1"))
logging.warning("begun \\x1b[31m")
print("ready", flush=True)
sys.stdin.readline()
logging.error("last words")
exec(sys.argv[2])
"""
Begin = Callable[[str], subprocess.Popen[str]]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Give a function that starts a process with a run, which ends it in a way that it is told."""
    processes: list[subprocess.Popen[str]] = []

    def start(end: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), end],
            env={**os.environ, "PYTHONPATH": str(SOURCE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_completed_run_is_waited_for(tmp_path: Path, begin: Begin, capsys: pytest.CaptureFixture[str]) -> None:
    """The details come back, and the log is shown as it came, without what would steer the terminal."""
    process = begin("time.sleep(0.2); run.complete()")
    run = _run(tmp_path)
    assert run.status == "Running"
    _go(process)
    details = run.wait_for_completion(show_output=True)
    assert (details["runId"], details["status"]) == ("r1", "Completed")
    assert details["endTimeUtc"] is not None
    shown = capsys.readouterr().out.splitlines()
    assert [line.split(" ", 3)[1:] for line in shown] == [
        ["WARNING", "root", "begun ?[31m"],
        ["ERROR", "root", "last words"],
    ]
    assert run.wait_for_completion() == details
    assert capsys.readouterr().out == ""


FAILING = {
    "fail": ("run.fail('no data', 'E1')", "Failed", "no data"),
    "error": ("raise ValueError('bad wolf')", "Failed", "ValueError: bad wolf"),
    "cancel": ("run.cancel()", "Canceled", "last words"),
    "kill": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "NotResponding", "last words"),
}


@pytest.mark.parametrize("case", FAILING)
def test_run_that_did_not_complete_is_an_error(tmp_path: Path, begin: Begin, case: str) -> None:
    """Our error and a RuntimeError, with the status and what is known of the reason; on request only the details."""
    end, status, words = FAILING[case]
    _go(begin(end))
    run = _run(tmp_path)
    with pytest.raises(RunFailedError, match=status) as caught:
        run.wait_for_completion(timeout_seconds=20)
    assert isinstance(caught.value, RuntimeError)
    assert caught.value.status == status
    assert words in caught.value.error_details
    assert "r1" in str(caught.value)
    assert run.wait_for_completion(raise_on_error=False)["status"] == status


def test_waiting_ends_with_its_time(tmp_path: Path, begin: Begin) -> None:
    """A TimeoutError that says how the run is; it goes on, and a later wait sees its end."""
    process = begin("run.complete()")
    run = _run(tmp_path)
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match="Running"):
        run.wait_for_completion(timeout_seconds=0.3)
    assert 0.25 < time.monotonic() - begun < 3
    _go(process)
    assert run.wait_for_completion(timeout_seconds=20)["status"] == "Completed"


def test_folder_that_goes_while_it_is_waited_for(tmp_path: Path, begin: Begin) -> None:
    """It is our error and a FileNotFoundError, and no endless wait."""
    import shutil

    process = begin("pass")
    run = _run(tmp_path)
    process.kill()
    process.wait(20)
    shutil.rmtree(run.path)
    with pytest.raises(RunNotFoundError):
        run.wait_for_completion(timeout_seconds=5)
