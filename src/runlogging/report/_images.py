"""Pictures of a run as data: URIs, bounded in size."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from runlogging._texts import short_number, size_text
from runlogging.drawing._markup import Markup, element
from runlogging.drawing._numbers import counted
from runlogging.reading import RunReader, Value
from runlogging.report._parts import BAD_VALUE, Section, faint, label_text, section

_MOST_STEPS = 4  # pictures of one name
_LARGE = 200_000  # bytes of a picture from which on it is made smaller
_MOST_BYTES = 1_000_000  # of one picture as it is
_MOST_IN_ALL = 6_000_000
_MOST_PIXELS = 1000  # of the longer side of a picture that was made smaller
_MOST_READ = 100_000_000

_SIGNATURES = (
    *((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg")),
    *((b"GIF87a", "image/gif"), (b"GIF89a", "image/gif"), (b"BM", "image/bmp")),
)
KINDS = frozenset({"image", "figure"})


class _Budget:
    """How many bytes of pictures still have room."""

    def __init__(self) -> None:
        self.left = _MOST_IN_ALL


class Picture(NamedTuple):
    """The content of a picture and its media type."""

    content: bytes
    kind: str


def images_section(run: RunReader, values: Sequence[Value]) -> Section | None:
    """Return the section of the pictures that a run logged; None where there are none."""
    names: dict[str, list[Value]] = {}
    for value in values:
        if value.type in KINDS and value.artifact:
            names.setdefault(value.name, []).append(value)
    budget = _Budget()
    parts = [_name(run, name, pictures, budget) for name, pictures in names.items()]
    return section("Images", "images", *parts) if parts else None


def _name(run: RunReader, name: str, pictures: Sequence[Value], budget: _Budget) -> Markup:
    kept = spread(pictures, _MOST_STEPS)
    said = f"{counted(len(pictures), 'picture')}, {len(kept)} of them shown." if len(kept) < len(pictures) else ""
    shown = element("div", *(_figure(run, value, budget) for value in kept), class_="images")
    return Markup(element("h3", label_text(name)) + (faint(said) if said else "") + shown)


def spread(values: Sequence[Value], most: int) -> list[Value]:
    """Return the first, the last and some between, at equal distances."""
    if len(values) <= most:
        return list(values)
    return [values[round(at * (len(values) - 1) / (most - 1))] for at in range(most)]


def _figure(run: RunReader, value: Value, budget: _Budget) -> Markup:
    step = "" if value.step is None else f"step {short_number(value.step)}"
    caption = ", ".join(filter(None, (step, value.description if isinstance(value.description, str) else "")))
    try:
        shown = _shown(run.artifact(str(value.artifact)), value.name, budget)
    except BAD_VALUE as error:
        shown = faint(f"This picture cannot be shown: {error}")
    return element("figure", shown, element("figcaption", caption) if caption else "")


def _shown(path: Path, name: str, budget: _Budget) -> Markup:
    size = path.stat().st_size
    file = path.name
    if size > _MOST_READ:
        return faint(f"{file} has {size_text(size)} and is left out.")
    with path.open("rb") as opened:
        content = opened.read()
    kind = _kind_of(content)
    if kind is None:
        return faint(f"{file} is no picture that this page can hold; see the files of the run.")
    picture = _smaller(Picture(content, kind)) if size > _LARGE else Picture(content, kind)
    if len(picture.content) > min(_MOST_BYTES, budget.left):
        return faint(f"{file} has {size_text(size)} and is left out, so that this page stays small.")
    budget.left -= len(picture.content)
    source = f"data:{picture.kind};base64,{base64.b64encode(picture.content).decode()}"
    said = f", {file} made smaller from {size_text(size)}" if picture.content is not content else ""
    return element("img", src=source, alt=f"{label_text(name)}{said}")


def _kind_of(content: bytes) -> str | None:
    """Return the media type that the first bytes say; a name says nothing."""
    for signature, kind in _SIGNATURES:
        if content.startswith(signature):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    head = content[:2000].lstrip(b"\xef\xbb\xbf \t\r\n")
    # A drawing inside of an img element runs no script and loads nothing.
    return (
        "image/svg+xml" if head.startswith((b"<?xml", b"<svg", b"<!--", b"<!DOCTYPE")) and b"<svg" in content else None
    )


def _smaller(picture: Picture) -> Picture:
    """Return a picture with fewer pixels where Pillow is there and can read it; else as it is."""
    try:
        from PIL import Image
    except ImportError:
        return picture
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture of far too many pixels only warns
            with Image.open(io.BytesIO(picture.content)) as opened:
                opened.thumbnail((_MOST_PIXELS, _MOST_PIXELS))
                target = io.BytesIO()
                has_alpha = "A" in opened.getbands() or "transparency" in opened.info
                if has_alpha:
                    opened.convert("RGBA").save(target, "PNG", optimize=True)
                else:
                    opened.convert("RGB").save(target, "JPEG", quality=85)
    except (OSError, ValueError, SyntaxError, Warning, MemoryError, Image.DecompressionBombError):
        return picture
    made = target.getvalue()
    kind = "image/png" if has_alpha else "image/jpeg"
    return Picture(made, kind) if len(made) < len(picture.content) else picture
