"""A frame with two axes: grid, ticks, titles. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from runlogging.drawing._canvas import box, cut, heading, label, line, note, text_width
from runlogging.drawing._markup import Markup, joined
from runlogging.drawing._palette import FAINT, LINE, TEXT
from runlogging.drawing._scales import Scale
from runlogging.drawing._ticks import Ticks, duration_ticks, log_ticks, number_ticks, time_ticks

Kind = Literal["number", "step", "time", "relative"]
"""What an axis counts: numbers, whole steps, seconds since 1970 (shown in UTC), seconds since the start."""

_TITLES: dict[str, str] = {"step": "step", "time": "time (UTC)", "relative": "time since the start", "number": ""}


@dataclass(frozen=True)
class Frame:
    """Where the inside of a chart is, and its axes.

    Attributes:
        x, y: the axes.
        width: the width of the whole chart, in pixels.
        bottom: where the axis titles end, in pixels from the top.
        markup: grid, ticks and titles.
    """

    x: Scale
    y: Scale
    width: float
    bottom: float
    markup: Markup


def framed(
    x_limits: tuple[float, float],
    y_limits: tuple[float, float],
    *,
    title: str = "",
    x_kind: Kind = "number",
    x_title: str | None = None,
    y_title: str = "",
    log_y: bool = False,
    width: float = 460,
    inner_height: float = 180,
    y_ticks: Ticks | None = None,
    x_ticks: Ticks | None = None,
) -> Frame:
    """Return a frame whose left margin is as wide as its numbers.

    Args:
        x_limits: the ends of the x axis.
        y_limits: the ends of the y axis in its own numbers, which are decimal logarithms with `log_y`.
        title: what stands above.
        x_kind: what x counts.
        x_title: what stands below the x axis; None takes the usual title of its kind.
        y_title: what stands beside the y axis.
        log_y: whether y is logarithmic.
        width: the whole width, in pixels.
        inner_height: the height between the axes' ends, in pixels.
        y_ticks: ticks in place of round numbers.
        x_ticks: likewise.
    """
    ticks = y_ticks if y_ticks is not None else (log_ticks if log_y else number_ticks)(*y_limits, 6)
    title_room = 16 if y_title else 0
    left = min(max((text_width(text, 11) for _, text in ticks), default=0) + 12, width / 3) + title_room
    top = 28.0 if title else 10.0
    x = Scale(*x_limits, left, width - 14)
    y = Scale(*y_limits, top + inner_height, top, log_y)
    below = _TITLES[x_kind] if x_title is None else x_title
    marks = x_ticks if x_ticks is not None else _x_ticks(x_kind, x_limits, (x.end - x.start) / 50)
    parts = [
        heading(title, width),
        *_y_axis(ticks, x, y),
        *_x_axis(marks, x, y),
        note(below, (x.start + x.end) / 2, y.start + 31, x.end - x.start, anchor="middle"),
    ]
    if y_title:
        parts.append(label(y_title, 12, (y.start + y.end) / 2, anchor="middle", fill=FAINT, size=11, turned=True))
    return Frame(x, y, width, y.start + (36 if below else 22), joined(parts))


def _x_ticks(kind: Kind, ends: tuple[float, float], most: float) -> Ticks:
    count = max(2, int(most))
    if kind == "time":
        try:
            return time_ticks(*ends, count, in_utc=True)
        except (OverflowError, ValueError, OSError):  # beyond the years that can be said
            pass
    elif kind == "relative":
        return duration_ticks(*ends, count)
    return number_ticks(*ends, count, whole=kind == "step")


def _y_axis(ticks: Ticks, x: Scale, y: Scale) -> list[Markup]:
    parts = []
    for place, text in ticks:
        height = y.place(place)
        parts.append(line(x.start, height, x.end, height, LINE))
        parts.append(label(text, x.start - 6, height + 4, anchor="end", fill=FAINT, size=11))
    return parts


def _x_axis(ticks: Ticks, x: Scale, y: Scale) -> list[Markup]:
    parts = [line(x.start, y.start, x.end, y.start, FAINT)]
    behind = -1e9
    for place, text in ticks:
        at, half = x.place(place), text_width(text, 11) / 2
        parts.append(line(at, y.start, at, y.start + 4, FAINT))
        middle = min(max(at, half + 2), x.end + 12 - half)
        if middle - half > behind:  # long numbers stand at every second tick, or fewer
            parts.append(label(text, middle, y.start + 17, anchor="middle", fill=FAINT, size=11))
            behind = middle + half + 6
    return parts


class Entry:
    """A line of a legend.

    Args:
        text: what it says.
        colour: of its mark.
        dash: the pattern of its mark, where that is a line.
        is_area: whether the mark is a square.
    """

    def __init__(self, text: str, colour: str, dash: str = "", *, is_area: bool = False) -> None:
        self.text, self.colour, self.dash, self.is_area = text, colour, dash, is_area


_MARK, _ROW = 22, 17
_MOST_ENTRIES = 40


def legend(entries: Sequence[Entry], left: float, top: float, width: float) -> tuple[Markup, float]:
    """Return a legend in rows, and where it ends, in pixels from the top."""
    shown = list(entries[:_MOST_ENTRIES])
    if len(entries) > len(shown):
        shown.append(Entry(f"and {len(entries) - len(shown)} more", "none"))
    parts: list[Markup] = []
    x, y = left, top
    for entry in shown:
        text = cut(entry.text, width - left - _MARK - 8, 11)
        room = _MARK + text_width(text, 11) + 14
        if x > left and x + room > width:
            x, y = left, y + _ROW
        parts += [_mark(entry, x, y), label(text, x + _MARK, y + 4, fill=TEXT, size=11)]
        x += room
    return joined(parts), (y + 12 if shown else top)


def _mark(entry: Entry, x: float, y: float) -> Markup:
    if entry.is_area:
        return box(x + 4, y - 5, 11, 11, entry.colour)
    dash = entry.dash or None
    return line(x, y, x + 17, y, entry.colour, stroke_width=2.5, stroke_dasharray=dash)
