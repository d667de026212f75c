"""Skeletons: what all lines that one call of a program writes have in common, so that only their numbers are parsed."""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

import msgspec

_SAMPLE = 64
_MOST = 8
# A skeleton that fewer lines of the sample have does not pay.
_LEAST_LINES = 2
# With more fields, taking a text apart into columns costs more than decoding it.
MOST_FIELDS = 128

_SEQ = r'\{"seq":(?:0|-?[1-9][0-9]{0,17})'
# Years that both Python and Polars take, and no 60th second.
_TIME = r'"time":"[12][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9]\.[0-9]{6}Z"'
_STEP = '"step":(?:0|-?[1-9][0-9]{0,17})'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"

_is_number = re.compile(_NUMBER).fullmatch
_decode_names = msgspec.json.Decoder(dict[str, dict[str, int]]).decode


class Skeleton(NamedTuple):
    """The text of a line without its number, time, step and values.

    Attributes:
        names: the names of its metrics.
        prefixes: what stands before the value of each: ``"metrics":{"loss":``, then ``"accuracy":`` and so on.
        has_step: whether there is a step.
    """

    names: tuple[str, ...]
    prefixes: tuple[str, ...]
    has_step: bool

    @property
    def first(self) -> int:
        """The place of the first metric among the fields, which a line has between its commas."""
        return 3 if self.has_step else 2

    @property
    def fields(self) -> int:
        """How many fields a line has."""
        return self.first + len(self.names)

    def patterns(self) -> list[str]:
        """Return a regular expression for each field; a line is one of this skeleton where all match."""
        values = [re.escape(prefix) + _NUMBER for prefix in self.prefixes]
        values[-1] += r"\}\}"
        return [f"^{pattern}$" for pattern in (_SEQ, _TIME, *([_STEP] if self.has_step else []), *values)]


def find_skeletons(data: bytes) -> list[Skeleton]:
    """Return the most common skeletons of some whole lines, by a sample of them, the commonest first."""
    counts = Counter(skeleton for text in _sample(data) if (skeleton := skeleton_of(text)))
    return [skeleton for skeleton, count in counts.most_common(_MOST) if count >= _LEAST_LINES]


def _sample(data: bytes) -> list[bytes]:
    """Return lines that lie about as far from each other as they can."""
    stride = max(1, len(data) // _SAMPLE)
    begins = dict.fromkeys([0, *(data.find(b"\n", place) + 1 for place in range(stride, len(data), stride))])
    return [data[begin : data.find(b"\n", begin)] for begin in begins if begin < len(data)]


def skeleton_of(text: bytes) -> Skeleton | None:
    """Return the skeleton of a line; None where it has something else, or a comma in a name.

    What a program writes as one line always has one skeleton. It is only a guess: every line is held against it.
    """
    try:
        fields = text.decode().split(",", MOST_FIELDS)
        has_step = fields[2].startswith('"step":')
        values = [field.removesuffix("}}") for field in fields[3 if has_step else 2 :]]
        prefixes = tuple(value[: value.rindex(":") + 1] for value in values)
        names = _decode_names("{" + ",".join(f"{prefix}0" for prefix in prefixes) + "}}")["metrics"]
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, ValueError, IndexError):
        return None
    are_numbers = all(_is_number(value[len(prefix) :]) for value, prefix in zip(values, prefixes, strict=True))
    # Of two equal names the last one holds.
    are_different = len(names) == len(prefixes)
    return Skeleton(tuple(names), prefixes, has_step) if are_numbers and are_different else None
