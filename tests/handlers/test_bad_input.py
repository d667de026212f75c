"""Bad arguments are refused when the handler is made; a log call never raises, and its record is kept."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runlogging import InvalidNameError, InvalidValueError, RootError, RunHandler, RunLoggingError

from ..conftest import RunScript, all_lines
from . import DROP_RIGHTS, manifest_of

# ---------------------------------------------------------------------- arguments


def test_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """It is our error and an OSError, and names the file; also where the file is a parent of the root."""
    file = tmp_path / "file"
    file.write_text("mine")
    for root in (file, file / "deep" / "root"):
        with pytest.raises(RootError) as caught:
            RunHandler(root)
        assert isinstance(caught.value, RunLoggingError)
        assert isinstance(caught.value, OSError)
        assert str(file) in str(caught.value)
    assert file.read_text() == "mine"


def test_root_that_cannot_be_written_is_refused(run_script: RunScript) -> None:
    """The nearest folder that exists may not be written: said at once, with its path, and nothing is made."""
    done = run_script(f"""
        import os, pathlib, tempfile
        from runlogging import RunHandler, RunLoggingError
        folder = pathlib.Path(tempfile.mkdtemp())
        folder.chmod(0o555)
        {DROP_RIGHTS}
        try:
            RunHandler(folder / "a" / "b")
        except OSError as error:
            print(isinstance(error, RunLoggingError), str(folder) in str(error), "written" in str(error))
        print(os.listdir(folder))
    """)
    assert done.stdout.splitlines() == ["True True True", "[]"]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"experiment": "a/b"}, InvalidNameError),
        ({"experiment": ".."}, InvalidNameError),
        ({"experiment": ""}, InvalidNameError),
        ({"experiment": "con"}, InvalidNameError),
        ({"experiment": "x" * 129}, InvalidNameError),
        ({"experiment": 3}, InvalidNameError),
        ({"run_id": "../r1"}, InvalidNameError),
        ({"run_id": ""}, InvalidNameError),
        ({"run_id": "a b"}, InvalidNameError),
        ({"run_id": 7}, InvalidNameError),
        ({"durability": "safe"}, InvalidValueError),
        ({"durability": None}, InvalidValueError),
        ({"tags": {"seed": 3}}, InvalidValueError),
        ({"tags": {4: "four"}}, InvalidValueError),
        ({"tags": "text"}, InvalidValueError),
        ({"tags": 5}, InvalidValueError),
    ],
)
def test_bad_argument_is_refused_at_once(tmp_path: Path, given: dict[str, Any], kind: type[Exception]) -> None:
    """It is our error and a ValueError, and shows the value; no folder is made."""
    with pytest.raises(kind) as caught:
        RunHandler(tmp_path / "runs", **given)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, RunLoggingError)
    (value,) = given.values()
    shown = str(next(iter(value.items()))[1]) if isinstance(value, dict) else str(value)
    assert shown in str(caught.value) or type(value).__name__ in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("run_name", [None, "", "any / text ☂", "x" * 10_000])
def test_name_for_people_is_any_text(tmp_path: Path, logger: logging.Logger, run_name: str | None) -> None:
    """A run's name is kept as it was given."""
    handler = RunHandler(tmp_path, run_name=run_name)
    logger.addHandler(handler)
    logger.info("x")
    assert manifest_of(handler.run_path)["name"] == run_name


# ---------------------------------------------------------------------- records


class _Silent:
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class _UnprintableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class _BrokenMapping(dict[str, float]):
    def items(self) -> Any:
        raise RuntimeError("no items")


def _cyclic() -> dict[str, Any]:
    cycle: dict[str, Any] = {"a": 1}
    cycle["self"] = [cycle]
    return cycle


def _deep(levels: int) -> list[Any]:
    deep: list[Any] = []
    for _ in range(levels):
        deep = [deep]
    return deep


Check = Callable[[dict[str, Any]], bool]
EXTRAS: dict[str, tuple[dict[str, Any], Check]] = {
    "metrics text": ({"metrics": "loss"}, lambda line: line["attributes"] == {"metrics": "loss"}),
    "metrics list": ({"metrics": [1, 2]}, lambda line: line["attributes"] == {"metrics": [1, 2]}),
    "metrics none": ({"metrics": None}, lambda line: "metrics" not in line),
    "metrics empty": ({"metrics": {}}, lambda line: "metrics" not in line),
    "broken mapping": ({"metrics": _BrokenMapping(a=1)}, lambda line: "metrics not readable" in line["problems"][0]),
    "names": (
        {"metrics": {1: 1.0, None: 2, ("a", 2): 3}},
        lambda line: line["metrics"] == {"1": 1.0, "None": 2, "('a', 2)": 3},
    ),
    "equal names": ({"metrics": {1: 1, "1": 2}}, lambda line: line["metrics"] == {"1": 1, "1#2": 2}),
    "silent name": ({"metrics": {_Silent(): 1}}, lambda line: list(line["metrics"].values()) == [1]),
    "nan": ({"metrics": {"a": float("nan")}}, lambda line: line["nonfinite"] == {"a": "NaN"}),
    "infinity": ({"metrics": {"a": -float("inf")}}, lambda line: line["nonfinite"] == {"a": "-Infinity"}),
    "huge int": ({"metrics": {"a": 10**30}}, lambda line: line["exact"] == {"a": str(10**30)}),
    "huger int": ({"metrics": {"a": 10**5000}}, lambda line: line["exact"]["a"] == hex(10**5000)),
    "surrogate name": ({"metrics": {"a\udc80": 1}}, lambda line: list(line["metrics"].values()) == [1]),
    "surrogate value": ({"metrics": {"a": "x\ud800y"}}, lambda line: line["values"][0]["type"] == "text"),
    "surrogate attribute": ({"a": "x\ud800y", "b\udfff": 1}, lambda line: len(line["attributes"]) == 2),
    "nan attribute": ({"a": [float("nan")]}, lambda line: line["attributes"] == {"a": ["NaN"]}),
    "huge attribute": ({"a": 10**30}, lambda line: line["attributes"] == {"a": str(10**30)}),
    "cycle": ({"a": _cyclic()}, lambda line: line["attributes"]["a"]["a"] == 1),
    "cyclic metric": ({"metrics": {"a": _cyclic()}}, lambda line: line["values"][0]["type"] == "json"),
    "deep attribute": ({"a": _deep(1000)}, lambda line: "a" in line["attributes"]),
    "deeper attribute": ({"a": _deep(100_000)}, lambda line: "a" in line["attributes"]),
    "deep metric": ({"metrics": {"a": _deep(1000)}}, lambda line: line["values"][0]["name"] == "a"),
    "large attribute": ({"a": "x" * 5_000_000}, lambda line: len(line["attributes"]["a"]) == 5_000_000),
    "large metric": ({"metrics": {"a": "x" * 5_000_000}}, lambda line: line["values"][0]["name"] == "a"),
    "silent attribute": ({"a": _Silent()}, lambda line: isinstance(line["attributes"]["a"], str)),
    "silent metric": ({"metrics": {"a": _Silent(), "b": 1}}, lambda line: line["metrics"] == {"b": 1}),
    "envelope": (
        {"seq": 99, "time": "now", "level": "NO", "logger": "x", "file": "f", "template": "t", "values": [1]},
        lambda line: line["attributes"]["seq"] == 99 and line["attributes"]["time"] == "now",
    ),
    "marks": (
        {"problems": ["p"], "nonfinite": {"a": "NaN"}, "exact": {}, "recorded": True, "attributes": {"a": 1}},
        lambda line: "problems" not in line and "nonfinite" not in line and line["attributes"]["problems"] == ["p"],
    ),
    "step text": ({"step": "3"}, lambda line: line["attributes"] == {"step": "3"} and "step" not in line),
    "step float": ({"step": 3.5, "metrics": {"a": 1}}, lambda line: line["attributes"] == {"step": 3.5}),
    "step huge": ({"step": 2**64, "metrics": {"a": 1}}, lambda line: "step" not in line and "attributes" in line),
    "step negative": ({"step": -5, "metrics": {"a": 1}}, lambda line: line["step"] == -5),
    "class attribute": (
        {"a": int, "b": print, "c": b"\xff\x00", "d": {1, 2}},
        lambda line: len(line["attributes"]) == 4,
    ),
    "odd keys": ({"a": {1: 1, "1": 2, None: 3, _Silent(): 4}}, lambda line: len(line["attributes"]["a"]) == 4),
}


@pytest.mark.parametrize("case", EXTRAS)
def test_bad_extra_costs_no_record(handler: RunHandler, logger: logging.Logger, case: str) -> None:
    """The record is there, in strict JSON and with its envelope, and so is the next one."""
    extra, holds = EXTRAS[case]
    logger.info("first %d", 1, extra=extra)
    logger.info("next", extra={"metrics": {"n": 1}, "step": 2})
    first, second = [line for line in all_lines(handler.run_path) if "message" in line]
    assert (first["message"], first["level"], first["logger"], first["template"]) == (
        *("first 1", "INFO", logger.name, "first %d"),
    )
    assert first["time"].endswith("Z")
    assert holds(first), {key: str(value)[:300] for key, value in first.items()}
    assert (second["message"], second["metrics"], second["step"]) == ("next", {"n": 1}, 2)
    handler.close()
    assert manifest_of(handler.run_path)["dropped"] is None


CALLS: dict[str, tuple[tuple[Any, ...], str]] = {
    "too few": (("%s and %s", 1), "%s and %s"),
    "too many": (("none", 1, 2), "none"),
    "wrong kind": (("%d", "text"), "%d"),
    "silent argument": (("is %s", _Silent()), "is %s"),
    "silent repr": (("is %r", _Silent()), "is %r"),
    "surrogate": (("x\ud800 %s", "y\udc80"), "x"),
    "text of 5 MB": (("%s", "x" * 5_000_000), "x" * 5_000_000),
    "nul": (("a\x00b\x1b[31m\n%d", 1), "a\x00b\x1b[31m\n1"),
    "no text": ((1234,), "1234"),
    "None": ((None,), "None"),
    "bytes": ((b"\xff",), "b'\\xff'"),
    "silent message": ((_Silent(),), ""),
    "mapping": (("%(a)s %(b)d", {"a": 1, "b": 2}), "1 2"),
    "wrong mapping": (("%(a)s", {"b": 2}), "%(a)s"),
    "unformatted percent": (("100%",), "100%"),
    "percent with arguments": (("100% of %s", 1), "100% of %s"),
}


@pytest.mark.parametrize("case", CALLS)
def test_bad_message_costs_no_record(
    handler: RunHandler, logger: logging.Logger, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    """What can be had of the message is there; the rest stands under problems, and the console stays clean."""
    arguments, start = CALLS[case]
    logger.info(*arguments)
    logger.info("next %d", 2)
    first, second = all_lines(handler.run_path)
    assert first["message"].startswith(start)
    assert ("not formatted" in str(first.get("problems"))) == (
        case in ("too few", "too many", "wrong kind", "wrong mapping", "percent with arguments")
        or case.startswith("silent")
    )
    assert second["message"] == "next 2"
    assert capsys.readouterr().err == ""


def test_exception_without_text_costs_no_record(handler: RunHandler, logger: logging.Logger) -> None:
    """An error whose str and repr raise, with a cause, is kept with its type."""
    try:
        raise _UnprintableError from _UnprintableError()
    except _UnprintableError:
        logger.exception("failed")
    logger.error("tuple", exc_info=(None, None, None))
    logger.error("nothing to tell", exc_info=True)
    logger.error("stack", stack_info=True)
    lines = all_lines(handler.run_path)
    assert [line["message"] for line in lines] == ["failed", "tuple", "nothing to tell", "stack"]
    assert lines[0]["exception"]["type"].endswith("_UnprintableError")
    assert ["exception" in line for line in lines] == [True, False, False, False]
    assert lines[3]["stack"].startswith("Stack (most recent call last)")


@pytest.mark.parametrize("missing", sorted(logging.makeLogRecord({}).__dict__))
@pytest.mark.parametrize("value", ["gone", None, _Silent(), float("nan")], ids=["gone", "none", "silent", "nan"])
def test_record_that_lacks_or_fakes_an_attribute_is_kept(handler: RunHandler, missing: str, value: object) -> None:
    """A hand-made record without one of its attributes, or with a wrong one, gets the line that can be had."""
    record = logging.makeLogRecord({"msg": "made %d", "args": (1,), "levelname": "INFO", "levelno": 20})
    if value == "gone":
        del record.__dict__[missing]
    else:
        record.__dict__[missing] = value
    handler.handle(record)
    handler.handle(logging.makeLogRecord({"msg": "next"}))
    lines = all_lines(handler.run_path)
    assert len(lines) == 2
    assert missing in ("msg", "args") or lines[0]["message"] == "made 1"
    assert lines[1]["message"] == "next"


# ---------------------------------------------------------------------- the folder under it


def test_deleted_run_folder_comes_back(handler: RunHandler, logger: logging.Logger) -> None:
    """Records go on in a new folder of the same name, where the deletion is noticed at once or within a second."""
    logger.info("lost with the folder")
    shutil.rmtree(handler.run_path)
    logger.info("new stream", extra={"metrics": {"a": 1}})
    logger.info("after")
    handler.close()
    assert manifest_of(handler.run_path)["status"] == "Completed"
    messages = {line["message"] for line in all_lines(handler.run_path)}
    assert "new stream" in messages


def test_root_replaced_by_a_file_is_counted_and_said_once(tmp_path: Path, run_script: RunScript) -> None:
    """Nothing can be kept any more: no call raises, stderr has one sentence, and the program goes on to its end."""
    done = run_script("""
        import logging, pathlib, shutil, time
        from runlogging import RunHandler
        handler = RunHandler("runs", run_id="r1")
        log = logging.getLogger("train")
        log.setLevel("INFO")
        log.addHandler(handler)
        log.info("kept nowhere")
        shutil.rmtree("runs")
        pathlib.Path("runs").write_text("a file of the user's")
        for number in range(50):
            log.info("%d", number, extra={"metrics": {"n": number}})
        handler.close()
        for number in range(50):
            log.info("%d", number)
        print("alive")
    """)
    assert done.stdout == "alive\n"
    sentences = [text for text in done.stderr.splitlines() if "are being dropped" in text]
    assert len(sentences) == 1
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "runs") in sentences[0]
    assert (tmp_path / "runs").read_text() == "a file of the user's"


def test_full_disk_costs_what_does_not_fit_and_is_said_once(tmp_path: Path, run_script: RunScript) -> None:
    """Metrics, values and large texts beyond the limit are counted; with room again records are kept again."""
    done = run_script("""
        import logging, resource
        from runlogging import RunHandler
        handler = RunHandler("runs", run_id="r1")
        log = logging.getLogger("train")
        log.setLevel("INFO")
        log.addHandler(handler)
        log.info("first")
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))
        for number in range(200):
            log.info("x" * 100, extra={"metrics": {"n": number}})
            log.info("y" * 100, extra={"metrics": {"t": "y" * 200}})
        log.info("z" * 5_000_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        log.info("last")
        log.info("last", extra={"metrics": {"n": 1}})
    """)
    run = tmp_path / "runs" / "default" / "r1"
    whole = sum(text.endswith(b"}") for path in run.glob("*.jsonl") for text in path.read_bytes().split(b"\n"))
    dropped = manifest_of(run)["dropped"]
    assert dropped["reason"] == "EFBIG"
    assert whole + dropped["records"] == 404
    assert dropped["records"] > 100
    assert sum(manifest_of(run)["counts"].values()) == whole
    assert done.stderr.count("runlogging: ") == len(done.stderr.splitlines()) == 1
