"""The sheet a picture is drawn on: size, title, sentence, texts of known width. No I/O."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from unicodedata import east_asian_width

from runlogging.drawing._markup import Markup, element, joined, number_text, one_line
from runlogging.drawing._palette import FAINT, GROUND, TEXT, tile_shade

FONT = 12
FONTS = "system-ui, 'Segoe UI', 'Noto Sans', sans-serif"
WIDTH = 460.0
# The widths of letters in the size of a text face, those of wide faces, so that nothing is drawn beyond its room.
_SHARES = {
    **dict.fromkeys("iIjl.,:;'|! ", 0.34),
    **dict.fromkeys('fJrt()[]{}/-"', 0.42),
    **dict.fromkeys("ACDGHKNOQRUVXZ", 0.74),
    **dict.fromkeys("mwMW%@&<>=+#~", 0.9),
}
_SHARE, _BOLD = 0.62, 1.12


def text_width(text: str, size: float = FONT, *, bold: bool = False) -> float:
    """Return about how wide a text is, in pixels."""
    return size * (_BOLD if bold else 1.0) * sum(map(_share_of, text))


def _share_of(letter: str) -> float:
    share = _SHARES.get(letter)
    if share is None:
        share = 1.0 if east_asian_width(letter) in "WF" else _SHARE
    return share


def cut(text: str, width: float, size: float = FONT, *, bold: bool = False) -> str:
    """Return a text on one line, cut with an ellipsis where it is wider than some pixels."""
    text = one_line(text[: int(width)])
    if text_width(text, size, bold=bold) <= width:
        return text
    while text and text_width(f"{text}…", size, bold=bold) > width:
        text = text[:-1]
    return f"{text}…"


def label(
    text: str,
    x: float,
    y: float,
    *,
    anchor: str | None = None,
    fill: str = TEXT,
    size: float = FONT,
    bold: bool = False,
    turned: bool = False,
) -> Markup:
    """Return a text.

    Args:
        text: what it says, as it is.
        x: where it stands, in pixels.
        y: its baseline, in pixels from the top.
        anchor: "middle" or "end" where it does not start there.
        fill: its colour.
        size: its size in pixels.
        bold: whether it is bold.
        turned: whether it runs upwards.
    """
    return element(
        "text",
        one_line(text),
        x=x,
        y=y,
        fill=fill,
        font_size=None if size == FONT else size,
        text_anchor=anchor,
        font_weight="600" if bold else None,
        transform=f"rotate(-90 {x:.1f} {y:.1f})" if turned else None,
    )


def line(x1: float, y1: float, x2: float, y2: float, stroke: str, **attributes: object) -> Markup:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, **attributes)


def box(x: float, y: float, width: float, height: float, fill: str, **attributes: object) -> Markup:
    """Return a rectangle; one with a text in `title` shows it under a pointer."""
    title = attributes.pop("title", None)
    inside = [element("title", one_line(str(title)))] if title is not None else []
    return element("rect", *inside, x=x, y=y, width=width, height=height, fill=fill, **attributes)


def sheet(width: float, height: float, title: str, sentence: str, *parts: str, ground: bool = False) -> Markup:
    """Return a drawing: an `svg` element that stands by itself or inside a page.

    Args:
        width: in pixels.
        height: in pixels.
        title: what it is called.
        sentence: what it shows, for those who do not see it.
        parts: what is drawn.
        ground: whether it has a white ground of its own; else it is transparent.
    """
    return element(
        "svg",
        element("title", one_line(title) or "chart"),
        element("desc", one_line(sentence)),
        *([box(0, 0, width, height, GROUND, rx=4)] if ground else []),
        joined(parts),
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
        role="img",
        font_family=FONTS,
        font_size=FONT,
    )


def tiles(cells: Iterable[tuple[float, float, float]], width: float, height: float) -> Markup:
    """Return many cells of a heat map in little text: one path a shade.

    Args:
        cells: x and y of the upper left corner, in pixels, and the share from 0 to 1 that the shade says.
        width: of each cell, in pixels.
        height: of each cell, in pixels.
    """
    paths: defaultdict[str, list[str]] = defaultdict(list)
    for x, y, share in cells:
        paths[tile_shade(share)].append(
            f"M{number_text(x, 1)} {number_text(y, 1)}h{number_text(width, 1)}v{number_text(height, 1)}"
            f"h{number_text(-width, 1)}z"
        )
    return joined(element("path", d="".join(path), fill=colour) for colour, path in paths.items())


def heading(title: str, width: float) -> Markup:
    """Return the title at the top of a sheet; nothing where there is none."""
    shown = cut(title, width - 16, 13, bold=True)
    return label(shown, 8, 17, size=13, bold=True) if shown else Markup()


def note(text: str, x: float, y: float, width: float, *, anchor: str | None = None) -> Markup:
    """Return a secondary text, cut to a width."""
    return label(cut(text, width, 11), x, y, fill=FAINT, size=11, anchor=anchor)
