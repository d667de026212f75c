"""What is packed comes back byte for byte, and reads the same meanwhile."""

from __future__ import annotations

import io
import logging
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runlogging import start_run
from runlogging.folder import STREAMS, Manifest, stream_path, write_manifest
from runlogging.keeping.packing._file import plain_pieces
from runlogging.keeping.packing._pack import pack
from runlogging.keeping.packing._unpack import unpack
from runlogging.reading import open_run
from runlogging.reading._packed import PackedFile
from runlogging.reading._streams import StreamFile

from .lines import files


def run_of(folder: Path, contents: dict[str, bytes]) -> Path:
    """Make a run that has ended, with the given files."""
    run = folder / "test" / "r1"
    (run / ".writers").mkdir(parents=True)
    write_manifest(run, Manifest(id="r1", experiment="test", status="Completed", owner="main"))
    for name, content in contents.items():
        (run / name).write_bytes(content)
    return run


def looks(file: StreamFile) -> tuple[object, ...]:
    """Return everything that a stream file tells."""
    read = file.new_artifacts if file.stream == "artifacts" else file.new_records
    told = list(read()), list(read()), file.line_count(), file.last_time(), file.rest
    file.note_torn()
    return (*told, file.problems, file.stream, file.writer, file.part)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), stream=st.sampled_from(STREAMS))
def test_any_file_comes_back_and_reads_the_same(data: st.DataObject, stream: str) -> None:
    """Any bytes come back as they were, and a packed file tells of them just what the file of JSON Lines does."""
    content = data.draw(files(stream))
    with tempfile.TemporaryDirectory() as folder:
        run = run_of(Path(folder), {f"{stream}.jsonl": content})
        plain, packed = stream_path(run, stream, "main"), stream_path(run, stream, "main", kind="parquet")
        before = looks(StreamFile(plain))
        pack(run)
        assert not plain.exists()
        assert repr(looks(PackedFile(packed))) == repr(before)  # NaN is not equal to itself
        assert b"".join(plain_pieces(packed)) == content
        unpack(run)
        assert not packed.exists()
        assert plain.read_bytes() == content


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs=files("logs"), metrics=files("metrics"), values=files("values"), other=files("metrics"))
def test_any_run_reads_the_same(logs: bytes, metrics: bytes, values: bytes, other: bytes) -> None:
    """A reader of a packed run gives the records, metrics, log, counts and problems that it gave before."""
    contents = {"logs.jsonl": logs, "metrics.jsonl": metrics, "values.jsonl": values, "metrics.rank1.jsonl": other}

    def told(run: Path) -> list[object]:
        reader = open_run(run)
        series = {name: list(points) for name, points in reader.metrics().items()}
        entries = [vars(entry) for entry in reader.logs()]
        found = [value.value for value in reader.values()]
        return [reader.records(), series, entries, found, reader.counts, reader.last_record, reader.problems]

    with tempfile.TemporaryDirectory() as folder:
        run = run_of(Path(folder), contents)
        try:
            before = repr(told(run))
        except (ValueError, OverflowError, TypeError, IndexError, KeyError) as error:
            # Numbers and places of others that the reader does not take; so it is with a packed run, then.
            pack(run)
            with pytest.raises(type(error)):
                told(run)
            return
        pack(run)
        assert repr(told(run)) == before


def test_lines_of_ours_need_no_bytes_of_their_own(tmp_path: Path) -> None:
    """Lines as the package writes them come back from their columns alone."""
    with start_run("test", tmp_path, run_id="r1") as run:
        run.log("loss", 0.1, step=1)
        run.log("n", 3)
        run.log("huge", 1 << 80)
        run.log("odd", float("nan"))
        run.log_metrics({"a": 1.5, "b": float("-inf"), "c": 7}, step=2)
        run.log_list("list", [1, 2.5])
        run.log_row("row", x=1, text="ü")
        run.upload_file("files/a.bin", io.BytesIO(b"abc"))
        try:
            raise ValueError("with a traceback")
        except ValueError:
            logging.getLogger("app").warning("it %s", "failed", exc_info=True, extra={"batch": 7})
    pack(run.path)
    packed = sorted(run.path.glob("*.parquet"))
    assert [path.stem for path in packed] == sorted(STREAMS)
    for path in packed:
        raw = pq.read_table(path)["raw"]
        assert raw.null_count == len(raw) > 0
