"""The log of a run: its entries by their places, search, levels, loggers, what stands around a point, download.

A *place* is that of an entry among all of the run, a *row* that among those of a level and a logger, which every
request may name by ``level`` and ``logger``. Both count from 0 and stay as they are while the log grows.

``api/logs?begin=&count=`` answers ``total`` (rows), ``complete`` (false while a long log is being indexed: ``total`` is
what is known by then), ``begin``, ``entries``; a negative ``begin`` counts from the end, and is answered from the
files' ends while the log is not indexed, with ``begin`` and the places null. ``q`` marks hits.
``api/log_entry?place=`` answers the whole of one entry, where ``cut`` named texts that were shortened.
``api/log_levels?buckets=`` answers ``total``, ``levels`` (name, number, count), ``begin``, ``time`` and ``counts``.
``api/log_loggers`` answers ``loggers`` (name, count).
``api/log_search?q=&row=&offset=&buckets=`` answers ``done``, ``scanned``, ``total``, ``hits`` (how many), ``places``
(the rows of some hits, from the ``offset``-th on), ``next``, ``previous`` and ``index`` of a row, and ``buckets``.
``api/log_place?time=|step=|seq=&writer=&time=|place=|row=`` answers ``place``, ``row``, ``time`` of the nearest entry.
``api/around?time=&seq=&writer=&n=&level=`` answers ``entries``: about n around a point, those of the writer first, and
the point itself where it is an entry (``is_entry``), behind the first ``before`` ones. With ``early=1`` a long log that
is not indexed yet is answered from its files, with ``place`` null and without lines that carry numbers.
``api/logs.txt?format=text|jsonl`` is all of it, as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from runlogging._errors import InvalidValueError
from runlogging.folder import parse_time
from runlogging.reading._model import Record
from runlogging.viewer._answers import answering, number_of
from runlogging.viewer._log_book import Choice, LogBook, book_of
from runlogging.viewer._log_entries import entry_facts, json_line, mark_hits, text_lines
from runlogging.viewer._log_histogram import histogram, level_name
from runlogging.viewer._log_matching import Matcher
from runlogging.viewer._log_near import records_near
from runlogging.viewer._log_places import Spot, around, nearest, spot_of, step_place

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from runlogging.viewer._state import State

_MOST_ENTRIES = 1_000
_MOST_PLACES = 1_000
_MOST_BUCKETS = 2_000
_SEARCH_S = 0.2


def routes(state: State) -> list[Route]:
    """Return what answers for the log of a run."""
    from starlette.routing import Route

    works: dict[str, Callable[[LogBook, Request], Any]] = {
        "logs": _logs,
        "log_entry": _entry,
        "log_levels": _levels,
        "log_loggers": _loggers,
        "log_search": _search,
        "log_place": _place,
        "around": _around,
        "logs.txt": _download,
    }

    def endpoint(work: Callable[[LogBook, Request], Any]) -> Any:
        return answering(lambda request: work(book_of(state, request), request))

    return [Route(f"/api/{name}", endpoint(work)) for name, work in works.items()]


def _logs(book: LogBook, request: Request) -> dict[str, Any]:
    choice, matcher = Choice.of(request), _marker(request)
    begin = number_of(request, "begin", 0, least=-_MOST_ENTRIES)
    count = number_of(request, "count", 200, most=_MOST_ENTRIES)
    with book.lock:
        pages = book.look()
        total, is_complete = pages.count(*choice), pages.is_complete
        if begin >= 0 or is_complete:
            begin = begin if begin >= 0 else max(0, total + begin)
            placed = pages.records(begin, count, *choice)
    if begin < 0:
        entries = _facts([(None, record) for record in book.tail(min(-begin, count), choice)], matcher)
        return {"total": total, "complete": False, "begin": None, "entries": entries}
    entries = _facts(placed, matcher)
    return {"total": total, "complete": is_complete, "begin": begin, "entries": entries}


def _facts(
    placed: Sequence[tuple[int | None, Record]], matcher: Matcher | None, **options: bool
) -> list[dict[str, Any]]:
    entries = [entry_facts(record, place, **options) for place, record in placed]
    if matcher is not None:
        mark_hits(entries, [record for _, record in placed], matcher)
    return entries


def _marker(request: Request) -> Matcher | None:
    """Return what marks hits; of a query that is too long the search says what is wrong."""
    try:
        return Matcher(request.query_params["q"]) if request.query_params.get("q") else None
    except InvalidValueError:
        return None


def _entry(book: LogBook, request: Request) -> dict[str, Any]:
    place, matcher = number_of(request, "place", 0), _marker(request)
    with book.lock:
        found = book.look().records(place, 1)
    if not found:
        raise InvalidValueError(f"the log has no entry {place}")
    return {"entry": _facts(found, matcher, is_whole=True)[0]}


def _levels(book: LogBook, request: Request) -> dict[str, Any]:
    choice, most = Choice.of(request), number_of(request, "buckets", 400, least=1, most=_MOST_BUCKETS)
    with book.lock:
        pages = book.look()
        levels = [{"name": level_name(number), "number": number, "count": n} for number, n in pages.levels.items()]
        found = {"total": pages.count(*choice), "complete": pages.is_complete, "levels": levels}
        return found | histogram(pages, choice.level, choice.logger, most)


def _loggers(book: LogBook, request: Request) -> dict[str, Any]:
    with book.lock:
        pages = book.look()
        found = [{"name": name, "count": count} for name, count in pages.loggers.items()]
        return {"complete": pages.is_complete, "loggers": found}


def _search(book: LogBook, request: Request) -> dict[str, Any]:
    choice, query = Choice.of(request), request.query_params.get("q", "")
    if not query:
        raise InvalidValueError("a search needs a text: q=loss, or an expression: q=/loss=nan/i")
    row = number_of(request, "row", -1, least=-1)
    offset = number_of(request, "offset", 0)
    buckets = number_of(request, "buckets", 0, most=_MOST_BUCKETS)
    with book.lock:
        pages, search = book.look(), book.search(choice, query)
        is_done = search.advance(pages, _SEARCH_S) and pages.is_complete
        total = pages.count(*choice)
        hits = search.hits
        return {
            "done": is_done,
            "scanned": search.scanned,
            "total": total,
            "hits": len(hits),
            "places": list(hits[offset : offset + _MOST_PLACES]),
            "next": search.next_hit(row),
            "previous": search.previous_hit(row),
            "index": search.index_of(row),
            "first": hits[0] if hits else None,
            "last": hits[-1] if hits else None,
            "buckets": search.buckets(buckets, total) if buckets and total else [],
        }


def _time(request: Request) -> str:
    text = request.query_params.get("time", "")
    try:
        parse_time(text)
    except ValueError:
        raise InvalidValueError(f"a time looks like 2026-11-23T23:05:02.123456Z, not {text!r:.80}") from None
    return text


def _place(book: LogBook, request: Request) -> dict[str, Any]:
    choice, asked, writer = Choice.of(request), request.query_params, request.query_params.get("writer", "")
    with book.lock:
        pages = book.look(is_whole=True)
        if asked.get("step"):
            at_step = step_place(pages, number_of(request, "step", 0, least=-(2**53)))
            if at_step is None:
                raise InvalidValueError("nothing in this run has a step; go to a line or a time")
            place = min(at_step, max(0, pages.count() - 1))
        elif asked.get("time"):
            time = _time(request)
            seq = number_of(request, "seq", 0) if asked.get("seq") else None
            spot = spot_of(pages, time, writer, seq)
            found = nearest(pages, spot, time, writer)
            place = found.place if found else min(spot.place, max(0, pages.count() - 1))
        elif asked.get("row"):
            rows = pages.records(number_of(request, "row", 0), 1, *choice)
            place = rows[0].place if rows else max(0, pages.count() - 1)
        else:
            place = min(number_of(request, "place", 0), max(0, pages.count() - 1))
        total = pages.count(*choice)
        row = min(pages.row_of(place, *choice), max(0, total - 1))
        shown = pages.records(row, 1, *choice)
    at = shown[0] if shown else None
    return {"place": at.place if at else place, "row": row, "time": at.record.line.time if at else None, "total": total}


def _around(book: LogBook, request: Request) -> dict[str, Any]:
    asked = request.query_params
    time, writer = _time(request), asked.get("writer", "")
    seq = number_of(request, "seq", 0) if asked.get("seq") else None
    n = -(-number_of(request, "n", 10, least=1, most=200) // 2)
    level = Choice.of(request).level
    with book.lock:
        is_early = bool(asked.get("early")) and not book.look().is_complete
    if is_early:
        earlier, later = records_near(book.run, time, writer, seq, n)
        entries = [entry_facts(record, None) for record in (*earlier, *later)]
        return {"place": None, "before": len(earlier), "is_entry": False, "entries": entries}
    with book.lock:
        pages = book.look(is_whole=True)
        spot: Spot = spot_of(pages, time, writer, seq)
        before, after = around(pages, spot, n, writer, level)
        own = pages.records(spot.place, 1) if spot.is_entry else []
    entries = [entry_facts(record, place) for place, record in (*before, *own, *after)]
    return {"place": spot.place, "before": len(before), "is_entry": bool(own), "entries": entries}


def _download(book: LogBook, request: Request) -> Response:
    from starlette.responses import StreamingResponse

    choice = Choice.of(request)
    form = request.query_params.get("format") or "text"
    if form not in ("text", "jsonl"):
        raise InvalidValueError(f"format is text or jsonl, not {form!r:.80}")
    end, kind = (".txt", "text/plain; charset=utf-8") if form == "text" else (".jsonl", "application/jsonl")
    name = f"{request.query_params.get('run', '').replace('/', '-')}{end}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_pieces(book, choice, form), media_type=kind, headers=headers)


def _pieces(book: LogBook, choice: Choice, form: str) -> Iterator[bytes]:
    """Yield the log, some slices at a time; others may ask meanwhile.

    Raises:
        RuntimeError: lines that were there are no longer, as the run was deleted: the connection breaks off before its
            end, so that nobody takes a part for the whole.
    """
    with book.lock:
        pages = book.look(is_whole=True)
        end = len(pages.slices)
        totals = [0, *pages.totals(*choice)]
        has_writers = len({piece.batch.writer for one in pages.slices for piece in one.pieces}) > 1
    for number in range(end):
        with book.lock:
            records = [record for _, record in pages.entries_of(number, *choice)]
        if len(records) < totals[number + 1] - totals[number]:
            raise RuntimeError("the log changed while it was sent; the download was broken off")
        if form == "jsonl":
            yield b"".join(map(json_line, records))
        else:
            lines = (text_lines(record, names_writer=has_writers) for record in records)
            yield "".join(lines).encode("utf-8", "backslashreplace")
