"""Lines of known skeletons as columns of text, of which Polars parses the numbers: several times faster than decoding.

A piece of a file is read as if it were CSV: cut at its commas, whatever they mean. Then every field of every line is
held against its pattern. A line that passes has nothing but what its skeleton and its numbers say; the others are left
to the decoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runlogging.reading._engines import time_of
from runlogging.reading.frames._names import Names
from runlogging.reading.frames._skeletons import Skeleton, find_skeletons

if TYPE_CHECKING:
    import polars

_SEQ_BEGINS, _TIME_BEGINS, _STEP_BEGINS = len('{"seq":'), len('"time":"'), len('"step":')


class Matched(NamedTuple):
    """What was found in a piece of a file.

    Attributes:
        frames: one a skeleton: ``line`` (its place in the piece), ``seq``, ``time``, ``step``, ``name`` and ``value``.
            A line without wanted points has a row without a name.
        left: the places of the lines that are in none of them, ascending.
        texts: those lines.
        lines: how many the piece has.
    """

    frames: list[polars.DataFrame]
    left: list[int]
    texts: list[bytes]
    lines: int


def match(data: bytes, names: Names) -> Matched | None:
    """Return the points of the lines that have a known skeleton, or None where no skeleton serves.

    Args:
        data: whole lines.
        names: whose points are wanted.
    """
    skeletons = find_skeletons(data)
    fields = _fields(data, max(skeleton.fields for skeleton in skeletons)) if skeletons else None
    if fields is None:
        return None
    found: list[tuple[Skeleton, polars.DataFrame]] = []
    for skeleton in skeletons:
        lines, fields = _taken(fields, skeleton)
        if not lines.is_empty():
            found.append((skeleton, lines))
        if fields.is_empty():
            break
    left = fields["line"].sort().to_list()
    count = len(left) + sum(len(lines) for _, lines in found)
    all_texts = data[:-1].split(b"\n") if left else []
    if left and len(all_texts) != count:
        return None
    texts = [all_texts[place] for place in left]
    if sum(len(text) + 1 for text in texts) + sum(int(lines["size"].sum()) for _, lines in found) != len(data):
        # Polars passed over something: an empty line, a mark at the beginning, a comma at the end of a line.
        return None
    for skeleton, _ in found:
        names.meet(skeleton.names)
    return Matched([_points(lines, skeleton, names) for skeleton, lines in found], left, texts, count)


def _fields(data: bytes, count: int) -> polars.DataFrame | None:
    """Return the fields of lines, ``0`` to ``count`` (which is empty where there are no more), and ``line``.

    None where it is no text, or nothing that Polars takes.
    """
    import polars

    is_new = int(polars.__version__.partition(".")[0]) > 1
    ragged: dict[str, Any] = {"extra_columns": "ignore", "missing_columns": "insert"} if is_new else {}
    try:
        frame = polars.read_csv(
            data,
            has_header=False,
            separator=",",
            quote_char=None,
            schema={str(place): polars.String for place in range(count + 1)},
            truncate_ragged_lines=True,
            **ragged,
        )
    except polars.exceptions.PolarsError:
        return None
    return frame.with_row_index("line")


def _taken(fields: polars.DataFrame, skeleton: Skeleton) -> tuple[polars.DataFrame, polars.DataFrame]:
    """Return the lines of a skeleton, parsed, and the fields of all others."""
    import polars

    first = polars.col(str(skeleton.first)).str.starts_with(skeleton.prefixes[0])
    has_end = polars.col(str(skeleton.fields - 1)).is_not_null() & polars.col(str(skeleton.fields)).is_null()
    likely, others = _parted(fields, fields.select((first & has_end).fill_null(False)).to_series())
    parsed = likely.select("line", *_numbers(skeleton), *_matches(skeleton), _size(skeleton))
    numbers = [str(place) for place in range(len(skeleton.names))]
    # A number may be beyond the doubles, and a 30th of February looks like a date.
    are_real = [polars.col("time").is_not_null(), *(polars.col(name).is_finite() for name in numbers)]
    matches = [polars.col(f"is_{place}") for place in range(skeleton.fields)]
    is_whole = parsed.select(polars.all_horizontal(*matches, *are_real).fill_null(False)).to_series()
    lines, _ = _parted(parsed, is_whole)
    if not is_whole.all():
        others = polars.concat([others, likely.filter(~is_whole)])
    return lines.select("line", "seq", "time", "step", "size", *numbers), others


def _parted(frame: polars.DataFrame, mask: polars.Series) -> tuple[polars.DataFrame, polars.DataFrame]:
    # Mostly all rows go one way, and need not be copied.
    return (frame, frame.clear()) if mask.all() else (frame.filter(mask), frame.filter(~mask))


def _matches(skeleton: Skeleton) -> list[polars.Expr]:
    import polars

    patterns = enumerate(skeleton.patterns())
    return [polars.col(str(place)).str.contains(pattern).alias(f"is_{place}") for place, pattern in patterns]


def _size(skeleton: Skeleton) -> polars.Expr:
    """Return how many bytes a line has, with the commas and the newline."""
    import polars

    sizes = [polars.col(str(place)).str.len_bytes() for place in range(skeleton.fields)]
    return (polars.sum_horizontal(sizes) + len(sizes)).alias("size")


def _numbers(skeleton: Skeleton) -> list[polars.Expr]:
    """Return what parses the fields of a line; what does not parse is null."""
    import polars

    seq = polars.col("0").str.slice(_SEQ_BEGINS).cast(polars.Int64, strict=False)
    step = polars.lit(None, polars.Int64)
    if skeleton.has_step:
        step = polars.col("2").str.slice(_STEP_BEGINS).cast(polars.Int64, strict=False)
    numbers = [polars.col(str(skeleton.first + place)).str.slice(len(p)) for place, p in enumerate(skeleton.prefixes)]
    numbers[-1] = numbers[-1].str.strip_suffix("}}")
    values = [number.cast(polars.Float64, strict=False).alias(str(place)) for place, number in enumerate(numbers)]
    time = time_of(polars.col("1").str.slice(_TIME_BEGINS))
    return [seq.alias("seq"), time.alias("time"), step.alias("step"), *values]


def _points(lines: polars.DataFrame, skeleton: Skeleton, names: Names) -> polars.DataFrame:
    """Return a row for each wanted number of each line."""
    import polars

    places = names.places(skeleton.names)
    head = lines.select("line", "seq", "time", "step")
    wanted = [skeleton.names[place] for place in places]
    if len(places) < 2:
        name = polars.lit(wanted[0] if wanted else None, polars.String)
        value = lines[str(places[0])] if places else polars.lit(None, polars.Float64)
        return head.with_columns(name.alias("name"), value.alias("value"))
    row = polars.int_range(len(lines) * len(places), eager=True)
    values = polars.concat([lines[str(place)] for place in places])
    return head[row // len(places)].with_columns(
        polars.Series(wanted)[row % len(places)].alias("name"),
        values[row % len(places) * len(lines) + row // len(places)].alias("value"),
    )
