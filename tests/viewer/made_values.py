"""A run with everything that is no number, hostile names and files among them, and a viewer of the pages' sources."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from struct import pack

import runlogging
from runlogging.charts import AccuracyTable, ConfusionMatrix, Predictions, Residuals
from tests.conftest import SOURCE
from tests.viewer.conftest import PAGES, TOKEN, Viewer

EVIL = "<img src=x onerror=alert(1)>"
EVIL_HTML = b"<!doctype html><script>alert('html ran'); fetch('http://127.0.0.1:9/html')</script><h1>hello</h1>"
EVIL_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="60" height="40" '
    b"onload=\"alert('svg ran')\"><script>alert('svg script ran')</script>"
    b'<image xlink:href="http://127.0.0.1:9/svg" width="5" height="5"/><rect width="60" height="40" fill="teal"/></svg>'
)
EVIL_NAME = "odd/it's \u202egnp.exe\u2028 \u00e9 %2e%2e ;a=b.txt"
NOTEBOOK = (
    b'{"nbformat": 4, "metadata": {}, "cells": [{"cell_type": "markdown", "source": ["# Title"]}, {"cell_type": "code",'
    b' "source": "1 + 1", "outputs": [{"data": {"text/plain": "2", "text/html": "<b>2</b>"}}]}]}'
)
LONG_LABEL = "a class with a very long name indeed"


def png(width: int, height: int, shift: int) -> bytes:
    """Return a picture of coloured fields that differs by `shift`."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    def pixel(x: int, y: int) -> bytes:
        return bytes(((x * 16 + shift * 20) % 256, (y * 16) % 256, 255 if (x // 4 + y // 4 + shift) % 2 else 60))

    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(width)) for y in range(height))
    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def make_run(root: Path) -> str:
    """Make a run that has every kind of value, and return ``experiment/id``."""
    with runlogging.start_run("values", root=root, name="all kinds", capture=False) as run:
        _log_plain(run)
        _log_pictures(run, root.parent)
        _log_charts(run)
        _keep_files(run)
        code = root.parent / "code"
        (code / "package").mkdir(parents=True)
        (code / "train.py").write_text(
            "import math\n\n\ndef loss(step):\n    return math.exp(-step)\n", encoding="utf-8"
        )
        (code / "package" / "evil.py").write_text(f"# {EVIL} \u202e\nLOSS = 1\n" + "x = 1\n" * 3000, encoding="utf-8")
        run.take_snapshot(code)
        return f"{run.path.parent.name}/{run.path.name}"


def _log_plain(run: runlogging.Run) -> None:
    run.log_text("note", "first line\nsecond line")
    run.log_text("note", EVIL, step=1)
    run.log_text("long text", "word " * 2000)
    run.log("is good", value=True, step=0)
    run.log("is good", value=False, step=1)
    run.log("nothing", None)
    run.log_list("rates", [0.1, float("nan"), 0.05, 0.2, float("inf")], "some rates")
    run.log_list("words", ["one", EVIL, None, True, 3])
    table = {
        "epoch": list(range(250)),
        "loss": [float("nan") if n == 3 else 1 / (1 + n) for n in range(250)],
        "what": [EVIL, None, "x|y"] + ["_"] * 247,
    }
    run.log_table("history", table)
    for step in range(5):
        run.log_row("grows", None, step=step, score=step / 10, **({"late": "yes"} if step > 2 else {}))
    nested = {"model": {"layers": [1, 2, {"deep": EVIL}], "name": "net"}, "lr": float("nan")}
    run._log_value("nested", nested, "", 3)
    run.log_text(EVIL, "a hostile name")


def _log_pictures(run: runlogging.Run, folder: Path) -> None:
    for step in range(4):
        picture = folder / f"shot{step}.png"
        picture.write_bytes(png(32, 24, step))
        run.log_image("samples", path=picture, step=step * 10)
    vector = folder / "evil.svg"
    vector.write_bytes(EVIL_SVG)
    run.log_image("vector", path=vector)


def _log_charts(run: runlogging.Run) -> None:
    true = [n % 3 for n in range(300)]
    pred = [(n + (n % 7 == 0)) % 3 for n in range(300)]
    run.log_confusion_matrix("confusion", ConfusionMatrix.from_predictions(true, pred, labels=[0, 1, 2]))
    names = [f"class {n}" for n in range(119)] + [LONG_LABEL]
    matrix = [[50 if row == column else (row * 7 + column * 3) % 5 for column in range(120)] for row in range(120)]
    run.log_confusion_matrix("many classes", ConfusionMatrix(tuple(names), tuple(map(tuple, matrix))))
    scores = [((n * 37) % 100) / 100 for n in range(300)]
    chances = [
        [0.7 * s + 0.3 * (t == 0), 0.5 * (1 - s) + 0.5 * (t == 1), 0.4 * s + 0.6 * (t == 2)]
        for s, t in zip(scores, true, strict=True)
    ]
    run.log_accuracy_table("accuracy", AccuracyTable.from_predictions(true, chances, labels=[0, 1, 2]))
    values = [n / 10 for n in range(200)]
    guesses = [value + ((n * 31) % 17 - 8) / 8 for n, value in enumerate(values)]
    run.log_residuals("residuals", Residuals.from_predictions(values, guesses, bins=12))
    run.log_predictions("predictions", Predictions.from_predictions(values, guesses, bins=12))
    for step in range(12):
        weights = [((n * 7919) % 1000 / 500 - 1) ** 3 * (1 + step / 6) + step / 12 for n in range(1000)]
        run.log_histogram("weights", [*weights, float("nan")] if step == 11 else weights, step=step * 100)


def _keep_files(run: runlogging.Run) -> None:
    for name, data in {
        "page.html": EVIL_HTML,
        "picture.svg": EVIL_SVG,
        "fake.png": EVIL_HTML,
        "table.csv": b"name,score\nanna,1\n<b>bob</b>,2\n",
        "settings.json": b'{"lr": 0.1, "layers": [1, 2, 3]}',
        "work.ipynb": NOTEBOOK,
        "log.txt": "plain \x1b[31mred\x1b[0m \u202e turned\n".encode(),
        "data.bin": bytes(range(256)) * 40,
        "large.txt": b"0123456789abcdef" * 65536,
        "paper.pdf": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n\0\0",
        "deep/down/small.txt": b"small",
        EVIL_NAME: b"odd name",
    }.items():
        keep(run, name, data)


def keep(run: runlogging.Run, name: str, data: bytes) -> None:
    """Keep a file with a run."""
    run.upload_file(name, io.BytesIO(data))


_SERVER = """
import sys
from pathlib import Path
from runlogging.viewer import Settings, create_app
from runlogging.viewer._serve import bound_socket, serve, url_of
root, static, token = sys.argv[1:]
listener = bound_socket("127.0.0.1", 0)
settings = Settings(Path(root), token, listener.getsockname()[1], static=Path(static))
print(url_of(settings), flush=True)
serve(create_app(settings), listener, lambda line: print(line, file=sys.stderr, flush=True))
"""


def start(root: Path) -> Viewer:
    """Start a viewer of a root with the pages as they stand in ``viewer/src``."""
    static = root.parent / "pages"
    shutil.copytree(PAGES, static, dirs_exist_ok=True)
    vendor = SOURCE / "runlogging" / "viewer" / "static" / "vendor"
    if vendor.is_dir():
        shutil.copytree(vendor, static / "vendor", dirs_exist_ok=True)
    command = [sys.executable, "-c", _SERVER, str(root), str(static), TOKEN]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, env={"PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"}
    )
    assert process.stdout is not None
    return Viewer(root, process.stdout.readline().strip(), TOKEN, process)
