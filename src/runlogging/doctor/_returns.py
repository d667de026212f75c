"""What a filter answers, as far as its code says so. It is not called: that might count or change something."""

from __future__ import annotations

import dis
import inspect
from types import CodeType
from typing import Any

from runlogging.doctor._model import Verdict


def constant_verdict(function: Any) -> Verdict:
    """Return "all" or "none" where each ``return`` of a function gives a true or a false constant, else "some".

    The record itself, which filters that add something return from Python 3.12 on, counts as true.
    """
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if not isinstance(code, CodeType) or code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE):
        return "some"
    answers = _answers(code)
    if answers == {True}:
        return "all"
    return "none" if answers == {False} else "some"


def _answers(code: CodeType) -> set[bool | None]:
    answers: set[bool | None] = set()
    instructions = list(dis.get_instructions(code))
    stored = {repr(one.argval) for one in instructions if "STORE_FAST" in one.opname or "DELETE_FAST" in one.opname}
    arguments = [name for name in code.co_varnames[: code.co_argcount] if not any(repr(name) in one for one in stored)]
    before: dis.Instruction | None = None
    for one in instructions:
        if one.opname == "RETURN_CONST":
            answers.add(bool(one.argval))
        elif one.opname == "RETURN_VALUE":
            answers.add(None if before is None or one.is_jump_target else _truth(before, arguments))
        before = one
    return answers


def _truth(loaded: dis.Instruction, arguments: list[str]) -> bool | None:
    if loaded.opname in ("LOAD_CONST", "LOAD_SMALL_INT"):
        return bool(loaded.argval)
    is_record = loaded.opname in ("LOAD_FAST", "LOAD_FAST_BORROW") and loaded.argval in arguments[-1:]
    return True if is_record else None
