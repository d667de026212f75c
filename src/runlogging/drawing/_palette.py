"""The colour of a run: the same in every picture, whatever it stands beside. No I/O."""

from __future__ import annotations

import itertools
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class RunColour(NamedTuple):
    """A colour.

    Attributes:
        name: what people call it.
        number: its number among the 256 colours of terminals.
        hex: the same colour as ``#rrggbb``.
        twin: a lighter one of the same hue, for dark grounds.
    """

    name: str
    number: int
    hex: str
    twin: str


# Searched among the 216 of the cube: each has a contrast of 3 at least with white and with black, and any two differ in
# CIELAB by 40 for the normal eye and by 18 for eyes without red or green (Machado 2009), by 13 for those without blue.
# The twins have a contrast of 4 at least with the dark ground of the pages, and differ by more.
RUN_COLOURS = (
    RunColour("blue", 25, "#005faf", "#0098e6"),
    RunColour("orange", 202, "#ff5f00", "#ff9252"),
    RunColour("green", 29, "#00875f", "#00e6a2"),
    RunColour("violet", 93, "#8700ff", "#9952ff"),
    RunColour("crimson", 197, "#ff005f", "#ff245b"),
    RunColour("olive", 58, "#5f5f00", "#e6ca00"),
    RunColour("pink", 169, "#d75faf", "#e35fa7"),
    RunColour("orchid", 171, "#d75fff", "#e5c2fa"),
)

DASHES = ("", "7 3", "2 3", "9 3 2 3", "14 4")
"""Dash patterns for strokes of SVG; the first is a whole line. Beyond eight runs they tell equal colours apart."""

TEXT, FAINT, LINE, GROUND = "#1b1f27", "#586070", "#d5d9e0", "#ffffff"
"""The colours of texts, of secondary texts, of lines that lead the eye, and of the ground, on light grounds."""

_SHADES = ((0xF2, 0xF5, 0xFA), (0x8F, 0xBB, 0xE3), (0x2B, 0x7B, 0xBF), (0x08, 0x2F, 0x66))
_DARK_SHADES = ((0x20, 0x27, 0x31), (0x1D, 0x4E, 0x7F), (0x3C, 0x93, 0xDB), (0xD3, 0xEA, 0xFF))


def shade(share: float) -> str:
    """Return the colour of a share from 0 to 1 in a heat map: from nearly white to dark blue, on any ground."""
    red, green, blue = _mixed(_SHADES, share)
    return f"#{red:02x}{green:02x}{blue & ~1:02x}"


def tile_shade(share: float) -> str:
    """Return the same for cells without a text: one of 33 shades that have counterparts on dark grounds."""
    return TILE_SHADES[round(min(max(share, 0.0), 1.0) * (len(TILE_SHADES) - 1))]


def _mixed(stops: Sequence[tuple[int, int, int]], share: float) -> tuple[int, int, int]:
    place = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    at = min(int(place), len(stops) - 2)
    red, green, blue = (
        round(low + (high - low) * (place - at)) for low, high in zip(stops[at], stops[at + 1], strict=True)
    )
    return red, green, blue


def _tile(stops: Sequence[tuple[int, int, int]], share: float) -> str:
    red, green, blue = _mixed(stops, share)
    # An odd blue: no colour of `shade`, on which a text may stand that does not turn with the ground.
    return f"#{red:02x}{green:02x}{blue | 1:02x}"


TILE_SHADES = tuple(_tile(_SHADES, number / 32) for number in range(33))

DARK = {
    TEXT: "#e4e7ec",
    FAINT: "#a2abb8",
    LINE: "#39404c",
    GROUND: "#14171c",
    **{colour.hex: colour.twin for colour in RUN_COLOURS},
    **{light: _tile(_DARK_SHADES, number / 32) for number, light in enumerate(TILE_SHADES)},
}
"""Each colour of a drawing to its counterpart on dark grounds."""

_COLOURED = re.compile(r'="(#[0-9a-f]{6})"')


def darkened(svg: str) -> str:
    """Return a drawing for dark grounds."""
    # A quotation mark in a text is escaped: this meets attributes only.
    return _COLOURED.sub(lambda match: f'="{DARK.get(match[1], match[1])}"', svg)


def dark_rules(scope: str = "svg") -> str:
    """Return style rules for a page that turn drawings inside of it dark.

    A style rule is stronger than the attribute of an element, so the drawings stay as they are.
    """
    return "".join(
        f'{scope} [{name}="{light}"]{{{name}:{dark}}}' for light, dark in DARK.items() for name in _uses(light)
    )


def _uses(colour: str) -> tuple[str, ...]:
    return ("fill",) if colour in TILE_SHADES or colour == GROUND else ("fill", "stroke")


class RunStyle(NamedTuple):
    """How a run's line is drawn: its colour, and the place of its dash pattern in `DASHES`."""

    colour: RunColour
    dash: int


class RunColours:
    """Colours of runs that are shown together; one that has a colour keeps it when others come."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._dashes: dict[str, int] = {}

    def add(self, run_ids: Iterable[str]) -> None:
        """Give the runs colours that have none yet, in the order of their ids."""
        for run_id in sorted(set(run_ids) - self._places.keys()):
            taken = Counter(self._places.values())
            first = zlib.crc32(run_id.encode("utf-8", "backslashreplace"))
            places = [(first + step) % len(RUN_COLOURS) for step in range(len(RUN_COLOURS))]
            # The first that is free; beyond eight runs the first of those that fewest runs have.
            place = min(places, key=lambda place: taken[place])
            self._places[run_id], self._dashes[run_id] = place, taken[place] % len(DASHES)

    def __getitem__(self, run_id: str) -> RunColour:
        return self.style(run_id).colour

    def style(self, run_id: str) -> RunStyle:
        """Return a run's colour and dash pattern; up to forty runs have no two alike."""
        self.add([run_id])
        return RunStyle(RUN_COLOURS[self._places[run_id]], self._dashes[run_id])


def colours_of(run_ids: Iterable[str]) -> dict[str, RunColour]:
    """Return a colour for each run: by its id, and no two alike among up to eight.

    A run's colour follows from its id alone unless another run shown has the same; then one of the two moves to the
    next colour, the same one in whatever order they are given.
    """
    return {run_id: style.colour for run_id, style in styles_of(run_ids).items()}


def styles_of(run_ids: Iterable[str]) -> dict[str, RunStyle]:
    """Return colour and dash pattern for each run; see `colours_of`."""
    colours = RunColours()
    ids = list(run_ids)
    colours.add(ids)
    return {run_id: colours.style(run_id) for run_id in ids}


def line_styles(run_id: str) -> Iterator[RunStyle]:
    """Yield styles for the lines of one run in one picture, without end: its own colour first, with each dash pattern.

    What comes behind those has the next colours; up to forty lines have no two alike.
    """
    own = RUN_COLOURS.index(colours_of([run_id])[run_id])
    for number in itertools.count():
        step, dash = divmod(number, len(DASHES))
        yield RunStyle(RUN_COLOURS[(own + step) % len(RUN_COLOURS)], dash)


def contrast(first: str, second: str) -> float:
    """Return the contrast of two colours ``#rrggbb``, from 1 to 21 (WCAG 2.2, relative luminance)."""
    low, high = sorted((_luminance(first), _luminance(second)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def text_on(ground: str) -> str:
    """Return black or white, whichever is better to read on a ground."""
    return "#000000" if contrast("#000000", ground) >= contrast("#ffffff", ground) else "#fffffe"
