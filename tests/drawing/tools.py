"""What the tests of drawings share."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")

HOSTILE = (
    "<script>alert(1)</script>\"' onload=alert(1) &amp; ]]> <!-- \x00\x1b[31m\x7f\u202eevil\ud800\ufffe\n\ttab 深層学習"
)

SVG = "{http://www.w3.org/2000/svg}"


def parsed(svg: str) -> ElementTree.Element:
    """Return a drawing's root after checking that it is one, says what it shows, and has nothing active in it."""
    svg.encode("utf-8")
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    title, sentence = root[0], root[1]
    assert (title.tag, sentence.tag) == (f"{SVG}title", f"{SVG}desc")
    assert title.text
    assert sentence.text
    assert sentence.text.endswith(".")
    for element in root.iter():
        assert element.tag.removeprefix(SVG) in _ELEMENTS
        assert not any(name.startswith("on") or name in ("style", "href") for name in element.attrib)
    return root


_ELEMENTS = frozenset({"svg", "title", "desc", "g", "rect", "line", "path", "text", "circle"})


def texts(svg: str) -> list[str]:
    """Return the texts that a drawing shows."""
    return [element.text or "" for element in parsed(svg).iter(f"{SVG}text")]


def numbers_in_paths(svg: str) -> list[float]:
    """Return all numbers in the paths of a drawing."""
    paths = "".join(element.get("d", "") for element in parsed(svg).iter(f"{SVG}path"))
    return [float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", paths)]


def pixels(svg: str, folder: Path, scale: float = 1) -> tuple[int, int, bytes]:
    """Return width, height and the RGB bytes of a drawing as chromium draws it on white."""
    from PIL import Image

    root = parsed(svg)
    width, height = round(float(root.get("width", "0"))), round(float(root.get("height", "0")))
    page, picture = folder / "page.html", folder / "page.png"
    page.write_text(f"<!doctype html><meta charset=utf-8><body style='margin:0'>{svg}", encoding="utf-8")
    subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"),
            *(f"--force-device-scale-factor={scale}", f"--window-size={width},{height + 200}"),
            *(f"--screenshot={picture}", page.as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    with Image.open(io.BytesIO(picture.read_bytes())) as image:
        return image.width, image.height, image.convert("RGB").tobytes()
