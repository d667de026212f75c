"""The search in a log: the hits of a look at every line, whatever the files look like, and no line read twice."""

from __future__ import annotations

import logging
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import runlogging
from runlogging.folder import Line, encode_line, stream_path
from runlogging.reading import LogEntry, LogPages, open_run
from runlogging.reading import _order as order_module
from runlogging.reading import _streams as streams_module
from runlogging.viewer._log_search import Search

from ..reading.tools import manifest_only

MESSAGES = ("step one", "STEP two", "a\x00b", "nothing", "Straße", "ΣΑΣ", 'said "step"', "")
LOGGERS = ("train", "train.step", "stepper", None)
EXCEPTION = {"type": "ValueError", "message": "no step", "stacktrace": "..."}
BAD = (b"\n", b"{torn\n", b'{"seq":1} {"level":"INFO","message":"step"}\n', b'{"level":"INFO","message":"step"}\n')


def _line(number: int, chance: random.Random) -> tuple[str, Line]:
    clock = f"2026-11-23T23:05:00.{number:06d}Z"
    if chance.random() < 0.4:
        entry = {"level": "INFO", "message": "step point"} if chance.random() < 0.3 else {}
        return "metrics", Line(seq=number, time=clock, metrics={"step": number}, **entry)  # type: ignore[arg-type]
    exception = EXCEPTION if chance.random() < 0.2 else None
    level, logger = chance.choice(("INFO", "ERROR")), chance.choice(LOGGERS)
    message = chance.choice(MESSAGES)
    return "logs", Line(seq=number, time=clock, level=level, logger=logger, message=message, exception=exception)


def _write(run: Path, count: int, chance: random.Random, *, is_bad: bool) -> None:
    files: dict[str, list[bytes]] = {}
    for number in range(1, count + 1):
        stream, line = _line(number, chance)
        files.setdefault(stream, []).append(encode_line(line))
    for stream, lines in files.items():
        if len(lines) > 3:  # a little out of order
            lines[0], lines[2] = lines[2], lines[0]
        for _ in range(3 if is_bad else 0):
            lines.insert(chance.randrange(len(lines) + 1), chance.choice(BAD))
        stream_path(run, stream, "main").write_bytes(b"".join(lines))


def _holds(entry: LogEntry, sought: str) -> bool:
    texts = (entry.message, entry.logger, *(entry.exception or {}).values())
    return any(sought.lower() in (text or "").lower() for text in texts)


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    count=st.integers(1, 150),
    block=st.sampled_from([300, 1000, 1 << 16]),
    most=st.sampled_from([700, 3000, 1 << 17]),
    is_bad=st.booleans(),
    query=st.sampled_from(["step", "STEP", "stepper", "b", "\x00", "ß", "σασ", '"', "no step", "absent"]),  # noqa: RUF001
)
def test_hits_are_those_of_a_look_at_every_line(
    seed: int, count: int, block: int, most: int, is_bad: bool, query: str
) -> None:
    """A search finds the entries whose message, logger or exception holds the text, of any level and logger."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams_module, "BLOCK_BYTES", block)
        patch.setattr(order_module, "_SLICE_BYTES", most)
        run = manifest_only(Path(folder))
        _write(run, count, random.Random(seed), is_bad=is_bad)
        pages, reader = LogPages(run), open_run(run)
        for level, logger in ((None, ""), ("ERROR", ""), (None, "train"), ("INFO", "train.step")):
            search = Search(query, level, logger)
            assert search.advance(pages, 60)
            rows = [
                entry
                for entry in reader.logs(level)
                if not logger or entry.logger == logger or (entry.logger or "").startswith(f"{logger}.")
            ]
            assert search.scanned == len(rows)
            assert list(search.hits) == [row for row, entry in enumerate(rows) if _holds(entry, query)]


def test_an_expression_has_the_hits_of_its_text(tmp_path: Path) -> None:
    """An expression is sought in the same texts as a text."""
    run = manifest_only(tmp_path)
    _write(run, 150, random.Random(1), is_bad=False)
    pages = LogPages(run)
    hits = []
    for query in ("step", "/step/i", "/[s]tep/i"):
        search = Search(query, None, "")
        assert search.advance(pages, 60)
        hits.append(list(search.hits))
    assert hits[0]
    assert hits[0] == hits[1] == hits[2]


def test_each_byte_is_read_about_once(tmp_path: Path) -> None:
    """Slices of a log between numbers overlap by little, and numbers that are no entries are not read."""
    with runlogging.start_run("turns", root=tmp_path) as run:
        logger = logging.getLogger("turns")
        logger.setLevel(logging.INFO)
        for step in range(6_000):
            run.log_metrics({"loss": step / 7, "rate": step / 3}, step=step)
            logger.info("step %d", step)
    path = Path(run.path)
    sizes = {name: (path / f"{name}.jsonl").stat().st_size for name in ("logs", "metrics")}
    assert min(sizes.values()) > 5 * streams_module.BLOCK_BYTES
    read, slices = 0, LogPages(path).slices
    for one in slices:
        assert one.streams == {"logs"}
        read += sum(span.end - span.begin for span in one.pieces[0].batch.spans if span.file.stream == "logs")
    assert read < 1.1 * sizes["logs"]
    assert len(slices) < 1.2 * sum(sizes.values()) / order_module._SLICE_BYTES
