"""Pictures and figures: what a caller hands over, and the file that is kept of it.

Nothing here imports numpy, PIL, matplotlib, torch or a plotting library: their objects are known by what they can do.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from runlogging._errors import ArtifactNotFoundError, InvalidValueError
from runlogging._patterns import LazyPattern
from runlogging.run._png import SHAPES, SIGNATURE, encode_array, png_size

_HEAD = 64 * 1024  # bytes of a file that are looked at: an SVG may begin with a long comment or DOCTYPE
_KNOWN = "PNG, JPEG, GIF, WEBP, BMP, TIFF, SVG, AVIF, HEIC, ICO"


class Picture(NamedTuple):
    """A file to keep, not yet written.

    Attributes:
        content: the bytes of the file, or the path of the file to copy.
        extension: of the kind that the first bytes have, with its dot: ".png", ".jpg", ".gif", ".webp", ".bmp",
            ".tiff", ".svg", ".avif" (HEIC too), ".ico"; ".json" for figures of plotly and altair.
        shape: [height, width] in pixels; of arrays [height, width, channels] if they have that axis; None where it is
            not known without decoding.
    """

    content: bytes | Path
    extension: str
    shape: list[int] | None


def picture_of(path: str | os.PathLike[str] | None, plot: object) -> Picture:
    """Return the picture that a file or an object is.

    Args:
        path: an image file; what it is, its first bytes tell, whatever its name. None if `plot` is given.
        plot: None if `path` is given. Else the first of these that it is: bytes of an image file; a matplotlib figure,
            a seaborn grid or `matplotlib.pyplot` (anything with `savefig`); an Axes or other Artist (`get_figure`); a
            PIL image, whose mode is converted where PNG cannot hold it (F is cut off to 0..255); an array of numpy,
            torch or JAX, height x width or height x width x 1, 3 or 4: bool, uint8, other ints in 0..255, floats in
            0..1 (times 255, rounded half to even).

    Raises:
        ArtifactNotFoundError: there is no file `path`.
        InvalidValueError: both or neither are given; it is no image; a shape, dtype or range is not one of these;
            drawing or encoding failed (chained).
        OSError: the file cannot be read.
    """
    if (path is None) == (plot is None):
        which = "neither was" if path is None else "both were"
        raise InvalidValueError(f"give either path (an image file) or plot (a figure, image or array); {which} given")
    return _picture_of_file(path) if path is not None else _picture_of_object(plot)


def figure_of(figure: object) -> Picture:
    """Return the picture of a figure that can be drawn, and the JSON of one that a browser draws.

    Args:
        figure: matplotlib's or anything with `savefig` or `get_figure` (kept as PNG); plotly's (`to_json` and
            `to_plotly_json`) or altair's (`to_json` and `to_dict`), kept as the text of `to_json` in UTF-8.

    Raises:
        InvalidValueError: it is no figure, or drawing it failed (chained).
    """
    if _can(figure, "savefig") or _can(figure, "get_figure"):
        return _draw(figure)
    # pandas has both methods of altair on its tables and columns, which have a shape besides.
    is_altair = _can(figure, "to_json", "to_dict") and not hasattr(figure, "shape")
    if is_altair or _can(figure, "to_json", "to_plotly_json"):
        return _figure_json(figure)
    raise InvalidValueError(
        f"{_kind(figure)} is no figure: log_figure takes matplotlib's (anything with savefig, or an Axes), plotly's "
        "(to_json and to_plotly_json) and altair's (to_json and to_dict). log_image takes arrays, PIL images and files."
    )


def _can(value: object, *methods: str) -> bool:
    return all(callable(getattr(value, method, None)) for method in methods)


def _kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


# ---------------------------------------------------------------------- files and bytes


def _picture_of_file(path: str | os.PathLike[str]) -> Picture:
    if not isinstance(path, str | os.PathLike):
        raise InvalidValueError(f"path is the text or Path of an image file, not {_kind(path)}; objects go to plot")
    name = os.fspath(path)
    try:
        # Asked before it is opened: opening a named pipe would wait for its writer.
        if not stat.S_ISREG(os.stat(name).st_mode):  # noqa: PTH116, as Path("") would be the working directory
            raise InvalidValueError(f"{name!r} is a folder or a device, no image file; give one file")
        with open(name, "rb") as file:
            head = file.read(_HEAD)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ArtifactNotFoundError(
            f"there is no file {name!r}; a path that is not absolute starts at the working directory"
        ) from error
    return Picture(Path(name), *_sniff(head, repr(name)))


def _sniff(head: bytes, what: str) -> tuple[str, list[int] | None]:
    """Return extension and shape of the image that begins with these bytes."""
    for extension, is_kind in _KINDS:
        if is_kind(head):
            size = png_size(head)
            return extension, list(size) if size else None
    found = f"begins with {head[:16]!r}" if head else "is empty"
    raise InvalidValueError(f"{what} {found}: no image of a known kind ({_KNOWN}). Keep other files as artifacts.")


def _is_bmp(head: bytes) -> bool:
    """Tell a bitmap by "BM" and by the length of its second header: text may begin with these letters too."""
    return head[:2] == b"BM" and head[14:18] in {struct.pack("<I", n) for n in (12, 16, 40, 52, 56, 64, 108, 124)}


# ISO/IEC 23008-12 (HEIF) and the AV1 Image File Format: brands of stills and sequences.
_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})


def _is_heif(head: bytes) -> bool:
    """Tell AVIF and HEIC by the major or a compatible brand in the ftyp box, ISO/IEC 14496-12, section 4.3."""
    if head[4:8] != b"ftyp":
        return False
    box = head[: int.from_bytes(head[:4], "big")]
    return any(box[at : at + 4] in _BRANDS for at in (8, *range(16, len(box), 4)))


def _is_icon(head: bytes) -> bool:
    # Four bytes are little to go by, so at least one picture and the reserved zero of the first are asked for as well.
    return head[:4] == b"\0\0\1\0" and head[4:6] != b"\0\0" and head[9:10] == b"\0"


# What may stand before the root element: XML 1.0, production 22, and white space, which browsers forgive.
_SVG = LazyPattern(
    r"""(?xs) \ufeff? (?: \s++ | <\?.*?\?> | <!--.*?--> | <!(?i:doctype)\b [^\[>]*+ (?: \[ [^\]]*+ \] \s*+ )? > )*+
    <svg [\s/>]"""
)


def _is_svg(head: bytes) -> bool:
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return _SVG.re.match(head.decode(encoding, "ignore")) is not None


_KINDS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    (".png", lambda head: head.startswith(SIGNATURE)),
    (".jpg", lambda head: head.startswith(b"\xff\xd8\xff")),
    (".gif", lambda head: head.startswith((b"GIF87a", b"GIF89a"))),
    (".webp", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    (".bmp", _is_bmp),
    (".tiff", lambda head: head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"))),  # "+": over 4 GiB (BigTIFF)
    (".avif", _is_heif),
    (".ico", _is_icon),
    (".svg", _is_svg),
)


# ---------------------------------------------------------------------- objects


def _picture_of_object(plot: object) -> Picture:
    if isinstance(plot, bytes | bytearray):
        content = bytes(plot)
        return Picture(content, *_sniff(content[:_HEAD], "plot"))
    if _can(plot, "savefig") or _can(plot, "get_figure"):
        return _draw(plot)
    if _can(plot, "save") and isinstance(getattr(plot, "mode", None), str) and hasattr(plot, "size"):
        return _encode_pil(plot)
    if hasattr(plot, "dtype") and hasattr(plot, "shape") and "numpy" in sys.modules:
        array = _array_of(plot)
        return Picture(encode_array(array), ".png", [int(length) for length in array.shape])
    raise InvalidValueError(f"{_kind(plot)} is no picture: {_advice(plot)}")


def _advice(plot: object) -> str:
    if isinstance(plot, list | tuple):
        return f"make an array of it, numpy.asarray(rows), {SHAPES}; or give the figure itself"
    if isinstance(plot, str | os.PathLike):
        return "give a file as path="
    return (
        "plot takes a matplotlib figure, Axes or pyplot, a PIL image, an array of numpy, torch or JAX (import numpy "
        "first), or the bytes of an image file. log_figure takes figures of plotly and altair."
    )


def _png_from(what: object, save: Callable[[io.BytesIO], object]) -> Picture:
    """Return what `save` writes, which must be a PNG."""
    buffer = io.BytesIO()
    try:
        save(buffer)
        content = buffer.getvalue()
    except InvalidValueError:
        raise
    except Exception as error:
        raise InvalidValueError(f"{_kind(what)} gives no PNG: {type(error).__name__}: {error}") from error
    size = png_size(content)
    if size is None:
        raise InvalidValueError(f"{_kind(what)} wrote {content[:16]!r} where a PNG was asked for")
    return Picture(content, ".png", list(size))


def _draw(plot: Any) -> Picture:
    def save(buffer: io.BytesIO) -> None:
        figure = plot if _can(plot, "savefig") else _figure_behind(plot)
        figure.savefig(buffer, format="png")

    return _png_from(plot, save)


def _figure_behind(artist: Any) -> Any:
    try:
        figure = artist.get_figure(root=True)
    except TypeError:  # matplotlib before 3.10 has no `root`; there the root is the `figure` of a sub-figure
        figure = artist.get_figure()
        figure = getattr(figure, "figure", figure)
    if figure is None:
        raise InvalidValueError(
            f"{_kind(artist)} is in no figure; give the figure itself, or log it before it is removed"
        )
    return figure


_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I;16B"})
_NEAREST_MODES = {"F": "L", "I": "I;16", "I;16L": "I;16", "I;16N": "I;16", "La": "LA", "PA": "RGBA", "RGBa": "RGBA"}


def _encode_pil(image: Any) -> Picture:
    def save(buffer: io.BytesIO) -> None:
        if image.mode in _PNG_MODES:
            image.save(buffer, format="PNG")
        else:
            # The colour profile describes the old mode: a reader would apply it to the new one.
            image.convert(_NEAREST_MODES.get(image.mode, "RGB")).save(buffer, format="PNG", icc_profile=None)

    return _png_from(image, save)


def _figure_json(figure: Any) -> Picture:
    try:
        content = figure.to_json().encode()
        msgspec.json.decode(content, type=dict)
    except Exception as error:
        raise InvalidValueError(f"{_kind(figure)} gives no JSON object: {type(error).__name__}: {error}") from error
    return Picture(content, ".json", None)


def _array_of(tensor: Any) -> Any:
    """Return an array of numpy or a tensor of another library as an array of numpy."""
    try:
        if _can(tensor, "detach", "cpu"):  # torch: out of the graph, and off the device
            tensor = tensor.detach().cpu().numpy()
        elif not hasattr(tensor, "__array__") and _can(tensor, "numpy"):
            tensor = tensor.numpy()
        return sys.modules["numpy"].asarray(tensor)
    except Exception as error:
        raise InvalidValueError(
            f"{_kind(tensor)} of dtype {tensor.dtype} gives no numpy array: {error}. Convert it to float32 or uint8."
        ) from error
