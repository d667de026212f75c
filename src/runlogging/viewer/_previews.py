"""The beginning of a file, as something that a page can show: text, table, JSON, notebook. Never anything active."""

from __future__ import annotations

import codecs
import csv
import re
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from runlogging._texts import UNSAFE, as_escape
from runlogging.viewer._downloads import picture_type

_TEXT_BYTES = 1 << 18
_JSON_BYTES = 4 << 20
_MOST_ROWS = 1000
_MOST_COLUMNS = 200
_HEX_BYTES = 512
_KINDS = {
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg"), "image"),
    **dict.fromkeys((".csv", ".tsv"), "table"),
    ".json": "json",
    ".ipynb": "notebook",
    **dict.fromkeys((".txt", ".md", ".log", ".py", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".sh", ".sql"), "text"),
    **dict.fromkeys((".jsonl", ".rst", ".tex", ".r", ".html", ".htm", ".xml", ".js", ".css"), "text"),
}
# What steers terminals and pages, turns the direction of text, or is not seen at all; newlines and tabs stay.
_UNSEEN = re.compile(f"[{UNSAFE}\u061c\u200b-\u200f\u2060-\u2065\ufeff]")


def kind_of(name: str) -> str:
    """Return what a preview would be, by the name: "image", "table", "json", "notebook", "text" or "unknown"."""
    return _KINDS.get(PurePosixPath(name).suffix.lower(), "unknown")


def shown(text: str) -> str:
    r"""Return text in which everything can be seen: ESC is ``\x1b``, a turn of direction ``\u202e``."""
    return _UNSEEN.sub(as_escape, text.replace("\r\n", "\n"))


def preview(path: Path, name: str) -> dict[str, Any]:
    """Return the beginning of a file.

    Args:
        path: the file.
        name: what it is called; its ending says what it may be.

    Returns:
        ``kind``: "image" (shown by itself), "table" (``columns``, ``rows``), "json" (``value``), "notebook" (``cells``
        of ``type``, ``source``, ``outputs``), "text" (``text``) or "binary" (``text``, a hex dump); ``cut``: a sentence
        where it is not all; ``size`` in bytes.

    Raises:
        OSError: the file cannot be read.
    """
    kind = kind_of(name)
    most = _JSON_BYTES if kind in ("json", "notebook") else _TEXT_BYTES
    with path.open("rb") as file:
        data = file.read(most + 1)
    size = path.stat().st_size
    is_cut = len(data) > most
    if picture_type(data[:16]) or (kind == "image" and name.lower().endswith(".svg")):
        return {"kind": "image", "size": size, "cut": None}
    return {**_of_content(data[:most], kind, name, is_cut=is_cut), "size": size}


def _of_content(data: bytes, kind: str, name: str, *, is_cut: bool) -> dict[str, Any]:
    if is_binary(data):
        cut = f"The first {_HEX_BYTES} bytes are shown." if len(data) > _HEX_BYTES else None
        return {"kind": "binary", "text": _hex_dump(data[:_HEX_BYTES]), "cut": cut}
    if kind in ("json", "notebook") and not is_cut:
        made = _of_json(data, kind)
        if made:
            return {**made, "cut": None}
    text, is_shorter = decoded(data, is_cut=is_cut)
    cut = f"The first {_TEXT_BYTES // 1024} KiB are shown." if is_shorter else None
    if kind == "table":
        rows = _rows(text, "\t" if name.lower().endswith(".tsv") else ",", is_cut=is_shorter)
        if rows:
            note = cut or (f"The first {_MOST_ROWS} rows are shown." if len(rows) > _MOST_ROWS + 1 else None)
            return {"kind": "table", "columns": rows[0], "rows": rows[1 : _MOST_ROWS + 1], "cut": note}
    return {"kind": "text", "text": shown(text), "cut": cut}


def is_binary(data: bytes) -> bool:
    """Tell whether the beginning of a file is no text."""
    return b"\0" in data[:8192] and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def decoded(data: bytes, *, is_cut: bool = False, most: int = _TEXT_BYTES) -> tuple[str, bool]:
    r"""Return bytes as text, and whether it is not all of them; bytes that are no UTF-8 stand as ``\xff``.

    Args:
        data: the bytes.
        is_cut: whether the file goes on behind them.
        most: how many bytes are taken.
    """
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    is_cut = is_cut or len(data) > most
    decoder = codecs.getincrementaldecoder("utf-16" if is_utf16 else "utf-8-sig")("backslashreplace")
    return decoder.decode(data[:most], final=not is_cut), is_cut


def _rows(text: str, separator: str, *, is_cut: bool) -> list[list[str]]:
    if is_cut:
        text = text[: text.rfind("\n") + 1]
    rows: list[list[str]] = []
    try:
        for row in csv.reader(text.splitlines(keepends=True), delimiter=separator):
            rows.append([shown(cell) for cell in row[:_MOST_COLUMNS]])
            if len(rows) > _MOST_ROWS + 1:
                break
    except csv.Error:
        return []
    return rows


def _of_json(data: bytes, kind: str) -> dict[str, Any] | None:
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if kind == "notebook" and isinstance(value, dict) and isinstance(value.get("cells"), list):
        return {"kind": "notebook", "cells": [_cell(cell) for cell in value["cells"] if isinstance(cell, dict)]}
    return {"kind": "json", "value": value}


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    outputs = cell.get("outputs")
    made = [_output(output) for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
    return {
        "type": shown(str(cell.get("cell_type", "raw"))[:40]),
        "source": shown(_joined(cell.get("source"))),
        "outputs": [text for text in made if text],
    }


def _output(output: dict[str, Any]) -> str:
    """Return an output of a notebook as text; pictures and HTML are named, never shown."""
    if "text" in output:
        return shown(_joined(output["text"]))
    if "ename" in output:
        return shown(f"{output['ename']}: {output.get('evalue', '')}")
    data = output.get("data")
    if not isinstance(data, dict):
        return ""
    text = shown(_joined(data.get("text/plain")))
    others = ", ".join(shown(str(kind)[:60]) for kind in data if kind != "text/plain")
    return text + (f"\n[{others} is not shown]" if others else "")


def _joined(text: Any) -> str:
    if isinstance(text, list):
        return "".join(part for part in text if isinstance(part, str))
    return text if isinstance(text, str) else ""


def _hex_dump(data: bytes) -> str:
    lines = []
    for start in range(0, len(data), 16):
        part = data[start : start + 16]
        letters = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{start:08x}  {part.hex(' '):<47}  {letters}")
    return "\n".join(lines)
