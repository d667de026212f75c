"""Verifying names what is lost or was changed in a run, and nothing that is damaged makes it raise."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runlogging import start_run
from runlogging._errors import RootError, RunLoggingError, RunNotFoundError
from runlogging.cli._output import Output
from runlogging.cli._verify import verify_runs
from runlogging.folder import Line, now_text
from runlogging.keeping._archive import archive
from runlogging.keeping.checking._verify import Finding, verify, verify_root
from runlogging.reading import open_run
from runlogging.reading._gaps import Numbers
from tests.reading.tools import HOLD, living, manifest_only, value_line, written


def full_run(root: Path, **options: Any) -> Path:
    """Return a run with something of everything."""
    with start_run("test", root, **options) as run:
        for step in range(30):
            run.log("loss", 1 / (step + 1), step=step)
        run.log("odd", float("nan"))
        run.log("long", 10**40)
        run.log_list("many", list(range(100_001)))
        run.log_table("table", {"a": [1, 10**30], "b": [0.5, float("inf")]})
        run.upload_file("outputs/here.py", __file__)
    return Path(run.path)


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a sound run to copy, with a snapshot of code."""
    code = tmp_path_factory.mktemp("code")
    (code / "train.py").write_text("print('training')")
    (code / "run.sh").write_text("true")
    (code / "run.sh").chmod(0o755)
    return full_run(tmp_path_factory.mktemp("pattern"), snapshot=code)


@pytest.fixture
def run(tmp_path: Path, pattern: Path) -> Path:
    """Give a copy of the sound run, in a root."""
    return Path(shutil.copytree(pattern, tmp_path / "runs" / "test" / pattern.name))


def brief(findings: list[Finding]) -> set[tuple[str, str, str]]:
    """Return severity, kind and file of findings."""
    return {finding[:3] for finding in findings}


def change(path: Path, old: bytes, new: bytes) -> None:
    """Replace what stands once in a file."""
    data = path.read_bytes()
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))


def append(path: Path, data: bytes) -> None:
    """Append bytes to a file."""
    with path.open("ab") as file:
        file.write(data)


def test_sound_run(run: Path) -> None:
    """A run that is as it was written has no findings, as a folder and as a zip."""
    report = verify(run)
    assert (report.path, report.findings, report.is_sound) == (run, [], True)
    archive(run, run.parent.parent / "out.zip")
    assert verify(run.parent.parent / "out.zip").findings == []


def last_line(path: Path) -> bytes:
    """Return the last line of a file."""
    return path.read_bytes().splitlines(keepends=True)[-1]


def cut_line(path: Path) -> None:
    """Take the last line of a file away."""
    os.truncate(path, path.stat().st_size - len(last_line(path)))


def as_folder(path: Path) -> None:
    """Put a folder where a file was."""
    path.unlink()
    path.mkdir()


def as_loop(path: Path) -> None:
    """Put a link that leads to itself where a file was."""
    path.unlink()
    path.symlink_to(path.name)


def as_pipe(path: Path) -> None:
    """Put a pipe where a file was."""
    path.unlink()
    os.mkfifo(path)


def without_lock_files(run: Path) -> Path:
    """Take the lock files away, as some copies do."""
    shutil.rmtree(run / ".writers")
    return run


def run_as_loop(run: Path) -> None:
    """Put a link that leads to itself where a run was."""
    shutil.rmtree(run)
    run.symlink_to(run.name)


HERE = "artifacts/outputs/here.py"
DAMAGES: dict[str, tuple[Callable[[Path], object], set[tuple[str, str, str]]]] = {
    "line without its end": (
        lambda run: append(run / "metrics.jsonl", b'{"seq":'),
        {("damage", "torn", "metrics.jsonl")},
    ),
    "line that is none": (
        lambda run: change(run / "metrics.jsonl", b'"step":7', b'"step":"'),
        {("damage", "bad", "metrics.jsonl"), ("damage", "gap", "logs.jsonl")},
    ),
    "line twice": (
        lambda run: append(run / "metrics.jsonl", last_line(run / "metrics.jsonl")),
        {("damage", "repeated", "logs.jsonl"), ("note", "count", "metrics.jsonl"), ("note", "stale", "summary.json")},
    ),
    "lines cut off": (
        lambda run: cut_line(run / "artifacts.jsonl"),
        {("damage", "count", "artifacts.jsonl"), ("note", "unnamed", HERE)},
    ),
    "stream gone": (
        lambda run: (run / "metrics.jsonl").unlink(),
        {
            ("damage", "gap", "logs.jsonl"),
            ("damage", "count", "metrics.jsonl"),
            ("note", "stale", "summary.json"),
        },
    ),
    "number that cannot be read": (
        lambda run: change(run / "metrics.jsonl", b'"odd":"NaN"', b'"odd":"N-N"'),
        {("damage", "bad", "metrics.jsonl")},
    ),
    "pointer that leads nowhere": (
        lambda run: change(run / "values.jsonl", b'"/b/1"', b'"/c/1"'),
        {("damage", "bad", "values.jsonl")},
    ),
    "other metric": (
        lambda run: change(run / "metrics.jsonl", b"0.5}", b"1.5}"),
        {("note", "stale", "summary.json")},
    ),
    "artifact changed": (
        lambda run: (run / HERE).write_bytes((run / HERE).read_bytes().swapcase()),
        {("damage", "changed", HERE)},
    ),
    "artifact cut": (lambda run: os.truncate(run / HERE, 10), {("damage", "changed", HERE)}),
    "artifact gone": (lambda run: (run / HERE).unlink(), {("damage", "missing", HERE)}),
    "artifact a folder": (lambda run: as_folder(run / HERE), {("damage", "unreadable", HERE)}),
    "artifact a loop": (lambda run: as_loop(run / HERE), {("damage", "unreadable", HERE)}),
    "strange file": (
        lambda run: (run / "artifacts/strange").write_text("x"),
        {("note", "unnamed", "artifacts/strange")},
    ),
    "value's file gone": (
        lambda run: (run / "artifacts/values/many-main-1.json").unlink(),
        {("damage", "missing", "artifacts/values/many-main-1.json")},
    ),
    "manifest gone": (lambda run: (run / "run.json").unlink(), {("damage", "missing", "run.json")}),
    "manifest broken": (lambda run: (run / "run.json").write_text("{"), {("damage", "unreadable", "run.json")}),
    "manifest of a newer version": (
        lambda run: change(run / "run.json", b'"format": 1', b'"format": 99'),
        {("damage", "unreadable", "run.json")},
    ),
    "manifest a folder": (lambda run: as_folder(run / "run.json"), {("damage", "unreadable", "run.json")}),
    "manifest a loop": (lambda run: as_loop(run / "run.json"), {("damage", "unreadable", "run.json")}),
    "manifest a pipe": (
        lambda run: as_pipe(run / "run.json"),
        {("damage", "unreadable", "run.json")},
    ),
    "stream a folder": (
        lambda run: as_folder(run / "values.jsonl"),
        {
            ("damage", "unreadable", "values.jsonl"),
            ("damage", "gap", "logs.jsonl"),
            ("damage", "count", "values.jsonl"),
        },
    ),
    "stream a pipe": (
        lambda run: as_pipe(run / "values.jsonl"),
        {
            ("damage", "unreadable", "values.jsonl"),
            ("damage", "gap", "logs.jsonl"),
            ("damage", "count", "values.jsonl"),
        },
    ),
    "life cut": (
        lambda run: os.truncate(run / ".writers/main.lock", (run / ".writers/main.lock").stat().st_size - 5),
        {("damage", "torn", ".writers/main.lock")},
    ),
    "life broken": (
        lambda run: change(run / ".writers/main.lock", b'{"writer"', b'["writer"'),
        {("damage", "bad", ".writers/main.lock")},
    ),
    "writers a file": (
        lambda run: (without_lock_files(run) / ".writers").write_text("x"),
        {("damage", "unreadable", ".writers")},
    ),
    "no lock files": (without_lock_files, set()),
    "no lock files, and lines cut off": (
        lambda run: cut_line(without_lock_files(run) / "metrics.jsonl"),
        {("damage", "count", "metrics.jsonl")},
    ),
    "summary broken": (lambda run: (run / "summary.json").write_text("{"), {("note", "stale", "summary.json")}),
    "summary of other counts": (
        lambda run: change(run / "summary.json", b'"values":2', b'"values":9'),
        {("note", "stale", "summary.json")},
    ),
    "environment broken": (
        lambda run: (run / "environment.json").write_text("[]"),
        {("damage", "bad", "environment.json")},
    ),
    "snapshot gone": (lambda run: (run / "snapshot.zip").unlink(), {("damage", "missing", "snapshot.zip")}),
    "snapshot cut": (
        lambda run: (run / "snapshot.zip").write_bytes((run / "snapshot.zip").read_bytes()[:-30]),
        {("damage", "unreadable", "snapshot.zip")},
    ),
    "other snapshot": (
        lambda run: change(run / "run.json", b'"snapshot.id": "', b'"snapshot.id": "0'),
        {("damage", "changed", "snapshot.zip")},
    ),
    "leftover": (lambda run: (run / ".run.json.1.2.tmp").write_text("{"), {("note", "leftover", ".run.json.1.2.tmp")}),
    "link": (lambda run: (run / "link").symlink_to(run), {("note", "link", "link")}),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_named(run: Path, name: str) -> None:
    """Each damage is found under the file that has it, and nothing else is."""
    damage, expected = DAMAGES[name]
    damage(run)
    report = verify(run)
    assert brief(report.findings) == expected
    assert report.is_sound == (not any(severity == "damage" for severity, _, _ in expected))
    assert [finding.severity for finding in report.findings] == sorted(finding.severity for finding in report.findings)


def test_place_of_a_bad_line(run: Path) -> None:
    """A bad line is named with the byte at which it begins."""
    data = (run / "metrics.jsonl").read_bytes()
    second = data.index(b"\n") + 1
    (run / "metrics.jsonl").write_bytes(data[:second] + b"x" + data[second + 1 :])
    (bad,) = [finding for finding in verify(run).findings if finding.kind == "bad"]
    assert (bad.file, bad.offset) == ("metrics.jsonl", second)


def test_copied_run(run: Path) -> None:
    """A run under another name is sound, with a note for each name."""
    moved = run.rename(run.parent.parent / "other")
    report = verify(moved)
    assert brief(report.findings) == {("note", "copied", "run.json")}
    assert [finding.text for finding in report.notes] == [
        f"it says the id {run.name!r}, and the folder is called 'other'",
        "it says the experiment 'test', and the folder is called 'runs'",
    ]


def test_many_bad_lines(run: Path) -> None:
    """Of very many bad lines the first are told, and how many more there are."""
    append(run / "metrics.jsonl", b"x\n" * 10_000)
    bad = [finding for finding in verify(run).findings if finding.kind == "bad"]
    assert len(bad) == 51
    assert bad[-1].text == "9,950 more of this kind"


def test_missing_file_of_a_value(tmp_path: Path) -> None:
    """A value that names a file of which there is no line and no file is damage; one that was replaced is a note."""
    gone = {"name": "gone", "type": "list", "artifact": "values/gone.json", "sha256": "00", "size": 1}
    report = verify(written(tmp_path, value_line(gone)))
    assert brief(report.findings) == {("damage", "missing", "values.jsonl")}
    with start_run("test", tmp_path / "runs") as run:
        run.log_list("many", list(range(100_001)))
        (name,) = open_run(run.path).artifacts()
        run.upload_file(name, __file__, overwrite=True)
    assert brief(verify(run.path).findings) == {("note", "replaced", "values.jsonl")}


def test_killed_run(tmp_path: Path) -> None:
    """A run whose process was killed is sound; what it had not finished is a note."""
    with living(HOLD, str(tmp_path)) as process:
        run = tmp_path / "test" / "r1"
        assert verify(run).findings == []
        append(run / "logs.jsonl", b'{"seq":')
        assert verify(run).findings == []
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    assert brief(verify(run).findings) == {("note", "torn", "logs.jsonl")}


def test_dropped_records_are_no_loss(tmp_path: Path) -> None:
    """Numbers that are missing because records were dropped are explained by the writer's end."""
    run = written(tmp_path, *(Line(time=now_text(), message=str(number)) for number in range(5)))
    cut_line(run / "logs.jsonl")
    assert brief(verify(run).findings) == {("damage", "count", "logs.jsonl")}
    lines = (run / ".writers/main.lock").read_bytes().splitlines()
    end = json.loads(lines[-1])
    end["counts"]["logs"] = 4
    (run / ".writers/main.lock").write_bytes(lines[0] + b"\n" + json.dumps(end).encode() + b"\n")
    assert brief(verify(run).damages) == set()


def test_what_is_no_run(tmp_path: Path) -> None:
    """What does not look like a run is an error, not a damaged run."""
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(RunNotFoundError):
            verify(path)
    with pytest.raises(RunNotFoundError, match="no folder"):
        verify_root(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(RootError, match="neither a folder of runs nor a zip"):
        verify_root(tmp_path / "file")
    assert list(verify_root(tmp_path)) == []


def spoil(run: Path, numbers: random.Random) -> None:
    """Damage a run by chance in a way that is always to be seen."""
    ways: list[Callable[[], object]] = [
        lambda: os.truncate(run / "metrics.jsonl", numbers.randrange(1, 1000)),
        lambda: (run / "logs.jsonl").write_bytes(numbers.randbytes(3000)),
        lambda: (run / "run.json").write_bytes(numbers.randbytes(100)),
        lambda: change(run / "run.json", b'"format": 1', b'"format": 7'),
        lambda: as_folder(run / "metrics.jsonl"),
        lambda: as_folder(run / "run.json"),
        lambda: as_loop(run / "run.json"),
        lambda: run_as_loop(run),
        lambda: (run / "run.json").unlink(),
    ]
    numbers.choice(ways)()


@pytest.mark.parametrize("seed", range(4))
def test_root_with_damaged_runs(tmp_path: Path, seed: int) -> None:
    """Of a root in which some folders are damaged exactly those are named, and nothing raises."""
    numbers = random.Random(seed)
    for number in range(60):
        written(tmp_path, *[Line(time=now_text(), metrics={"x": 1.5}) for _ in range(30)], run_id=f"r{number:03}")
    damaged = sorted(f"r{number:03}" for number in numbers.sample(range(60), 3))
    for name in damaged:
        spoil(tmp_path / "test" / name, numbers)
    (tmp_path / "test" / "notes.txt").write_text("a file beside runs is none")
    (tmp_path / "not an experiment").mkdir()
    reports = list(verify_root(tmp_path))
    assert [report.path.name for report in reports] == [f"r{number:03}" for number in range(60)]
    assert [report.path.name for report in reports if not report.is_sound] == damaged
    assert list(verify_root(tmp_path / "test")) == reports


OUR_LOOKS: dict[str, Callable[[Any], object]] = {
    "open": lambda run: run.id,
    "status": lambda run: run.status,
    "writers": lambda run: run.writers,
    "records": lambda run: run.records(),
    "logs": lambda run: run.logs(),
    "problems": lambda run: run.problems,
    "counts": lambda run: run.counts,
    "last record": lambda run: run.last_record,
    "metrics": lambda run: run.metrics(),
    "summary": lambda run: run.summary(),
    "values": lambda run: [value.value for value in run.values()],
    "artifact": lambda run: [run.artifact(name) for name in run.artifacts()],
    "around": lambda run: run.around("loss"),
    "pages": lambda run: run.log_pages().page(0, 10),
    "artifacts": lambda run: run.artifacts(),
    "environment": lambda run: run.environment,
    "faults": lambda run: run.faults,
    "times": lambda run: (run.created, run.started, run.ended),
    "repr": repr,
}


def look_at_all(path: Path) -> None:
    """Read what a run says; errors of ours are answers."""
    for look in OUR_LOOKS.values():
        try:
            look(open_run(path))
        except RunLoggingError:
            continue


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_random_damage_never_raises(
    tmp_path_factory: pytest.TempPathFactory, pattern: Path, data: st.DataObject
) -> None:
    """Whatever bytes of whatever file are changed, verifying reports, and reading raises our errors only."""
    run = Path(shutil.copytree(pattern, tmp_path_factory.mktemp("any") / "test" / pattern.name))
    names = sorted(str(path.relative_to(run)) for path in run.rglob("*") if path.is_file())
    path = run / data.draw(st.sampled_from(names))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4)) if content else 0):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.one_of(st.sampled_from(b'"0{}[],:-x9e\n'), st.integers(0, 255)))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    assert verify(run).path == run
    assert [report.path for report in verify_root(run.parent.parent)] == [run]
    look_at_all(run)
    shutil.rmtree(run.parent.parent)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_random_damage_of_a_zip(tmp_path_factory: pytest.TempPathFactory, pattern: Path, data: st.DataObject) -> None:
    """Whatever bytes of a zip are changed, verifying and reading raise our errors only."""
    out = tmp_path_factory.mktemp("any") / "out.zip"
    content = bytearray(archive(pattern, out).path.read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        # Its end holds the list of contents, which few random places would hit.
        place = data.draw(
            st.one_of(st.integers(0, len(content) - 1), st.integers(len(content) - 1500, len(content) - 1))
        )
        content[place] = data.draw(st.integers(0, 255))
    out.write_bytes(content)
    for step in (verify, look_at_all, lambda path: list(verify_root(path))):
        try:
            step(out)
        except RunLoggingError:
            continue


def test_changed_byte_of_a_zip_is_damage(run: Path) -> None:
    """A byte that was changed in any file of a zip, read by nobody else, is damage in this file."""
    (run / "unknown.dat").write_bytes(os.urandom(200))
    out = archive(run, run.parent.parent / "out.zip").path
    change(out, (run / "unknown.dat").read_bytes()[50:150], bytes(100))
    assert brief(verify(out).findings) == {("damage", "unreadable", "unknown.dat")}


def test_zip_of_several_runs(tmp_path: Path) -> None:
    """All runs of a zip are verified, in the order of their names."""
    for run_id in ("r2", "r1"):
        written(tmp_path / "runs", Line(time=now_text(), message="x"), run_id=run_id)
    cut_line(tmp_path / "runs/test/r2/logs.jsonl")
    shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path / "runs")
    reports = list(verify_root(tmp_path / "all.zip"))
    assert [(report.path.name, report.is_sound) for report in reports] == [("r1", True), ("r2", False)]
    assert verify(tmp_path / "all.zip" / "test" / "r1").is_sound


def test_progress_counts_bytes(run: Path) -> None:
    """What is told grows to the bytes of the run, each counted once."""
    told: list[tuple[str, int, int]] = []
    verify(run, progress=lambda *now: told.append(now))
    size = sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    assert {(what, total) for what, _, total in told} == {(run.name, size)}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1] == size
    told.clear()
    assert len(list(verify_root(run.parent.parent, progress=lambda *now: told.append(now)))) == 1
    assert told[-1] == (run.name, size, size)


def test_command(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command prints a line a run and one a finding, or a JSON array, and says whether all is well."""
    root = run.parent.parent
    assert verify_runs(str(run), "runs", Output(), as_json=False)
    assert capsys.readouterr().out == f"test/{run.name}  ok\n"
    manifest_only(root, "r2", status="NotStarted")
    (run / HERE).unlink()
    (run / "li\x1bnk").symlink_to(root)
    assert not verify_runs(str(root), "runs", Output(), as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        f"test/{run.name}  damaged",
        f"  damage  {HERE}: is missing",
        "  note    li\\x1bnk: a symbolic link: a zip of the run is without it",
        "test/r2  ok",
        "2 runs, 1 damaged",
    ]
    assert not verify_runs(run.name[:20], str(root), Output(), as_json=True)
    (report,) = json.loads(capsys.readouterr().out)
    assert (report["path"], report["ok"]) == (str(run), False)
    assert report["findings"][0] == {
        "severity": "damage",
        "kind": "missing",
        "file": HERE,
        "offset": None,
        "text": "is missing",
    }


def test_command_reads_zips(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command takes a zip, and one run in it."""
    out = archive(run, run.parent.parent / "out.zip").path
    for target in (out, out / "test" / run.name):
        assert verify_runs(str(target), "runs", Output(), as_json=False)
        assert capsys.readouterr().out == f"test/{run.name}  ok\n"
    with pytest.raises(RunNotFoundError):
        verify_runs("none", str(run.parent.parent), Output(), as_json=False)


def chunks(numbers: list[int]) -> Iterator[list[int]]:
    """Yield numbers in pieces of seven."""
    for begin in range(0, len(numbers), 7):
        yield numbers[begin : begin + 7]


@settings(deadline=None)
@given(
    numbers=st.lists(st.one_of(st.integers(-3, 60), st.integers(16_380, 16_390), st.integers(32_760, 40_000))),
    before=st.integers(1, 41_000),
)
def test_numbers_as_a_set(numbers: list[int], before: int) -> None:
    """Numbers in any order, in pieces, give the missing and the repeated ones as a set does."""
    found = Numbers()
    for piece in chunks(numbers):
        found.extend(piece)
    real = [number for number in numbers if number > 0]
    assert (found.count, found.last) == (len(set(real)), max(real, default=0))
    assert found.repeated == len(real) - len(set(real))
    assert [number for one in found.missing(before) for number in one] == sorted(set(range(1, before)) - set(real))


def test_numbers_far_away_take_no_time() -> None:
    """A damaged line with an immense number costs a page, not all that lies before it."""
    found = Numbers([1, 2, 10**18])
    assert found.count == 3
    assert list(found.missing(found.last)) == [range(3, 10**18)]
    full = Numbers(range(1, 200_000))
    assert list(full.missing(full.last)) == []
