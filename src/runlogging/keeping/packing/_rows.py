"""From the lines of a stream to the columns of a packed one. No I/O.

`runlogging.reading._packed_layout` goes the other way.
"""

from __future__ import annotations

from typing import Any

import msgspec

from runlogging.folder import ArtifactLine, Line, encode_line
from runlogging.keeping.packing._points import NO_POINT, points_of
from runlogging.keeping.packing._times import Clock, fits_64_bits
from runlogging.reading._packed_layout import COLUMNS, EXCEPTION, JSON_COLUMNS

_encode = msgspec.json.Encoder().encode
_as_tuple = msgspec.structs.astuple
_BAD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError, OverflowError)
_FIELDS = Line.__struct_fields__
_HEAD = len(("seq", "time", "step", "metrics"))
_NO_ENVELOPE = (None,) * (len(_FIELDS) - _HEAD)
# The columns of a point that are filled row by row; all others end with their last item.
_POINT = ("seq", "time", "step", "name", "value", "place")


class Rows:
    """Gather the rows of some lines of a stream, column by column.

    Args:
        stream: which.

    Attributes:
        count: how many rows there are now.
        is_sorted: whether ``seq`` never went back and no line was ``recorded``, over all lines so far.
    """

    def __init__(self, stream: str) -> None:
        self._kinds = COLUMNS[stream]
        kind: type[Any] = ArtifactLine if stream == "artifacts" else Line
        self._decode = msgspec.json.Decoder(kind).decode
        special: dict[str, Any] = {"artifacts": self._add_artifact, "metrics": self._add_points}
        self._add = special.get(stream, self._add_line)
        self._filled = _POINT if stream == "metrics" else ()
        self._clock = Clock()
        self._last_seq = 0
        self.is_sorted = True
        self._empty()

    def _empty(self) -> None:
        # Most columns have few items, so one ends with its last, and what is missing is put in at the end.
        self._columns: dict[str, list[Any]] = {name: [] for name in self._kinds}
        self.count = 0

    def take(self) -> dict[str, list[Any]]:
        """Return the columns, name to items, None where a row has none; a column without any is empty. Begin anew."""
        columns, count = self._columns, self.count
        for column in columns.values():
            if column:
                column.extend([None] * (count - len(column)))
        self._empty()
        return columns

    def add(self, text: bytes, offset: int) -> None:
        """Add a whole line with its newline.

        Args:
            text: the line.
            offset: where it stands in its file, in bytes.
        """
        first = self.count
        try:
            line = self._decode(text)
            us, holds_all = self._clock.read(line.time)
        except _BAD:
            self.add_raw(text[:-1], offset)
            return
        holds_all = self._add(line, us) and holds_all
        if not holds_all or encode_line(line) != text:
            self._put_raw(first, text[:-1], offset)
        seq = line.seq
        if seq is None or seq < self._last_seq or (isinstance(line, Line) and line.recorded):
            self.is_sorted = False
        self._last_seq = seq or self._last_seq

    def add_raw(self, text: bytes, offset: int) -> None:
        """Add a row of nothing but bytes: a bad or an empty line, or what stands behind the last newline."""
        for name in self._filled:
            self._columns[name].append(0 if name == "place" else None)
        self._put_raw(self.count, text, offset)
        self.count += 1

    def _put_raw(self, row: int, text: bytes, offset: int) -> None:
        self._put("raw", row, text)
        self._put("offset", row, offset)

    def _put(self, name: str, row: int, item: Any) -> None:
        column = self._columns[name]
        if missing := row - len(column):
            column.extend([None] * missing)
        column.append(item)

    def _put_integer(self, name: str, row: int, value: int) -> bool:
        if is_held := fits_64_bits(value):
            self._put(name, row, value)
        return is_held

    # ------------------------------------------------------------------ lines of a row

    def _add_artifact(self, line: ArtifactLine, us: int) -> bool:
        row = self.count
        self.count += 1
        self._put("time", row, us)
        for name in ("name", "sha256", "type"):
            if getattr(line, name) is not None:
                self._put(name, row, getattr(line, name))
        is_held = line.seq is None or self._put_integer("seq", row, line.seq)
        return self._put_integer("size", row, line.size) and is_held

    def _add_line(self, line: Line, us: int) -> bool:
        row = self.count
        self.count += 1
        self._put("time", row, us)
        holds_all = True
        for name, item in zip(_FIELDS, _as_tuple(line), strict=True):
            if item is not None and name != "time":
                holds_all = self._add_field(name, row, item) and holds_all
        return holds_all

    def _add_field(self, name: str, row: int, item: Any) -> bool:
        """Put a field of a line where it belongs; return whether its column holds all of it."""
        kind = self._kinds.get(name)
        if kind == "int":
            return self._put_integer(name, row, item)
        if name == "exception":
            return self._add_exception(row, item)
        if kind is None:
            return False
        if name in JSON_COLUMNS:
            return self._add_json(name, row, item)
        self._put(name, row, item)
        return True

    def _add_json(self, name: str, row: int, item: Any) -> bool:
        try:
            self._put(name, row, _encode(item).decode())
        except RecursionError:
            return False
        return True

    def _add_exception(self, row: int, exception: dict[str, str]) -> bool:
        for key in EXCEPTION:
            if key in exception:
                self._put(f"exception_{key}", row, exception[key])
        return tuple(exception) == EXCEPTION

    # ------------------------------------------------------------------ lines of a row a point

    def _add_points(self, line: Line, us: int) -> bool:
        first = self.count
        points, holds_all = points_of(line)
        envelope = _as_tuple(line)[_HEAD:]
        if envelope != _NO_ENVELOPE:
            holds_all = self._add_envelope(first, envelope) and holds_all
        # A line without a number has one row, too.
        seq, step = _held(line.seq), _held(line.step)
        self.count += len(points) or 1
        names, values, places = self._columns["name"], self._columns["value"], self._columns["place"]
        for place, (name, value, integer, exact) in enumerate(points or [NO_POINT]):
            names.append(name)
            values.append(value)
            places.append(place)
            if integer is not None:
                self._put("integer", first + place, integer)
            if exact is not None:
                self._put("exact", first + place, exact)
        for column, item in (("seq", seq), ("time", us), ("step", step)):
            self._columns[column].extend([item] * (self.count - first))
        return holds_all and seq == line.seq and step == line.step

    def _add_envelope(self, row: int, envelope: tuple[Any, ...]) -> bool:
        holds_all = True
        for name, item in zip(_FIELDS[_HEAD:], envelope, strict=True):
            # The points hold what stands beside them of numbers.
            if item is not None and name not in ("nonfinite", "exact"):
                holds_all = self._add_field(name, row, item) and holds_all
        return holds_all


def _held(value: int | None) -> int | None:
    return value if value is None or fits_64_bits(value) else None
