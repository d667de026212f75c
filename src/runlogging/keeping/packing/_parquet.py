"""Writing columns to a Parquet file, piece by piece, each column encoded as suits what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from runlogging._errors import MissingExtraError
from runlogging.reading._packed_layout import COLUMNS, METADATA_KEY, Packing

_ENCODINGS = {"int": "DELTA_BINARY_PACKED", "short": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"}
# By these a reader leaves out what it does not look for; of the others bounds would only take room.
_BOUNDED = ("seq", "time", "step", "name", "value", "level", "logger")


class ColumnWriter:
    """A Parquet file that is being written.

    Args:
        writer: that of pyarrow.
        constants: the columns that say the same in each row.
    """

    def __init__(self, writer: Any, constants: Mapping[str, str]) -> None:
        self._writer = writer
        self._constants = constants

    def write(self, columns: Mapping[str, list[Any]], rows: int) -> None:
        """Write some rows as a group of their own; a column that is empty is null in all of them."""
        import pyarrow

        arrays = []
        for field in self._writer.schema:
            if field.name in self._constants:
                arrays.append(pyarrow.repeat(pyarrow.scalar(self._constants[field.name], field.type), rows))
            elif columns[field.name]:
                arrays.append(_array(columns[field.name], field.type))
            else:
                arrays.append(pyarrow.nulls(rows, field.type))
        table = pyarrow.Table.from_arrays(arrays, schema=self._writer.schema)
        self._writer.write_table(table, row_group_size=max(rows, 1))

    def describe(self, packing: Packing) -> None:
        """Say in the metadata what the file holds."""
        self._writer.add_key_value_metadata({METADATA_KEY: msgspec.json.encode(packing).decode()})


def _array(items: list[Any], kind: Any) -> Any:
    import pyarrow

    if pyarrow.types.is_timestamp(kind):
        return pyarrow.array(items, pyarrow.int64()).cast(kind)
    return pyarrow.array(items, kind)


@contextmanager
def column_writer(path: Path, stream: str, constants: Mapping[str, str]) -> Iterator[ColumnWriter]:
    """Open a new Parquet file for the columns of a stream.

    Args:
        path: the file.
        stream: which.
        constants: the columns that say the same in each row.

    Raises:
        MissingExtraError: pyarrow is not installed (also an ImportError).
        OSError: the file cannot be written.
    """
    try:
        from pyarrow.parquet import ParquetWriter
    except ImportError:
        raise MissingExtraError("packing a run", "pyarrow", "pack") from None
    kinds = COLUMNS[stream]
    encodings = {name: _ENCODINGS[kind] for name, kind in kinds.items() if kind in _ENCODINGS}
    doubles = {name: "BYTE_STREAM_SPLIT" for name, kind in kinds.items() if kind == "double"}
    with (
        path.open("xb") as file,
        ParquetWriter(
            file,
            _schema(kinds),
            compression="zstd",
            use_dictionary=[name for name, kind in kinds.items() if kind in ("word", "text")],
            column_encoding={**encodings, **doubles},
            write_statistics=[name for name in kinds if name in _BOUNDED],
            write_page_checksum=True,
            # It would say again, longer, what the Parquet schema says.
            store_schema=False,
        ) as writer,
    ):
        yield ColumnWriter(writer, constants)


def _schema(kinds: Mapping[str, str]) -> Any:
    import pyarrow

    types = {
        "int": pyarrow.int64(),
        "short": pyarrow.int32(),
        "time": pyarrow.timestamp("us", "UTC"),
        "double": pyarrow.float64(),
        "word": pyarrow.string(),
        "text": pyarrow.string(),
        "bool": pyarrow.bool_(),
        "bytes": pyarrow.binary(),
    }
    return pyarrow.schema([(name, types[kind]) for name, kind in kinds.items()])
