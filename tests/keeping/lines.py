"""Files of JSON Lines as Hypothesis makes them: lines of ours, lines of others, and bytes that are no lines."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from runlogging.folder import ArtifactLine, Line, encode_line, nonfinite_text, second_text

SECONDS = st.integers(-62_135_596_800, 253_402_300_799) | st.integers(1_796_000_000, 1_796_000_002)
TIMES = st.builds(lambda second, us: f"{second_text(second)}{us:06d}Z", SECONDS, st.integers(0, 999_999))
TEXTS = st.text(max_size=12)
NAMES = st.sampled_from(["loss", "acc", "a/b", "", "ü", "\x00"]) | TEXTS
WHOLE = st.integers(-(1 << 63), (1 << 63) - 1)
BEYOND = st.integers(-(1 << 70), 1 << 70)
FLOATS = st.floats()
JSON = st.recursive(
    st.none() | st.booleans() | BEYOND | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXTS, JSON, max_size=3)

ENVELOPE: dict[str, st.SearchStrategy[Any]] = {
    "level": st.sampled_from(["INFO", "WARNING", "mine"]),
    "logger": TEXTS,
    "message": TEXTS,
    "template": TEXTS,
    "file": TEXTS,
    "line": BEYOND,
    "function": TEXTS,
    "thread": TEXTS,
    "task": TEXTS,
    "process": WHOLE,
    "level_number": BEYOND,
    "attributes": OBJECTS,
    "exception": st.fixed_dictionaries({"type": TEXTS, "message": TEXTS, "stacktrace": TEXTS})
    | st.dictionaries(st.sampled_from(["type", "message", "stacktrace", "more"]), TEXTS),
    "stack": TEXTS,
    "problems": st.lists(TEXTS, max_size=2),
    "recorded": st.just(True),
    "description": TEXTS,
}
HEAD: dict[str, st.SearchStrategy[Any]] = {"seq": st.integers(1, 50) | BEYOND, "step": BEYOND}


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    """Return the fields of a line that hold its numbers, as our builder makes them."""
    metrics: dict[str, Any] = {}
    nonfinite: dict[str, str] = {}
    exact: dict[str, str] = {}
    for name, value in draw(st.dictionaries(NAMES, FLOATS | WHOLE | BEYOND, min_size=1, max_size=4)).items():
        if isinstance(value, float) and value - value != 0:
            metrics[name], nonfinite[name] = None, nonfinite_text(value)
        elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63 and draw(st.booleans()):
            metrics[name], exact[name] = draw(st.sampled_from([float(value), None])), str(value)
        else:
            metrics[name] = value
    return {"metrics": metrics, "nonfinite": nonfinite or None, "exact": exact or None}


@st.composite
def our_lines(draw: st.DrawFn, stream: str) -> bytes:
    """Return a line as the package writes it; the fields of other streams are seldom among its own."""
    if stream == "artifacts":
        name, size, digest = draw(TEXTS), draw(BEYOND), draw(TEXTS)
        kind = draw(st.none() | TEXTS)
        seq = draw(st.none() | HEAD["seq"])
        return encode_line(ArtifactLine(seq=seq, time=draw(TIMES), name=name, size=size, sha256=digest, type=kind))
    fields: dict[str, Any] = draw(st.fixed_dictionaries({"time": TIMES}, optional={**HEAD, **ENVELOPE}))
    if stream != "logs" or draw(st.integers(0, 9)) == 0:
        fields |= draw(numbers())
    if stream == "values":
        fields["values"] = draw(st.lists(OBJECTS, max_size=2))
    return encode_line(Line(**fields))


ODD = st.sampled_from(
    [
        b"\n",
        b"\r\n",
        b"  \n",
        b"{}\n",
        b"[]\n",
        b"null\n",
        b"\x00\x00\x00\n",
        b"\xff\xfe\n",
        b'{"time":"2026-11-23T23:05:02.000000Z"}\r\n',
        b' { "seq" : 3 , "time" : "2026-11-23T23:05:02.000000Z" , "metrics" : { "a" : 1.50 , "b" : 1E5 } } \n',
        b'{"seq":4,"time":"2026-11-23T23:05:02.000000Z","metrics":{"a":1.0,"a":2.0}}\n',
        b'{"seq":5,"time":"2026-11-23T23:05:02.000000Z","metrics":{"a":true,"b":"x","c":[1],"d":null}}\n',
        b'{"seq":5,"time":"2026-11-23T23:05:02.000000Z","metrics":{}}\n',
        b'{"seq":5,"time":"2026-11-23T23:05:02.000000Z","metrics":{"a":null},"nonfinite":{}}\n',
        b'{"seq":5,"time":"2026-11-23T23:05:02.000000Z","metrics":{"a":1.5},"nonfinite":{"a":"NaN"}}\n',
        b'{"seq":5,"time":"2026-11-23T23:05:02.000000Z","metrics":{"a":1.5,"b":2},"exact":{"b":"2","a":"0x10"}}\n',
        b'{"seq":6,"time":"2026-11-23T23:05:02Z","message":"short time"}\n',
        b'{"seq":6,"time":"2026-11-23T23:05:02.123456+02:00","message":"of another zone"}\n',
        b'{"seq":6,"time":"soon","message":"no time"}\n',
        b'{"seq":7,"time":"2026-11-23T23:05:02.000000Z","message":"\\u00fc","unknown":{"deep":[1]}}\n',
        b'{"seq":8.5,"time":"2026-11-23T23:05:02.000000Z"}\n',
        b'{"seq":9,"time":"2026-11-23T23:05:02.000000Z","step":null,"message":"null"}\n',
        b'{"time":"2026-11-23T23:05:02.000000Z","name":"a","size":1.0,"sha256":"00"}\n',
        b'{"time":"2026-11-23T23:05:02.000000Z","name":"a","size":3,"sha256":"00","more":1}\n',
    ]
)
TAILS = st.sampled_from([b"", b"{", b'{"seq":9}', b"\x00\x00", b"\r", b'{"time":"2026-11-23T23:05:02.000000Z"}'])


def reordered(line: bytes) -> bytes:
    """Return a line of ours with its fields in another order, as another program may write them."""
    return json.dumps(dict(reversed(json.loads(line).items()))).encode() + b"\n"


def files(stream: str) -> st.SearchStrategy[bytes]:
    """Return contents of files of a stream."""
    ours = our_lines(stream)
    line = ours | ours | ours.map(reordered) | ODD | st.binary(max_size=20).map(lambda data: data + b"\n")
    return st.builds(lambda lines, tail: b"".join(lines) + tail, st.lists(line, max_size=12), TAILS)
