"""Pictures of curves in the terminal, drawn by plotext."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from runlogging._errors import MissingExtraError
from runlogging.drawing._ticks import Ticks

DOTS_A_COLUMN = 2
"""How many dots lie side by side in one character."""

_FRAME = str.maketrans("┌┐└┘├┤┬┴┼─│", "+++++++++-|")


@dataclass(frozen=True)
class Line:
    """A line.

    Attributes:
        xs, ys: where its points lie, finite, in the order in which they are joined.
        key: the character that draws it where the terminal has no colours; None draws it in dots.
        colour: its number among the 256 colours; None: no colour.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    key: str | None = None
    colour: int | None = None


@dataclass(frozen=True)
class Picture:
    """What is drawn.

    Attributes:
        lines: the lines, the last on top.
        marks: single characters at the lower edge: where, which one, and its colour.
        x, y: the ends of the axes, low below high.
        x_ticks, y_ticks: the ticks.
        x_label: what stands below the x axis.
    """

    lines: Sequence[Line]
    x: tuple[float, float]
    y: tuple[float, float]
    marks: Sequence[tuple[float, str, int | None]] = ()
    x_ticks: Ticks = field(default_factory=list)
    y_ticks: Ticks = field(default_factory=list)
    x_label: str = ""


def drawn(picture: Picture, width: int, height: int, *, colours: bool, dots: bool) -> list[str]:
    """Return the lines of text that show a picture.

    Args:
        picture: the picture.
        width: its width in characters, the ticks included.
        height: its height in characters, ticks and label included.
        colours: whether the text has colours.
        dots: whether the encoding has braille and box characters; else it is ASCII.

    Raises:
        MissingExtraError: plotext, of version 6 at least, is not installed (also an ImportError).
    """
    plotext = _plotext()
    with _cleared(plotext) as figure:
        figure.theme("colorless")
        figure.plot_size(width, height)
        for line in picture.lines:
            figure.draw(_signal(plotext, line, colours=colours, dots=dots).lines(True))
        for x, mark, colour in picture.marks:
            pixel = _pixel(plotext, colour, colours=colours)
            figure.draw(figure.signal([x], [picture.y[0]], marker=plotext.marker(mark, pixel=pixel)).lines(False))
        _set_axes(figure, picture)
        text = figure.build().string(not colours)
    lines = [line.rstrip() for line in text.rstrip("\n").split("\n")]
    return lines if dots else [line.translate(_FRAME) for line in lines]


def _plotext() -> Any:
    try:
        import plotext
    except ImportError as error:
        raise MissingExtraError("plotting in the terminal", "plotext 6", "plot") from error
    if not hasattr(plotext, "figure"):
        raise MissingExtraError("plotting in the terminal", "plotext 6", "plot")
    return plotext


@contextmanager
def _cleared(plotext: Any) -> Iterator[Any]:
    """Give the one figure that the module has, empty before and after, and as large as it is told to be."""
    plotext.terminal.limit(False, False)
    plotext.figure.clear()
    try:
        yield plotext.figure
    finally:
        plotext.terminal.limit()
        plotext.figure.clear()


def _signal(plotext: Any, line: Line, *, colours: bool, dots: bool) -> Any:
    symbol = line.key or ("braille" if dots else "*")
    if len(line.xs) == 1 and symbol == "braille":
        symbol = "•"  # one dot of eight is easily overlooked
    marker = plotext.marker(symbol, pixel=_pixel(plotext, line.colour, colours=colours))
    return plotext.figure.signal(list(line.xs), list(line.ys), marker=marker)


def _pixel(plotext: Any, colour: int | None, *, colours: bool) -> Any:
    return plotext.pixel(colour) if colours and colour is not None else plotext.pixel()


def _set_axes(figure: Any, picture: Picture) -> None:
    for axis, ends, ticks in ((0, picture.x, picture.x_ticks), (1, picture.y, picture.y_ticks)):
        figure.ruler(axis).lim(*ends)
        figure.ruler(axis).ticks([place for place, _ in ticks], [text for _, text in ticks])
    if picture.x_label:
        figure.label(picture.x_label, 0)
