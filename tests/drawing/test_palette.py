"""The colours of runs: contrast, distance for all eyes, stability."""

from __future__ import annotations

import itertools
import math

import pytest

from runlogging.drawing import DASHES, RUN_COLOURS, RunColours, colours_of, dark_rules, darkened, styles_of
from runlogging.drawing._palette import (
    DARK,
    FAINT,
    GROUND,
    TEXT,
    TILE_SHADES,
    contrast,
    shade,
    text_on,
    tile_shade,
)

# Machado, Oliveira, Fernandes 2009, severity 1.0, for linear RGB.
_EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "without red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "without green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "without blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
_LEAST = {"all cones": 40, "without red": 18, "without green": 18, "without blue": 12}


def _linear(colour: str) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _lab(colour: str, eye: str) -> tuple[float, float, float]:
    rgb = _linear(colour)
    seen = [min(max(sum(m * c for m, c in zip(row, rgb, strict=True)), 0.0), 1.0) for row in _EYES[eye]]
    xyz = ((0.4124, 0.3576, 0.1805, 0.9505), (0.2126, 0.7152, 0.0722, 1.0), (0.0193, 0.1192, 0.9505, 1.089))
    x, y, z = (sum(m * c for m, c in zip(row, seen, strict=False)) / row[3] for row in xyz)
    x, y, z = (math.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("colour", RUN_COLOURS, ids=lambda colour: colour.name)
def test_contrast(colour: object) -> None:
    """Each colour has a contrast of 3 on white and on black, its twin on the dark ground, and is one of the 256."""
    assert isinstance(colour, type(RUN_COLOURS[0]))
    assert contrast(colour.hex, "#ffffff") >= 3
    assert contrast(colour.hex, "#000000") >= 3
    assert contrast(colour.twin, DARK[GROUND]) >= 3
    levels = (0, 95, 135, 175, 215, 255)
    red, green, blue = (levels.index(int(colour.hex[at : at + 2], 16)) for at in (1, 3, 5))
    assert colour.number == 16 + 36 * red + 6 * green + blue


@pytest.mark.parametrize("eye", _EYES)
@pytest.mark.parametrize("which", ["hex", "twin"])
def test_distance(eye: str, which: str) -> None:
    """Any two colours are told apart by the normal eye and by eyes that lack one kind of cones."""
    seen = [_lab(getattr(colour, which), eye) for colour in RUN_COLOURS]
    assert min(math.dist(first, second) for first, second in itertools.combinations(seen, 2)) >= _LEAST[eye]


def test_texts_have_contrast() -> None:
    """Texts have a contrast of 4.5 on both grounds, and on every shade of a heat map."""
    for colour in (TEXT, FAINT):
        assert contrast(colour, GROUND) >= 4.5
        assert contrast(DARK[colour], DARK[GROUND]) >= 4.5
    for number in range(101):
        ground = shade(number / 100)
        assert contrast(text_on(ground), ground) >= 4.5


def test_shades_with_texts_do_not_turn_dark() -> None:
    """The shades on which a text stands have no dark counterpart, those without texts all have one."""
    assert not {shade(number / 1000) for number in range(1001)} & DARK.keys()
    assert not {text_on(shade(number / 10)) for number in range(11)} & DARK.keys()
    assert {tile_shade(number / 1000) for number in range(-5, 1010)} == set(TILE_SHADES) <= DARK.keys()


def test_eight_runs_have_eight_colours() -> None:
    """No two of eight runs are alike, in whatever order they come."""
    ids = [f"run-{number}" for number in range(8)]
    assert len({colour.hex for colour in colours_of(ids).values()}) == 8
    assert colours_of(ids) == colours_of(reversed(ids))


def test_forty_runs_have_forty_styles() -> None:
    """Beyond eight runs a dash pattern tells equal colours apart."""
    styles = styles_of(f"run-{number}" for number in range(40))
    assert len(set(styles.values())) == 40
    assert max(style.dash for style in styles.values()) == len(DASHES) - 1


def test_a_run_keeps_its_colour() -> None:
    """A run that has a colour keeps it when others come, and has the same one alone."""
    colours = RunColours()
    first = colours["a"]
    colours.add(["b", "c", "d"])
    assert colours["a"] == first == colours_of(["a"])["a"]


def test_darkened_changes_attributes_only() -> None:
    """A drawing for dark grounds has other colours, and a name that looks like one stays."""
    light = RUN_COLOURS[0]
    assert darkened(f'<path fill="{light.hex}"/>=&quot;{light.hex}&quot;') == (
        f'<path fill="{light.twin}"/>=&quot;{light.hex}&quot;'
    )
    assert f'figure [stroke="{light.hex}"]{{stroke:{light.twin}}}' in dark_rules("figure")
