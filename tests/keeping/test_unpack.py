"""Unpacking gives the JSON Lines back as they were."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runlogging import start_run
from runlogging._errors import InvalidValueError, RunActiveError, RunNotFoundError
from runlogging.folder import read_manifest
from runlogging.keeping.packing._pack import Packed, pack
from runlogging.keeping.packing._unpack import unpack, unpack_root

from .tools import leftovers, made_run, plain_content, told

pq = pytest.importorskip("pyarrow.parquet")


def test_lines_come_back_byte_for_byte(tmp_path: Path) -> None:
    """All files are as they were, the Parquet is gone, and the run is of format 1 again."""
    run = made_run(tmp_path)
    before, content = told(run), plain_content(run)
    packed = pack(run)
    done = unpack(run)
    assert plain_content(run) == content
    assert told(run) == before
    assert (list(run.glob("*.parquet")), leftovers(run), read_manifest(run).format) == ([], [], 1)
    assert (set(done.files), done.before, done.after) == (set(content), packed.after, packed.before)


def test_plain_run_is_left_as_it_is(tmp_path: Path) -> None:
    """A run without packed streams has nothing to unpack."""
    run = made_run(tmp_path)
    content = plain_content(run)
    assert unpack(run) == Packed(run)
    assert plain_content(run) == content


def test_lines_that_were_kept_stay(tmp_path: Path) -> None:
    """Where the lines lie beside, only the Parquet goes; also where lines came since."""
    run = made_run(tmp_path)
    pack(run, keep=True)
    with (run / "logs.jsonl").open("ab") as file:
        file.write(b'{"time":"2026-11-23T23:05:02.000000Z","message":"late"}\n')
    content = plain_content(run)
    unpack(run)
    assert plain_content(run) == content
    assert list(run.glob("*.parquet")) == []


def test_run_of_several_parts_stays_of_format_2(tmp_path: Path) -> None:
    """A further part is what a reader of format 1 would miss, so the run does not become one of format 1."""
    run = made_run(tmp_path)
    shutil.copy(run / "logs.jsonl", run / "logs.main.2.jsonl")
    content = plain_content(run)
    pack(run)
    unpack(run)
    assert plain_content(run) == content
    assert read_manifest(run).format == 2


@pytest.mark.parametrize("column", ["seq", "value", None])
def test_damaged_file_is_left_as_it_is(tmp_path: Path, column: str | None) -> None:
    """A packed file that does not give its lines back is not removed, and neither is any other of the run."""
    run = made_run(tmp_path)
    pack(run)
    path = run / "metrics.parquet"
    data = bytearray(path.read_bytes())
    data[-40 if column is None else _end_of(path, column)] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InvalidValueError, match=r"metrics\.parquet"):
        unpack(run)
    assert path.read_bytes() == data
    assert len(list(run.glob("*.parquet"))) == 4
    assert (plain_content(run), leftovers(run)) == ({}, [])


def _end_of(path: Path, column: str) -> int:
    """Return where the last byte of a column lies."""
    group = pq.read_metadata(path).row_group(0)
    (facts,) = (group.column(at) for at in range(group.num_columns) if group.column(at).path_in_schema == column)
    begin = facts.dictionary_page_offset or facts.data_page_offset
    return int(begin + facts.total_compressed_size - 1)


def test_run_that_goes_on_is_not_unpacked(tmp_path: Path) -> None:
    """A resumed run is unpacked when it has ended; what it wrote since stays as it is."""
    run = made_run(tmp_path)
    content = plain_content(run)
    pack(run)
    with start_run("test", tmp_path, run_id="r1", resume=True) as again:
        again.log("loss", 7.0, step=9)
        with pytest.raises(RunActiveError):
            unpack(run)
    later = plain_content(run)
    unpack(run)
    assert plain_content(run) == {**content, **later}


def test_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    """A folder without a manifest is no run."""
    with pytest.raises(RunNotFoundError):
        unpack(tmp_path)


def test_root_is_unpacked_run_by_run(tmp_path: Path) -> None:
    """What fails for one run is told, and the others go on."""
    runs = [made_run(tmp_path, name) for name in ("r1", "r2", "r3")]
    content = [plain_content(run) for run in runs]
    for run in runs:
        pack(run)
    (runs[1] / "logs.parquet").write_bytes(b"PAR1")
    seen: list[tuple[str, int, int]] = []
    done = list(unpack_root(tmp_path, progress=lambda *facts: seen.append(facts)))
    assert [one.failed for one in done] == [False, True, False]
    assert "logs.parquet cannot be unpacked" in str(done[1].skipped)
    assert [plain_content(run) for run in (runs[0], runs[2])] == [content[0], content[2]]
    assert seen == [("r1", 1, 3), ("r2", 2, 3), ("r3", 3, 3)]
