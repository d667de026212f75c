"""The fields of a run, as a filter or an order names them."""

from __future__ import annotations

from runlogging.reading.search._expressions import Field
from runlogging.reading.search._tokens import Token, Tokens, near

_ROOMS = {
    **dict.fromkeys(("metrics", "metric"), "metrics"),
    **dict.fromkeys(("params", "param", "parameters", "parameter"), "parameters"),
    **dict.fromkeys(("tags", "tag"), "tags"),
    **dict.fromkeys(("properties", "property"), "properties"),
    **dict.fromkeys(("attributes", "attribute", "attr", "run"), "attributes"),
}
_ATTRIBUTES = {
    **dict.fromkeys(("status",), "status"),
    **dict.fromkeys(("id", "run_id"), "id"),
    **dict.fromkeys(("experiment", "experiment_name"), "experiment"),
    **dict.fromkeys(("name", "run_name"), "name"),
    **dict.fromkeys(("number", "run_number"), "number"),
    **dict.fromkeys(("type", "run_type"), "type"),
    **dict.fromkeys(("parent", "parent_id", "parent_run_id"), "parent"),
    **dict.fromkeys(("created", "created_at", "creation_time"), "created"),
    **dict.fromkeys(("started", "started_at", "start_time"), "started"),
    **dict.fromkeys(("ended", "ended_at", "end_time"), "ended"),
    **dict.fromkeys(("duration", "took"), "duration"),
    **dict.fromkeys(("attempt",), "attempt"),
    **dict.fromkeys(("host", "hostname"), "host"),
}
_ROOM_NAMES = ("metrics", "params", "parameters", "tags", "properties", "attributes", "run")
_FIGURES = {name: name for name in ("last", "min", "max", "mean", "count", "step")} | {"avg": "mean"}
_KEYWORDS = frozenset(("and", "or", "not", "in", "is", "like", "ilike", "between", "null", "nan", "asc", "desc"))


def read_field(tokens: Tokens) -> Field:
    """Read a field: ``metrics.loss``, ``min(metrics.loss)``, ``params.lr``, ``tags."a b"``, ``status``, ``run.id``.

    Raises:
        FilterError: the next tokens are none.
    """
    token = tokens.next
    if token.kind != "name" or token.word in _KEYWORDS:
        raise tokens.expected("a name such as metrics.loss, params.lr, tags.model or status")
    if tokens.after.kind == "(" and token.word:
        return _figure(tokens)
    tokens.take()
    if not token.prefix:
        return _attribute(tokens, token)
    room = _ROOMS.get(token.prefix.lower())
    if room is None:
        message = "a name starts with metrics, params, tags, properties or attributes and a dot"
        behind = token.shown.partition(".")[2]
        raise tokens.error(message, token, tuple(f"{name}.{behind}" for name in near(token.prefix, _ROOM_NAMES, 1)))
    return _attribute(tokens, token) if room == "attributes" else Field(room, token.text)


def _figure(tokens: Tokens) -> Field:
    function = tokens.take()
    if function.word not in _FIGURES:
        message = f"there is no {function.shown}(); there are {', '.join(_FIGURES)}"
        raise tokens.error(message, function, near(function.word, _FIGURES))
    tokens.take()
    name = tokens.next
    if name.kind == "name" and tokens.after.kind == "(":
        raise tokens.expected("a metric such as metrics.loss")
    field = read_field(tokens)
    if field.room != "metrics":
        raise tokens.error(f"{function.source}() is of a metric such as metrics.loss", name)
    if not tokens.took(")"):
        raise tokens.expected(")")
    return Field(field.room, field.name, _FIGURES[function.word])


def _attribute(tokens: Tokens, token: Token) -> Field:
    name = _ATTRIBUTES.get(token.text.lower().replace(" ", "_"))
    if name is not None:
        return Field("attributes", name)
    if not token.prefix and token.text.lower() in _ROOMS:
        raise tokens.error(f"expected a name behind {token.text}, as in {token.text}.x", token)
    message, candidates = f"there is no attribute {token.shown}", near(token.text, _ATTRIBUTES)
    if not candidates and token.prefix:
        message += f"; there are {', '.join(dict.fromkeys(_ATTRIBUTES.values()))}"
    elif not candidates:
        message += "; metrics are written as metrics.NAME, parameters as params.NAME, tags as tags.NAME"
    raise tokens.error(message, token, candidates)
