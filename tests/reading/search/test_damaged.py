"""Roots with damage: the others are listed, the bad ones are named, and nothing raises."""

from __future__ import annotations

import logging
import os
import random
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runlogging import InvalidValueError, RunLoggingError, list_runs, open_run
from runlogging.reading import children_of, resolve_run, select_runs
from runlogging.reading.search import list_rows, runs_columns

from ...conftest import SOURCE
from ..tools import manifest_only

needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become nobody")


@pytest.fixture
def said() -> Iterator[list[str]]:
    """Give what the logger runlogging says."""
    texts: list[str] = []
    listener = logging.Handler()
    listener.emit = lambda record: texts.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("runlogging").addHandler(listener)
    yield texts
    logging.getLogger("runlogging").removeHandler(listener)


def emptied(run: Path, chance: random.Random) -> None:
    (run / "run.json").write_bytes(b"")


def truncated(run: Path, chance: random.Random) -> None:
    data = (run / "run.json").read_bytes()
    (run / "run.json").write_bytes(data[: chance.randrange(1, len(data) - 2)])


def overwritten(run: Path, chance: random.Random) -> None:
    (run / "run.json").write_bytes(b"\xff" + chance.randbytes(2000))


def zeroed(run: Path, chance: random.Random) -> None:
    (run / "run.json").write_bytes(bytes((run / "run.json").stat().st_size))


def of_a_newer_format(run: Path, chance: random.Random) -> None:
    (run / "run.json").write_text('{"format": 99, "id": {"new": "kind of id"}}')


def of_no_format(run: Path, chance: random.Random) -> None:
    (run / "run.json").write_text('{"format": "1"}')


def of_other_types(run: Path, chance: random.Random) -> None:
    (run / "run.json").write_text('{"format": 1, "tags": ["a"]}')


def deeply_nested(run: Path, chance: random.Random) -> None:
    (run / "run.json").write_text('{"parameters": {"a": ' + "[" * 100_000)


def a_folder(run: Path, chance: random.Random) -> None:
    (run / "run.json").unlink()
    (run / "run.json" / "in it").mkdir(parents=True)


def a_pipe(run: Path, chance: random.Random) -> None:
    (run / "run.json").unlink()
    os.mkfifo(run / "run.json")


def a_link_to_nowhere(run: Path, chance: random.Random) -> None:
    (run / "run.json").unlink()
    (run / "run.json").symlink_to(run / "none")


def a_link_to_itself(run: Path, chance: random.Random) -> None:
    (run / "run.json").unlink()
    (run / "run.json").symlink_to(run / "run.json")


def huge(run: Path, chance: random.Random) -> None:
    os.truncate(run / "run.json", 1 << 40)


def moved_behind_a_link(run: Path, chance: random.Random) -> None:
    shutil.rmtree(run)
    run.symlink_to(run.parent / "nowhere")


def moved_behind_a_loop(run: Path, chance: random.Random) -> None:
    shutil.rmtree(run)
    run.symlink_to(run)


Damage = Callable[[Path, random.Random], None]
DAMAGES: list[Damage] = [
    emptied,
    truncated,
    overwritten,
    zeroed,
    of_a_newer_format,
    of_no_format,
    of_other_types,
    deeply_nested,
    a_folder,
    a_pipe,
    a_link_to_nowhere,
    a_link_to_itself,
    huge,
    moved_behind_a_link,
    moved_behind_a_loop,
]


def made_root(root: Path, count: int) -> list[Path]:
    return [
        manifest_only(root, f"r{n:04d}", f"e{n % 3}", created=f"2026-{n:04d}", status="Completed", tags={"k": str(n)})
        for n in range(count)
    ]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_named_and_the_others_are_listed(tmp_path: Path, damage: Damage, said: list[str]) -> None:
    """As a row with what is wrong with it, and as one warning of the list of readers; its own reader refuses it."""
    good, bad, other = made_root(tmp_path, 3)
    damage(bad, random.Random(0))
    row, *_ = [row for row in list_rows(tmp_path) if row.path == bad]
    assert row.problem is not None
    assert str(bad) in row.problem
    assert (row.id, row.experiment, row.status) == (bad.name, bad.parent.name, "Unknown")
    assert not any((row.metrics, row.tags, row.parameters, row.properties))
    assert {row.created, row.started, row.ended, row.duration, row.host, row.parent} == {None}
    assert said == []
    assert [run.path for run in list_runs(tmp_path)] == [other, good]
    assert len(said) == 1
    assert said[0].startswith(f"{bad} is left out: ")
    assert [row.path for row in list_rows(tmp_path, damaged=False)] == [other, good]
    assert [row.path for row in list_rows(tmp_path)] == [other, good, bad]
    if damage not in (a_pipe, huge):  # which a reader would wait for, or take into memory
        with pytest.raises((RunLoggingError, OSError)):
            open_run(bad)


@pytest.mark.parametrize("seed", range(3))
def test_a_hundredth_of_a_root_is_damaged(tmp_path: Path, seed: int, said: list[str]) -> None:
    """At random, before the index was made and after; each list says the same."""
    chance = random.Random(seed)
    runs = made_root(tmp_path, 1_000)
    bad = chance.sample(runs, 20)
    for count in (10, 20):
        for run in bad[count - 10 : count]:
            chance.choice(DAMAGES)(run, chance)
        for _ in range(2):
            said.clear()
            rows = list_rows(tmp_path)
            assert {row.path for row in rows} == set(runs)
            assert {row.path for row in rows if row.problem} == set(bad[:count])
            assert {run.path for run in list_runs(tmp_path)} == set(runs) - set(bad[:count])
            assert len(said) == count
            columns = runs_columns(tmp_path)
            assert sum(problem is not None for problem in columns["problem"]) == count
            assert sum(tag is None for tag in columns["tags.k"]) == count


def test_a_run_that_is_mended_is_listed_again(tmp_path: Path) -> None:
    """Damage is not remembered."""
    (run,) = made_root(tmp_path, 1)
    data = (run / "run.json").read_bytes()
    emptied(run, random.Random(0))
    assert [row.problem is None for row in list_rows(tmp_path)] == [False]
    (run / "run.json").write_bytes(data)
    assert [row.problem for row in list_rows(tmp_path)] == [None]


def test_names_that_are_no_text(tmp_path: Path, said: list[str]) -> None:
    """A folder whose name is no UTF-8 is a run like any other; what is said and framed of it is text."""
    good = Path(os.fsdecode(os.fsencode(tmp_path) + b"/e\xff/r\xfe"))
    good.mkdir(parents=True)
    (good / "run.json").write_text('{"status": "Completed"}')
    bad = good.with_name(os.fsdecode(b"bad\xfe"))
    bad.mkdir()
    (bad / "run.json").write_text("{")
    rows = {row.path: row for row in list_rows(tmp_path)}
    assert rows.keys() == {good, bad}
    assert (rows[good].id, rows[good].experiment, rows[good].problem) == ("r\\udcfe", "e\\udcff", None)
    assert [run.path for run in list_runs(tmp_path)] == [good]
    columns = runs_columns(tmp_path)
    for text in (*said, *columns["id"], *columns["experiment"], *filter(None, columns["problem"])):
        assert text.encode()


def test_odd_folders_are_no_runs(tmp_path: Path, said: list[str]) -> None:
    """Loops between folders, files, folders without a manifest and what starts with a dot are passed over."""
    (run,) = made_root(tmp_path, 1)
    (run.parent / "up").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path)
    (run.parent / "file").write_text("x")
    (run.parent / "empty").mkdir()
    (run.parent / ".hidden").symlink_to("nowhere")
    (tmp_path / ".store").mkdir()
    assert [row.path for row in list_rows(tmp_path)] == [run]
    assert [found.path for found in list_runs(tmp_path)] == [run]
    assert said == []


def test_an_experiment_behind_a_link_that_leads_nowhere(tmp_path: Path, said: list[str]) -> None:
    """It may have held runs, so it is named."""
    (run,) = made_root(tmp_path, 1)
    (tmp_path / "moved").symlink_to(tmp_path / "nowhere")
    (tmp_path / "round").symlink_to("round")
    good, *bad = list_rows(tmp_path)
    assert good.path == run
    assert {row.path for row in bad} == {tmp_path / "moved", tmp_path / "round"}
    assert all(row.problem and "cannot be listed" in row.problem for row in bad)
    assert len(list_runs(tmp_path)) == 1
    assert len(said) == 2


def test_the_other_ways_to_runs_pass_damage_over_too(tmp_path: Path, said: list[str]) -> None:
    """The latest run, selected runs and children."""
    first, bad, last, *more = made_root(tmp_path, 7)
    for at, damage in enumerate(DAMAGES[:3]):
        damage((bad, *more)[at], random.Random(0))
    assert resolve_run("latest", tmp_path) == more[-1]
    assert {run.path for run in select_runs(tmp_path, tags="k")} == {first, last, *more[2:]}
    assert children_of(open_run(first)) == []
    assert {text.split(" ")[0] for text in said} == {str(run) for run in (bad, *more[:2])}
    with pytest.raises(InvalidValueError):
        open_run(resolve_run(bad.name, tmp_path))


AS_NOBODY = """
import logging, os, sys
from runlogging.reading import list_runs, resolve_run
from runlogging.reading.search import list_rows
list_rows(sys.argv[1], metrics=True)
os.setgid(65534)
os.setuid(65534)
logging.basicConfig(format="%(message)s", stream=sys.stdout)
print(*sorted(run.id for run in list_runs(sys.argv[1])))
for row in sorted(list_rows(sys.argv[1]), key=lambda row: str(row.path)):
    print(row.path.name, row.problem)
try:
    resolve_run("none", sys.argv[1])
except FileNotFoundError:
    print("not found")
"""


@needs_root
def test_what_may_not_be_read_is_named(tmp_path: Path) -> None:
    """A manifest, a run folder and an experiment's folder without permission."""
    root = tmp_path / "root"
    good, manifest, folder = made_root(root, 3)
    experiment = manifest_only(root, "r1", "closed", status="Completed").parent
    for parent in (root, *root.parents):
        if "pytest" in str(parent):
            parent.chmod(0o755)
    (manifest / "run.json").chmod(0)
    folder.chmod(0)
    experiment.chmod(0)
    command = [sys.executable, "-c", textwrap.dedent(AS_NOBODY), str(root)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.stderr == ""
    *warnings, listed, first, second, third, fourth, last = done.stdout.splitlines()
    assert len(warnings) == 3
    assert listed == good.name
    assert first == f"closed {experiment} cannot be listed: Permission denied"
    assert second == f"{good.name} None"
    assert third == f"{manifest.name} {manifest}/run.json cannot be read: Permission denied"
    assert fourth == f"{folder.name} {folder}/run.json cannot be read: Permission denied"
    assert last == "not found"
