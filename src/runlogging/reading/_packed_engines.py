"""Opening Parquet files with what is installed: pyarrow, else polars. Files are read piece by piece, never whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol

from runlogging._errors import MissingExtraError
from runlogging.reading._packed_layout import COLUMNS, Packing, Row, read_packing, rows_of

_BATCH_ROWS = 1 << 13
# A slice costs polars a new look at the file, so it takes more at a time.
_SLICE_ROWS = 1 << 16

Columns = Mapping[str, Iterable[Any]]


class Engine(Protocol):
    """A Parquet file, open."""

    def metadata(self) -> Mapping[Any, Any]:
        """Return the keys and values of its metadata."""
        ...

    def batches(self, kinds: Mapping[str, str], first: int) -> Iterator[Columns]:
        """Yield some of its columns in pieces from a row on, times as microseconds; an empty one may be endless."""
        ...


class OpenedStream:
    """A packed stream, open.

    Attributes:
        packing: what its metadata says.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.packing: Packing = read_packing(engine.metadata())

    def rows(self, first: int = 0, *, as_json: bool = False) -> Iterator[Row]:
        """Yield its lines from a row on that begins one; see `rows_of`."""
        stream = self.packing.stream
        if stream not in COLUMNS:
            raise ValueError(f"no stream {stream!r} is known")
        # What says the same in each row is in the name or in the metadata.
        kinds = {name: kind for name, kind in COLUMNS[stream].items() if name not in ("experiment", "run", "writer")}
        return rows_of(stream, self._engine.batches(kinds, first), first=first, as_json=as_json)


@contextmanager
def opened(path: Path) -> Iterator[OpenedStream]:
    """Open a packed stream.

    Raises:
        MissingExtraError: neither pyarrow nor polars is installed.
        OSError: it cannot be read.
        ValueError: it is damaged, or no packed stream; also while its lines are read.
    """
    with _engine(path) as engine:
        yield OpenedStream(engine)


@contextmanager
def _engine(path: Path) -> Iterator[Engine]:
    if find_spec("pyarrow") is not None:
        from pyarrow import ArrowException

        try:
            with _source(path) as source, _arrow_file(source) as file:
                yield _ArrowEngine(file)
        except (ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            # Of a page whose checksum is wrong, pyarrow says that as an OSError without a number.
            raise ValueError(str(error)) from error
    elif find_spec("polars") is not None:
        from polars.exceptions import PolarsError

        try:
            with _source(path) as source:
                yield _PolarsEngine(source)
        except PolarsError as error:
            raise ValueError(str(error)) from error
    else:
        raise MissingExtraError("reading a packed run", "pyarrow", "pack")


@contextmanager
def _source(path: Path) -> Iterator[Any]:
    """Give what engines open: a path of the disk, else, of a place in a zip, the open file."""
    if isinstance(path, Path):
        yield path
        return
    with path.open("rb") as file:
        yield file


def _arrow_file(source: Any) -> Any:
    from pyarrow.parquet import ParquetFile, read_metadata

    footer = read_metadata(source)
    words = {name for columns in COLUMNS.values() for name, kind in columns.items() if kind == "word"}
    return ParquetFile(
        source,
        metadata=footer,
        # The words come as the few that they are, each a single object for all of its rows.
        read_dictionary=sorted(words & set(footer.schema.names)),
        pre_buffer=False,
        page_checksum_verification=True,
    )


class _ArrowEngine:
    def __init__(self, file: Any) -> None:
        self._file = file

    def metadata(self) -> Mapping[Any, Any]:
        return self._file.metadata.metadata or {}

    def batches(self, kinds: Mapping[str, str], first: int) -> Iterator[Columns]:
        footer, group, skip = self._file.metadata, 0, first
        while group < footer.num_row_groups and skip >= footer.row_group(group).num_rows:
            skip -= footer.row_group(group).num_rows
            group += 1
        groups = range(group, footer.num_row_groups)
        # Without any the whole file would come.
        pieces = self._file.iter_batches(_BATCH_ROWS, groups, list(kinds), use_threads=False) if groups else ()
        for batch in pieces:
            if skip < len(batch):
                wanted = batch.slice(skip)
                yield {name: _arrow_items(wanted.column(name), kind) for name, kind in kinds.items()}
            skip = max(0, skip - len(batch))


def _arrow_items(column: Any, kind: str) -> Iterable[Any]:
    if column.null_count == len(column) and kind != "bytes":
        return repeat(None)
    if hasattr(column, "dictionary"):
        words = column.dictionary.to_pylist()
        return [None if place is None else words[place] for place in column.indices.to_pylist()]
    if kind == "time":
        column = column.cast("int64")
    return column.to_pylist()  # type: ignore[no-any-return]


class _PolarsEngine:
    def __init__(self, source: Any) -> None:
        import polars

        content = source if isinstance(source, Path) else source.read()
        # No name of a run is a pattern or a partition.
        self._frame = polars.scan_parquet(content, glob=False, hive_partitioning=False)
        self._metadata = polars.read_parquet_metadata(content)

    def metadata(self) -> Mapping[Any, Any]:
        return self._metadata

    def batches(self, kinds: Mapping[str, str], first: int) -> Iterator[Columns]:
        import polars

        columns = [polars.col(name).to_physical() if kind == "time" else name for name, kind in kinds.items()]
        frame = self._frame.select(columns)
        rows = self._frame.select(polars.len()).collect().item()
        for begin in range(first, rows, _SLICE_ROWS):
            piece = frame.slice(begin, _SLICE_ROWS).collect()
            yield {name: piece[name].to_list() for name in kinds}
