"""Pictures are what their first bytes say; figures, images and arrays become PNG files that others read."""

from __future__ import annotations

import io
import os
import sys
import time
import types
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from runlogging._errors import ArtifactNotFoundError, InvalidValueError, RunLoggingError
from runlogging.run import _png
from runlogging.run._images import Picture, figure_of, picture_of
from runlogging.run._png import encode_png, png_size

from ..conftest import RunScript

PNG = encode_png(bytes(range(6)), 3, 2, 1)
_shapes = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([(), (1,), (3,), (4,)])).map(
    lambda parts: (*parts[:2], *parts[2])
)


def _decode(content: bytes | Path) -> Any:
    """Return the pixels of an image as Pillow reads them."""
    image_module = pytest.importorskip("PIL.Image")
    assert isinstance(content, bytes)
    with image_module.open(io.BytesIO(content)) as image:
        return np.asarray(image)


def _encode_with_pillow(kind: str, mode: str = "RGB") -> bytes:
    image_module = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    image_module.new(mode, (16, 12), 3).save(buffer, format=kind)
    return buffer.getvalue()


# ---------------------------------------------------------------------- the PNG writer


@settings(deadline=None)
@given(hnp.arrays(np.uint8, _shapes))
def test_array_comes_back_from_pillow(array: Any) -> None:
    """Every small array of 8 bits is read back by Pillow, value for value."""
    height, width = array.shape[:2]
    content = encode_png(array.tobytes(), width, height, array.shape[2] if array.ndim == 3 else 1)
    np.testing.assert_array_equal(_decode(content), array.squeeze(2) if array.shape[2:] == (1,) else array)
    assert png_size(content) == (height, width)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_array_comes_back_from_matplotlib(channels: int) -> None:
    """A picture larger than the window of zlib is read back by matplotlib."""
    image_module = pytest.importorskip("matplotlib.image")
    array = np.random.default_rng(1).integers(0, 256, (200, 301, channels), dtype=np.uint8)
    read = image_module.imread(io.BytesIO(encode_png(array.tobytes(), 301, 200, channels)), format="png")
    np.testing.assert_array_equal(np.rint(read * 255), array.squeeze())


def _chunks_of(content: bytes) -> list[tuple[bytes, bytes]]:
    """Return kind and data of each chunk, their checksums checked."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, data = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        assert int.from_bytes(content[at + 8 + length : at + 12 + length], "big") == zlib.crc32(kind + data)
        chunks.append((kind, data))
        at += 12 + length
    return chunks


def test_file_has_three_chunks() -> None:
    """A file is a header, the data and an end, each with its checksum, and no byte more."""
    header, data, end = _chunks_of(encode_png(b"abcdef", 1, 2, 3))
    assert header == (b"IHDR", b"\0\0\0\1\0\0\0\2\x08\x02\0\0\0")
    assert (data[0], zlib.decompress(data[1])) == (b"IDAT", b"\0abc\0def")
    assert end == (b"IEND", b"")


def test_data_beyond_a_chunk_goes_into_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data longer than a chunk can say is split, and read as one."""
    monkeypatch.setattr(_png, "_MAX_CHUNK", 10)
    array = np.random.default_rng(1).integers(0, 256, (5, 7), dtype=np.uint8)
    content = encode_png(array.tobytes(), 7, 5, 1)
    assert len(_chunks_of(content)) > 4
    np.testing.assert_array_equal(_decode(content), array)


@pytest.mark.parametrize(
    ("size", "width", "height", "channels"),
    [
        (0, 0, 1, 1),
        (0, 1, 0, 1),
        (2, 1, 1, 2),
        (5, 1, 1, 5),
        (3, 2, 2, 1),
        (5, 2, 2, 1),
        (1, -1, -1, 1),
        (0, 2**31, 1, 1),
    ],
)
def test_pixels_that_do_not_fit_are_refused(size: int, width: int, height: int, channels: int) -> None:
    """Sides, channels and the number of bytes must belong together."""
    with pytest.raises(InvalidValueError):
        encode_png(bytes(size), width, height, channels)


# ---------------------------------------------------------------------- files and bytes

_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
_HEADS = {
    "png": (PNG, ".png", [2, 3]),
    "png, cut off": (PNG[:20], ".png", None),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF", ".jpg", None),
    "gif 87": (b"GIF87a\1\0\1\0", ".gif", None),
    "gif 89": (b"GIF89a\1\0\1\0", ".gif", None),
    "webp": (b"RIFF\x24\0\0\0WEBPVP8 ", ".webp", None),
    "bmp": (b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0", ".bmp", None),
    "tiff, little": (b"II*\0\x08\0\0\0", ".tiff", None),
    "tiff, big": (b"MM\0*\0\0\0\x08", ".tiff", None),
    "avif": (b"\0\0\0\x1cftypavif\0\0\0\0mif1miaf", ".avif", None),
    "avif, compatible": (b"\0\0\0\x18ftypxxxx\0\0\0\0xxxxavif", ".avif", None),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", ".avif", None),
    "ico": (b"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0", ".ico", None),
    "svg": (_SVG, ".svg", None),
    "svg, all before it": (
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- <svg> -- > -->\r\n<!DOCTYPE svg PUBLIC "a" "b" [<!ENTITY c "d>">]>\t'
        + _SVG,
        ".svg",
        None,
    ),
    "svg, long comment": (b"<!--" + b"x" * 30_000 + b"-->" + _SVG, ".svg", None),
    "svg, utf-16": (("\ufeff<?xml?><svg>").encode("utf-16-le"), ".svg", None),
    "svg, no attributes": (b" \n<svg>", ".svg", None),
}
_NO_IMAGES = {
    "empty": b"",
    "text": b"hello",
    "text that begins as a bitmap": b"BMW builds cars in Munich",
    "html": b"<!DOCTYPE html><html><svg></svg></html>",
    "another element": b"<svgfoo>",
    "svg in text": b"see <svg>",
    "unclosed comment": b"<!-- <svg>",
    "sound": b"RIFF\x24\0\0\0WAVEfmt ",
    "video": b"\0\0\0\x18ftypisom\0\0\0\0isommp41",
    "brand behind the box": b"\0\0\0\x14ftypisom\0\0\0\0isomavif",
    "empty icon": b"\0\0\1\0\0\0",
    "zeros": bytes(100),
    "png, a bit lost": b"\x09" + PNG[1:],
    "pickle": b"\x80\x04\x95",
}


@pytest.mark.parametrize(("content", "extension", "shape"), _HEADS.values(), ids=_HEADS)
def test_first_bytes_tell_the_kind(tmp_path: Path, content: bytes, extension: str, shape: list[int] | None) -> None:
    """A file and bytes are known by how they begin, whatever the file is called."""
    path = tmp_path / "picture.txt"
    path.write_bytes(content)
    assert picture_of(path, None) == Picture(path, extension, shape)
    assert picture_of(str(path), None).content == path
    assert picture_of(None, content) == Picture(content, extension, shape)
    assert picture_of(None, bytearray(content)) == Picture(content, extension, shape)


@pytest.mark.parametrize("content", _NO_IMAGES.values(), ids=_NO_IMAGES)
def test_bytes_of_no_image_are_refused(tmp_path: Path, content: bytes) -> None:
    """The error shows the first bytes and says which kinds are known."""
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    says = repr(content[:16]) if content else "is empty"
    with pytest.raises(InvalidValueError, match="PNG, JPEG") as error:
        picture_of(path, None)
    assert says in str(error.value)
    assert repr(str(path)) in str(error.value)
    with pytest.raises(InvalidValueError, match="PNG, JPEG"):
        picture_of(None, content)


@pytest.mark.parametrize(
    ("kind", "extension"),
    [
        ("PNG", ".png"),
        ("JPEG", ".jpg"),
        ("GIF", ".gif"),
        ("WEBP", ".webp"),
        ("BMP", ".bmp"),
        ("TIFF", ".tiff"),
        ("ICO", ".ico"),
        ("AVIF", ".avif"),
    ],
)
def test_files_of_pillow_are_known(tmp_path: Path, kind: str, extension: str) -> None:
    """What Pillow writes in a format is known as that format."""
    pytest.importorskip("PIL.Image").init()
    if kind not in sys.modules["PIL.Image"].SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    path = tmp_path / "picture"
    path.write_bytes(_encode_with_pillow(kind))
    assert picture_of(path, None) == Picture(path, extension, [12, 16] if kind == "PNG" else None)


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_files_of_matplotlib_are_known(tmp_path: Path, kind: str) -> None:
    """What matplotlib writes as SVG, with its XML declaration and DOCTYPE, is an SVG."""
    path = tmp_path / "picture"
    pytest.importorskip("matplotlib.figure").Figure().savefig(path, format=kind)
    assert picture_of(path, None).extension == f".{kind}"


@pytest.mark.parametrize(
    "part",
    ["<!--", "<?x", "<!DOCTYPE [", " ", "<!DOCTYPE", "<!---->", "<?x?>", "<!-- -->\n", "<!DOCTYPE[]>", "<!DOCTYPE>"],
)
def test_long_files_that_are_no_svg_cost_little(part: str) -> None:
    """A file made of the beginnings of comments, or of whole ones, is refused in time in proportion to its length."""
    begin = time.process_time()
    with pytest.raises(InvalidValueError):
        picture_of(None, part.encode() * (65_536 // len(part)))
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("name", ["missing.png", "file/below.png", "", "no folder/a.png"])
def test_missing_file_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A path with no file behind it is an error of ours and a FileNotFoundError that names it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactNotFoundError, match=f"no file '{name}'") as error:
        picture_of(name, None)
    assert isinstance(error.value, RunLoggingError)
    assert isinstance(error.value, FileNotFoundError)


def test_folder_and_pipe_are_no_images(tmp_path: Path) -> None:
    """A folder is refused, and a named pipe as well, without waiting for its writer."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe):
        with pytest.raises(InvalidValueError, match="no image file"):
            picture_of(path, None)


@pytest.mark.parametrize("path", [5, b"a.png", [[1]], 2.5])
def test_path_of_another_type_is_refused(path: Any) -> None:
    """What is no path is sent to plot."""
    with pytest.raises(InvalidValueError, match="plot"):
        picture_of(path, None)


def test_exactly_one_of_path_and_plot_is_given(tmp_path: Path) -> None:
    """Neither and both are refused, and the error says which it was."""
    with pytest.raises(InvalidValueError, match="neither"):
        picture_of(None, None)
    with pytest.raises(InvalidValueError, match="both"):
        picture_of(tmp_path / "a.png", PNG)


# ---------------------------------------------------------------------- figures of matplotlib


def _matplotlib_figure() -> Any:
    figure = pytest.importorskip("matplotlib.figure").Figure(figsize=(3, 2), dpi=100)
    figure.add_subplot().plot([1, 2, 4])
    return figure


_PARTS: dict[str, Callable[[Any], Any]] = {
    "figure": lambda figure: figure,
    "axes": lambda figure: figure.axes[0],
    "line": lambda figure: figure.axes[0].lines[0],
    "axes in a sub-figure": lambda figure: figure.add_subfigure(figure.add_gridspec(2, 2)[0]).add_subplot(),
    "sub-figure": lambda figure: figure.add_subfigure(figure.add_gridspec(2, 2)[0]),
}


@pytest.mark.parametrize("take", [lambda plot: picture_of(None, plot), figure_of], ids=["picture", "figure"])
@pytest.mark.parametrize("part", _PARTS.values(), ids=_PARTS)
def test_figure_of_matplotlib_is_drawn(part: Callable[[Any], Any], take: Callable[[Any], Picture]) -> None:
    """A figure, and whatever is in one, gives a PNG of the whole figure."""
    picture = take(part(_matplotlib_figure()))
    assert (picture.extension, picture.shape) == (".png", [200, 300])
    pixels = _decode(picture.content)
    assert pixels.shape[:2] == (200, 300)
    assert pixels[..., :3].min() < 128  # something was drawn


def test_pyplot_gives_its_current_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module matplotlib.pyplot stands for the figure that it has open."""
    monkeypatch.setenv("MPLBACKEND", "agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.figure(figsize=(1, 2), dpi=100)
    try:
        assert picture_of(None, pyplot).shape == [200, 100]
    finally:
        pyplot.close("all")


def test_artist_that_was_removed_is_refused() -> None:
    """An artist without a figure cannot be drawn, and the error says so."""
    line = _matplotlib_figure().axes[0].lines[0]
    line.remove()
    with pytest.raises(InvalidValueError, match="in no figure"):
        picture_of(None, line)


def test_artist_of_old_matplotlib_is_drawn() -> None:
    """Before matplotlib 3.10 get_figure takes no root, and a sub-figure cannot save itself."""
    root = types.SimpleNamespace(savefig=lambda buffer, format: buffer.write(PNG))  # noqa: A006
    sub_figure = types.SimpleNamespace(figure=root)
    artist = types.SimpleNamespace(get_figure=lambda: sub_figure)
    assert picture_of(None, artist) == Picture(PNG, ".png", [2, 3])


def _raise(*_: object, **__: object) -> None:
    raise RuntimeError("no canvas")


@pytest.mark.parametrize("take", [lambda plot: picture_of(None, plot), figure_of], ids=["picture", "figure"])
@pytest.mark.parametrize("method", ["savefig", "get_figure"])
def test_failure_to_draw_is_chained(method: str, take: Callable[[Any], Picture]) -> None:
    """What savefig raised is told, and is the cause."""
    with pytest.raises(InvalidValueError, match="RuntimeError: no canvas") as error:
        take(types.SimpleNamespace(**{method: _raise}))
    assert isinstance(error.value.__cause__, RuntimeError)


def test_savefig_that_writes_no_png_is_refused() -> None:
    """An object that ignores the format that it was asked for is no figure."""
    with pytest.raises(InvalidValueError, match="wrote b'%PDF'"):
        picture_of(None, types.SimpleNamespace(savefig=lambda buffer, format: buffer.write(b"%PDF")))  # noqa: A006


# ---------------------------------------------------------------------- images of PIL


@pytest.mark.parametrize(
    ("mode", "kept"),
    [
        ("1", "1"),
        ("L", "L"),
        ("LA", "LA"),
        ("P", "P"),
        ("RGB", "RGB"),
        ("RGBA", "RGBA"),
        ("I;16", "I;16"),
        ("CMYK", "RGB"),
        ("YCbCr", "RGB"),
        ("HSV", "RGB"),
        ("LAB", "RGB"),
        ("RGBX", "RGB"),
        ("RGBa", "RGBA"),
        ("PA", "RGBA"),
        ("La", "LA"),
        ("F", "L"),
        ("I", "I;16"),
    ],
)
def test_image_of_every_mode_becomes_a_png(mode: str, kept: str) -> None:
    """Modes that PNG holds stay; the others become the nearest that it holds, and their pixels are those of Pillow."""
    image_module = pytest.importorskip("PIL.Image")
    rows = np.arange(60, 72, dtype=np.uint8).reshape(3, 4)
    image = image_module.new(mode, (4, 3))
    if mode not in ("LAB", "RGBX", "RGBa", "PA", "La", "1", "I;16"):
        image = (
            image_module.fromarray(np.stack([rows, rows + 50, rows + 90], 2))
            .convert("L" if mode == "LA" else "RGB")
            .convert(mode)
        )
    picture = picture_of(None, image)
    assert (picture.extension, picture.shape) == (".png", [3, 4])
    assert isinstance(picture.content, bytes)
    with image_module.open(io.BytesIO(picture.content)) as read:
        assert read.mode == kept
        np.testing.assert_array_equal(np.asarray(read), np.asarray(image if mode == kept else image.convert(kept)))


def test_profile_of_a_mode_that_is_gone_is_not_kept() -> None:
    """The colour profile of a CMYK image is not put on its RGB pixels; that of an RGB image stays."""
    image_module = pytest.importorskip("PIL.Image")
    for mode, is_kept in (("CMYK", False), ("RGB", True)):
        image = image_module.new(mode, (2, 2))
        image.info["icc_profile"] = b"a profile"
        assert (b"iCCP" in bytes(picture_of(None, image).content)) is is_kept


def test_image_without_pixels_is_refused() -> None:
    """An image that Pillow cannot write costs the picture, with Pillow's reason."""
    image = pytest.importorskip("PIL.Image").new("RGB", (0, 3))
    with pytest.raises(InvalidValueError, match="empty image") as error:
        picture_of(None, image)
    assert error.value.__cause__ is not None


# ---------------------------------------------------------------------- arrays


@settings(max_examples=200, deadline=None)
@given(
    hnp.arrays(
        st.sampled_from(["f2", "f4", "f8", ">f4"]).map(np.dtype),
        _shapes,
        elements=st.floats(0, 1, width=16) | st.integers(0, 510).map(lambda n: float(np.float16(n / 510))),
    )
)
def test_floats_are_scaled_and_rounded_half_to_even(array: Any) -> None:
    """Floats in 0..1 become numpy.rint of 255 times their exact value."""
    picture = picture_of(None, array)
    expected = np.rint(array.astype(np.float64) * 255).astype(np.uint8)
    np.testing.assert_array_equal(
        _decode(picture.content), expected.squeeze(2) if expected.shape[2:] == (1,) else expected
    )
    assert picture.shape == list(array.shape)


@pytest.mark.parametrize(
    ("given_values", "dtype", "pixels"),
    [
        ([[False, True]], np.bool_, [[0, 255]]),
        ([[0, 200]], np.uint8, [[0, 200]]),
        ([[0, 255]], np.int64, [[0, 255]]),
        ([[0, 255]], ">i2", [[0, 255]]),
        ([[0, 127]], np.int8, [[0, 127]]),
        ([[0.0, 1.0]], np.float32, [[0, 255]]),
        ([[0.5, -0.0]], np.float64, [[128, 0]]),
        ([[0.1, 0.3]], np.float64, [[26, 76]]),
        ([[1.5 / 255, 2.5 / 255]], np.float64, [[2, 2]]),
    ],
)
def test_pixels_by_dtype(given_values: Any, dtype: Any, pixels: Any) -> None:
    """Bools are black and white, ints are pixels as they are, floats are shares of 255."""
    np.testing.assert_array_equal(_decode(picture_of(None, np.array(given_values, dtype)).content), pixels)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 1), (2, 3, 3), (2, 3, 4), (3, 2, 3)])
def test_array_keeps_its_shape(shape: tuple[int, ...]) -> None:
    """The shape is that of the array, and an array in another order of memory is the same picture."""
    array = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    picture = picture_of(None, array)
    assert picture.shape == list(shape)
    assert picture == picture_of(None, np.asfortranarray(array)) == picture_of(None, array[::-1][::-1])


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((3, 20, 30)), r"shape \(3, 20, 30\).*height x width.*array\.transpose\(1, 2, 0\)"),
        (np.zeros((5, 20, 30)), r"shape \(5, 20, 30\) is no picture; give height x width[^.]*$"),
        (np.zeros((20, 30, 2)), r"shape \(20, 30, 2\)"),
        (np.zeros((8, 20, 30, 3)), "one by one"),
        (np.zeros(20), r"shape \(20,\)"),
        (np.float64(0.5), r"shape \(\)"),
        (np.zeros((0, 5)), "no pixels"),
        (np.zeros((5, 0, 3)), "no pixels"),
        (np.array([[-3, 300]]), r"0\.\.255; this one reaches from -3 to 300.*clip\(0, 255\)"),
        (np.array([[0, 2**64 - 1]], np.uint64), "18446744073709551615"),
        (np.array([[-1, 0]], np.int8), "from -1 to 0"),
        (np.array([[0.0, 254.5]]), r"0\.\.1; this one reaches from 0\.0 to 254\.5\..*array / 255"),
        (np.array([[-0.25, 1.0]], np.float32), "from -0.25 to 1.0"),
        (np.array([[0.0, np.nextafter(1, 2)]]), "from 0.0 to 1.0000000000000002"),
        (np.array([[0.5, np.nan, np.inf]]), "from 0.5 to 0.5 and has 2 that are not finite.*nan_to_num"),
        (np.array([[-np.inf, 0.5]]), "1 that are not finite"),
        (np.array([[np.nan]]), "has no finite number"),
        (np.array([[1j]]), "dtype complex128"),
        (np.array([["a"]]), "dtype <U1"),
        (np.array([[None]]), "dtype object"),
        (np.array([["2020"]], "M8[s]"), "dtype datetime64"),
    ],
    ids=str,
)
def test_array_that_is_no_picture_is_refused(array: Any, says: str) -> None:
    """The error names the shape, the dtype or the range, and what to do."""
    with pytest.raises(InvalidValueError, match=says):
        picture_of(None, array)


class _Tensor:
    """What torch shows of a tensor: numpy() works only outside of the graph and on the CPU."""

    dtype, shape = "torch.float32", (1, 2)

    def __init__(self, steps: tuple[str, ...] = ()) -> None:
        self._steps = steps

    def detach(self) -> _Tensor:
        return _Tensor((*self._steps, "detach"))

    def cpu(self) -> _Tensor:
        return _Tensor((*self._steps, "cpu"))

    def numpy(self) -> Any:
        if self._steps != ("detach", "cpu"):
            raise TypeError("call detach() and cpu() first")
        return np.array([[0.0, 1.0]], np.float32)

    def __array__(self, *_: object) -> Any:
        raise TypeError("call cpu() first")


class _JaxArray:
    dtype, shape = np.dtype("float32"), (1, 2)

    def __array__(self, *_: object, **__: object) -> Any:
        return np.array([[0.0, 1.0]], np.float32)


class _OtherTensor:
    dtype, shape = "float32", (1, 2)

    def numpy(self) -> Any:
        return np.array([[0.0, 1.0]], np.float32)


@pytest.mark.parametrize("tensor", [_Tensor(), _JaxArray(), _OtherTensor()], ids=["torch", "jax", "other"])
def test_tensors_are_arrays(tensor: Any) -> None:
    """Tensors of torch and arrays of JAX are taken from graph and device, and drawn."""
    picture = picture_of(None, tensor)
    np.testing.assert_array_equal(_decode(picture.content), [[0, 255]])
    assert picture.shape == [1, 2]


def test_tensor_that_numpy_cannot_hold_is_refused() -> None:
    """A tensor of a type unknown to numpy is told with the way out."""
    tensor = types.SimpleNamespace(dtype="torch.bfloat16", shape=(2, 2), numpy=_raise)
    with pytest.raises(InvalidValueError, match=r"torch\.bfloat16.*no canvas.*float32") as error:
        picture_of(None, tensor)
    assert isinstance(error.value.__cause__, RuntimeError)


@pytest.mark.parametrize(
    ("plot", "says"),
    [
        ([[0, 1], [1, 0]], r"list is no picture: make an array of it, numpy\.asarray"),
        (((0, 1),), "tuple is no picture: make an array"),
        ("a.png", "give a file as path="),
        (Path("a.png"), "give a file as path="),
        (5, "int is no picture: plot takes a matplotlib figure"),
        pytest.param(object(), "object is no picture: .*log_figure", id="object"),
        ({}, "dict is no picture"),
    ],
    ids=str,
)
def test_anything_else_is_refused(plot: Any, says: str) -> None:
    """What is no picture is named, with what would be one."""
    with pytest.raises(InvalidValueError, match=says):
        picture_of(None, plot)


# ---------------------------------------------------------------------- figures of plotly and altair

_TEXT = '{"data":[{"y":[1,2],"name":"ä"}]}'


def _plotly(text: Any = _TEXT) -> Any:
    return types.SimpleNamespace(to_json=lambda: text, to_plotly_json=dict)


def _altair(text: Any = _TEXT) -> Any:
    return types.SimpleNamespace(to_json=lambda: text, to_dict=dict)


@pytest.mark.parametrize("figure", [_plotly(), _altair()], ids=["plotly", "altair"])
def test_figure_for_browsers_gives_its_json(figure: Any) -> None:
    """Figures of plotly and altair are kept as the JSON that they write, in UTF-8."""
    assert figure_of(figure) == Picture(_TEXT.encode(), ".json", None)


@pytest.mark.parametrize("make", [_plotly, _altair])
@pytest.mark.parametrize("text", ["", "nonsense", "[1]", '{"a": NaN}', '"\ud800"', None, b"{}"])
def test_figure_that_gives_no_json_is_refused(make: Callable[[Any], Any], text: Any) -> None:
    """What is kept is a JSON object that any reader takes; anything else is refused, with the reason."""
    with pytest.raises(InvalidValueError, match="no JSON object") as error:
        figure_of(make(text))
    assert error.value.__cause__ is not None


def test_failure_to_write_json_is_chained() -> None:
    """What to_json raised, as altair does for too many rows, is told, and is the cause."""
    with pytest.raises(InvalidValueError, match="RuntimeError: no canvas") as error:
        figure_of(types.SimpleNamespace(to_json=_raise, to_plotly_json=dict))
    assert isinstance(error.value.__cause__, RuntimeError)


@pytest.mark.parametrize(
    "figure",
    [
        np.zeros((2, 2)),
        PNG,
        "a.png",
        [1],
        None,
        types.SimpleNamespace(to_json=str),
        types.SimpleNamespace(to_json=str, to_dict=dict, shape=(2, 2)),
    ],
    ids=["array", "bytes", "text", "list", "None", "half of altair", "table of pandas"],
)
def test_what_is_no_figure_is_refused(figure: Any) -> None:
    """The error names what log_figure takes, and log_image for the rest."""
    with pytest.raises(InvalidValueError, match=r"matplotlib.*plotly.*altair.*log_image takes arrays"):
        figure_of(figure)


# ---------------------------------------------------------------------- without the libraries


def test_pictures_need_no_other_package(run_script: RunScript) -> None:
    """Importing this, and taking bytes and figures, loads neither numpy nor PIL; a tensor asks for numpy."""
    program = """
        import sys, types
        from runlogging.run._images import picture_of
        from runlogging.run._png import encode_png
        print(picture_of(None, encode_png(b"a", 1, 1, 1)).shape)
        try:
            picture_of(None, types.SimpleNamespace(dtype="float32", shape=(1, 1), numpy=list))
        except ValueError as error:
            print("import numpy first" in str(error))
        print({"numpy", "PIL", "matplotlib"} & set(sys.modules))
    """
    assert run_script(program).stdout == "[1, 1]\nTrue\nset()\n"
