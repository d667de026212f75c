"""Filters: conditions on runs in the language that users of MLflow know, and some more.

A filter is read from left to right, by one function a rule of the grammar:

    either     = both { OR both }
    both       = negated { AND negated }
    negated    = { NOT } ( "(" either ")" | condition )
    condition  = field ( comparator value | IS [NOT] NULL | IS [NOT] NAN | [NOT] IN "(" value { "," value } ")"
                       | [NOT] BETWEEN value AND value | [NOT] LIKE text | [NOT] ILIKE text )
    field      = name | figure "(" name ")"
"""

from __future__ import annotations

import time
from collections.abc import Callable

from runlogging._errors import InvalidValueError
from runlogging.reading.search._expressions import (
    Comparison,
    Expression,
    Field,
    Junction,
    Member,
    Missing,
    Negation,
    NotANumber,
    Pattern,
    Row,
    compiled,
    fields_of,
)
from runlogging.reading.search._fields import read_field
from runlogging.reading.search._literals import moment_of, number_of, seconds_of
from runlogging.reading.search._tokens import Token, Tokens
from runlogging.reading.search._verdicts import Value

_STATUSES = (
    *("NotStarted", "Preparing", "Queued", "Running", "Finalizing", "CancelRequested"),
    *("Completed", "Failed", "Canceled", "NotResponding", "Unknown"),
)
# What MLflow calls them.
_STATUS_WORDS = {status.lower(): (status,) for status in _STATUSES} | {
    "finished": ("Completed",),
    "killed": ("Canceled",),
    "cancelled": ("Canceled",),
    "scheduled": ("NotStarted", "Preparing", "Queued"),
}
_EXPECTED = {
    "number": "a number",
    "duration": "seconds, or a duration in quotes such as '2h'",
    "time": "a time in quotes such as '2026-11-01' or '2 days ago'",
    "status": "a status in quotes such as 'Completed'",
    "text": "a text in quotes",
    "any": "a text in quotes, a number, true or false",
}
_NO_NUMBERS = ("nan", "inf", "infinity")
_COMPARATORS = ("=", "==", "!=", "<>", "<", "<=", ">", ">=")
# A rule calls itself once a level, and Python allows some hundred calls in each other.
_DEEPEST = 50


class Filter:
    """Conditions on runs, ready to be asked.

    Attributes:
        text: the filter as it was given.
        metrics: the names of the metrics whose summaries it looks at.
        needs_metrics: whether it looks at any.
        needs_status: whether it may look at the status. It does so last, of rows that the rest does not decide on.
    """

    def __init__(self, text: str, expression: Expression | None, now: float) -> None:
        fields = frozenset(fields_of(expression)) if expression is not None else frozenset()
        self.text = text
        self.metrics = frozenset(field.name for field in fields if field.room == "metrics")
        self.needs_metrics = bool(self.metrics)
        self.needs_status = any(field.kind == "status" for field in fields)
        self._now = now
        self._test = compiled(expression) if expression is not None else lambda row: True

    def fits(self, row: Row) -> bool:
        """Tell whether a run fits."""
        return self._test(row)

    def __repr__(self) -> str:
        return f"Filter({self.text!r})"

    def __reduce__(self) -> tuple[Callable[[str, float], Filter], tuple[str, float]]:
        return parse_filter, (self.text, self._now)


def parse_filter(text: str, now: float | None = None) -> Filter:
    """Read a filter such as ``metrics.mse < 3000 and tags.model = 'ridge' and status = 'Completed'``.

    Args:
        text: the filter; an empty one fits every run.
        now: the present time in seconds since the epoch, for times such as ``'2 days ago'``; None asks the clock.

    Raises:
        FilterError: it cannot be read; the error says where and what was expected (also a ValueError).
        InvalidValueError: it is no text (also a ValueError).
    """
    if not isinstance(text, str):
        raise InvalidValueError(f"a filter is a text, not {type(text).__name__}")
    now = time.time() if now is None else now
    return Filter(text, _Parser(text, now).whole() if text.strip() else None, now)


class _Parser:
    def __init__(self, text: str, now: float) -> None:
        self._tokens = Tokens(text)
        self._now = now
        self._depth = 0

    def whole(self) -> Expression:
        result = self._either()
        if self._tokens.next.kind != "end":
            raise self._tokens.expected("AND, OR or the end", ("AND", "OR"))
        return result

    def _either(self) -> Expression:
        return self._joined("or", self._both)

    def _both(self) -> Expression:
        return self._joined("and", self._negated)

    def _joined(self, word: str, part: Callable[[], Expression]) -> Expression:
        operands = [part()]
        while self._tokens.took(word):
            operands.append(part())
        return operands[0] if len(operands) == 1 else Junction(word == "and", tuple(operands))

    def _negated(self) -> Expression:
        is_negated = False
        while self._tokens.took("not"):
            is_negated = not is_negated
        operand = self._nested() if self._tokens.next.kind == "(" else self._condition()
        return Negation(operand) if is_negated else operand

    def _nested(self) -> Expression:
        opening = self._tokens.take()
        if self._depth == _DEEPEST:
            raise self._tokens.error(f"more than {_DEEPEST} parentheses in each other", opening)
        self._depth += 1
        result = self._either()
        self._depth -= 1
        if not self._tokens.took(")"):
            raise self._tokens.expected("AND, OR or )", ("AND", "OR"))
        return result

    def _condition(self) -> Expression:
        field = read_field(self._tokens)
        if self._tokens.took("is"):
            return self._is(field)
        is_negated = self._tokens.took("not")
        condition = self._word_condition(field)
        if condition is not None:
            return Negation(condition) if is_negated else condition
        if is_negated:
            raise self._tokens.expected("IN, BETWEEN, LIKE or ILIKE", ("IN", "BETWEEN", "LIKE", "ILIKE"))
        return self._comparison(field)

    def _is(self, field: Field) -> Expression:
        is_negated = self._tokens.took("not")
        word = self._tokens.next
        if self._tokens.took("null"):
            condition: Expression = Missing(field)
        elif self._tokens.took("nan"):
            if field.room not in ("metrics", "parameters"):
                raise self._tokens.error("only metrics and parameters can be NAN", word)
            condition = NotANumber(field)
        else:
            raise self._tokens.expected("NULL or NAN" if is_negated else "NULL, NAN or NOT", ("NULL", "NAN", "NOT"))
        return Negation(condition) if is_negated else condition

    def _word_condition(self, field: Field) -> Expression | None:
        word = self._tokens.next
        if self._tokens.took("in"):
            return Member(field, self._list(field))
        if self._tokens.took("between"):
            return self._between(field, word)
        if self._tokens.took("like") or self._tokens.took("ilike"):
            if field.kind in ("number", "duration"):
                raise self._tokens.error(f"{word.source} is for texts; this is a number", word)
            pattern = self._tokens.next
            if pattern.kind != "text":
                raise self._tokens.expected("a text in quotes, with % for any letters and _ for one")
            return Pattern(field, self._tokens.take().text, ignores_case=word.word == "ilike")
        return None

    def _list(self, field: Field) -> tuple[Value, ...]:
        if not self._tokens.took("("):
            raise self._tokens.expected("( and values behind IN")
        values = [*self._values(field)]
        while self._tokens.took(","):
            values += self._values(field)
        if not self._tokens.took(")"):
            raise self._tokens.expected("a comma or )")
        return tuple(values)

    def _between(self, field: Field, word: Token) -> Expression:
        low = self._limit(field, word)
        if not self._tokens.took("and"):
            raise self._tokens.expected("AND and the upper limit", ("AND",))
        return Junction(True, (Comparison(field, ">=", low), Comparison(field, "<=", self._limit(field, word))))

    def _comparison(self, field: Field) -> Expression:
        token = self._tokens.next
        if token.kind not in _COMPARATORS:
            names = ("IS", "IN", "NOT", "LIKE", "ILIKE", "BETWEEN")
            raise self._tokens.expected("a comparator such as =, <, IN, LIKE or IS NULL", names)
        self._tokens.take()
        if token.kind in ("<", "<=", ">", ">="):
            return Comparison(field, token.kind, self._limit(field, token))
        condition = Member(field, self._values(field))
        return Negation(condition) if token.kind in ("!=", "<>") else condition

    def _limit(self, field: Field, comparator: Token) -> Value:
        """Return a value that has an order."""
        if field.kind == "status":
            raise self._tokens.error("a status has no order; use =, !=, IN or LIKE", comparator)
        token = self._tokens.next
        value = self._values(field)[0]
        if isinstance(value, bool):
            raise self._tokens.error("true and false have no order; use = or !=", token)
        return value

    def _values(self, field: Field) -> tuple[Value, ...]:
        """Return what the next value means to a field: one value, or the several that a status of MLflow stands for."""
        token, what = self._tokens.next, _EXPECTED[field.kind]
        said = _said(self._tokens)
        if token.word == "null":
            raise self._tokens.error("nothing is equal to null; write IS NULL or IS NOT NULL", token)
        values = () if said is None else _meant(said, field.kind, self._now)
        if not values:
            raise self._tokens.expected(what, map(repr, _STATUSES) if field.kind == "status" else ())
        self._tokens.take()
        return values


def _said(tokens: Tokens) -> Value | None:
    """Return the value that the next token says, None where it says none; in ``-inf`` go on to the word."""
    token = tokens.next
    if token.kind == "text":
        return token.text
    if token.kind == "number":
        return token.number
    if token.kind in ("-", "+") and tokens.after.word in _NO_NUMBERS:
        tokens.take()
        return number_of(token.kind + tokens.next.word)
    if token.word in _NO_NUMBERS:
        return number_of(token.word)
    return {"true": True, "false": False}.get(token.word)


def _meant(said: Value, kind: str, now: float) -> tuple[Value, ...]:
    """Return what a value means to a field of a kind; nothing where it means nothing."""
    if kind in ("any", "text"):
        return (said,)
    if isinstance(said, bool):
        return ()
    if kind == "status":
        return _STATUS_WORDS.get(said.lower().replace("_", ""), ()) if isinstance(said, str) else ()
    value: Value | None = said
    if kind == "time":
        value = moment_of(said, now)
    elif isinstance(said, str):
        value = seconds_of(said) if kind == "duration" else number_of(said)
    return () if value is None else (value,)
