"""A PNG writer for pixels of 8 bits and for arrays, so that these need neither Pillow nor matplotlib.

Nothing here imports numpy; who has an array of it has it imported.
"""

from __future__ import annotations

import struct
import sys
import zlib
from collections.abc import Iterator
from typing import Any

from runlogging._errors import InvalidValueError

SHAPES = "height x width, optionally x 1 (grey), x 3 (RGB) or x 4 (RGBA)"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}  # greyscale, truecolour, truecolour with alpha
_MAX_SIDE = _MAX_CHUNK = 2**31 - 1
# Levels 1 to 9 and the filters None, Sub and Up were measured on photographs, plots, masks, heat maps and noise.
# Level 6 halves a heat map against level 4 in little more time (5 to 30 ms a megabyte); level 9 gains a few percent
# more for up to five times the time. Filter Up takes 7 to 30 percent off a photograph, and adds two thirds to a heat
# map.
_LEVEL = 6
_NO_FILTER = b"\0"


def encode_png(pixels: bytes, width: int, height: int, channels: int) -> bytes:
    """Return pixels of 8 bits as a PNG file.

    The file is a signature and the chunks IHDR, IDAT and IEND, as in "Portable Network Graphics (PNG) Specification
    (Third Edition)", W3C, sections 5.2 (signature), 5.3 (chunk layout), 11.2 (critical chunks), 9 (filters; None for
    each row) and 10 (zlib). It has neither a palette nor interlacing nor any ancillary chunk.

    Args:
        pixels: height * width * channels bytes: row by row from the top, pixels from the left, channels side by side.
        width: pixels a row, from 1 to 2**31 - 1.
        height: rows, likewise.
        channels: 1 (grey), 3 (red, green, blue) or 4 (and alpha, not premultiplied).

    Raises:
        InvalidValueError: a side or the number of channels is out of range, or there are too few or too many bytes.
    """
    if not (1 <= width <= _MAX_SIDE and 1 <= height <= _MAX_SIDE and channels in _COLOUR_TYPES):
        raise InvalidValueError(
            f"a PNG cannot be {width} x {height} with {channels} channels: sides are 1 to 2**31 - 1, channels 1, 3, 4"
        )
    if len(pixels) != width * height * channels:
        raise InvalidValueError(f"{width} x {height} pixels of {channels} bytes are not {len(pixels)} bytes")
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    data = zlib.compress(_scanlines(pixels, width * channels), _LEVEL)
    return b"".join([SIGNATURE, _chunk(b"IHDR", header), *_data_chunks(data), _chunk(b"IEND", b"")])


def _scanlines(pixels: bytes, row: int) -> bytes:
    return b"".join(_NO_FILTER + pixels[start : start + row] for start in range(0, len(pixels), row))


def _data_chunks(data: bytes) -> Iterator[bytes]:
    """Give the IDAT chunks; more than one only beyond 2 GiB, which is what a length can say (section 5.3)."""
    for start in range(0, len(data), _MAX_CHUNK):
        yield _chunk(b"IDAT", data[start : start + _MAX_CHUNK])


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def png_size(head: bytes) -> tuple[int, int] | None:
    """Return height and width from the first 24 bytes of a PNG file, None where there is no header of one."""
    if len(head) < 24 or not head.startswith(SIGNATURE) or head[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", head[16:24])
    return (height, width) if width and height else None


# ---------------------------------------------------------------------- arrays


def encode_array(array: Any) -> bytes:
    """Return an array as a PNG file.

    Args:
        array: of numpy, height x width or height x width x 1, 3 or 4; bool (False is 0, True 255), uint8, other ints in
            0..255, or floats in 0..1 (times 255, rounded half to even).

    Raises:
        InvalidValueError: its shape, dtype or range is another, or it is empty.
    """
    shape = [int(length) for length in array.shape]
    if array.ndim not in (2, 3) or (array.ndim == 3 and shape[2] not in _COLOUR_TYPES):
        raise InvalidValueError(f"an array of shape {tuple(shape)} is no picture; give {SHAPES}{_shape_hint(shape)}")
    if 0 in shape:
        raise InvalidValueError(f"an array of shape {tuple(shape)} has no pixels")
    channels = shape[2] if array.ndim == 3 else 1
    return encode_png(_pixels_of(array).tobytes(), shape[1], shape[0], channels)


def _shape_hint(shape: list[int]) -> str:
    if len(shape) == 3 and shape[0] in _COLOUR_TYPES:
        return ". If its channels come first, use array.transpose(1, 2, 0)"
    return ". Log the pictures of a batch one by one" if len(shape) == 4 else ""


def _pixels_of(array: Any) -> Any:
    """Return an array as uint8, by the kind of its dtype."""
    numpy = sys.modules["numpy"]
    kind = array.dtype.kind
    if kind == "b":
        return array.astype(numpy.uint8) * numpy.uint8(255)
    if kind in "iu":
        return _check_ints(array).astype(numpy.uint8)
    if kind == "f":
        # In doubles the product is exact for float16 and float32, so it is rounded once.
        scaled = _check_floats(array, numpy).astype(numpy.float64)
        scaled *= 255
        return numpy.rint(scaled, out=scaled).astype(numpy.uint8)
    raise InvalidValueError(f"an array of dtype {array.dtype} is no picture; give bool, int (0..255) or float (0..1)")


def _check_ints(array: Any) -> Any:
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > 255:
        raise InvalidValueError(
            f"an array of ints must lie in 0..255; this one reaches from {low} to {high}. Cut it off, "
            "array.clip(0, 255), or scale it to floats in 0..1, (array - array.min()) / (array.max() - array.min())"
        )
    return array


def _check_floats(array: Any, numpy: Any) -> Any:
    if array.min() >= 0 and array.max() <= 1:  # NaN fails this as well
        return array
    finite = array[numpy.isfinite(array)]
    ends = f"reaches from {float(finite.min())!r} to {float(finite.max())!r}" if finite.size else "has no finite number"
    odd = f" and has {array.size - finite.size} that are not finite" if 0 < finite.size < array.size else ""
    raise InvalidValueError(
        f"an array of floats must be finite and lie in 0..1; this one {ends}{odd}. Scale it, array / 255 or "
        "(array - array.min()) / (array.max() - array.min()), cut it off, array.clip(0, 1), and replace NaN, "
        "numpy.nan_to_num(array)"
    )
