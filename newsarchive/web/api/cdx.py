"""/cdx and /cdx/search/cdx: the index of captures, as pywb's and Wayback's servers give it.

    /cdx                  urlkey timestamp {"url": ..., "mime": ..., ...}      output=json: one object a line
    /cdx/search/cdx       urlkey timestamp original mimetype ...               output=json: a list of lists, names first

An answer has a bounded number of lines, whatever is asked for: who wants more asks for pages, or goes on with the
resume key. A page is whole, or refused; an answer that is not all says so by Link rel="next".

In the order of distances (sort=closest), which is how a replay asks, a 304 comes with the place, status and type of the
answer that it confirms: pywb would show the empty 304 itself.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import chain, islice
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from newsarchive.export.cdxj import cdx_fields
from newsarchive.web.api.cdx_query import FIELDS, PAGE, SAME, Asked, Form, Row, read_query, resume_key
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.responses.streaming import Streamed, in_pieces
from newsarchive.web.timestamps import stamp
from storage.index.views.cdx import CdxLine

router = APIRouter(tags=["captures"])

MOST_LOOKED_AT = 100_000
"""Captures that one answer looks at for those that its filters let through."""
MOST_ON_A_PAGE = 1_000_000
NARROWER = "Narrow it by from and to or by a longer url, or go on with showResumeKey instead of pages"
_FEW = 1000
_AT_ONCE = 500
"""Lines that are written at once."""
_IN_MEMORY = 1 << 18
"""Bytes of a page that are held before it goes into a file."""
_TEXT, _NDJSON, _CDXJ = "text/plain; charset=utf-8", "application/x-ndjson", "text/x-cdxj; charset=utf-8"


@router.get("/cdx", include_in_schema=False)
def pywb(request: Request, door: AtDoor) -> Response:
    """Captures in pywb's form."""
    return _answer(request, door, "pywb")


@router.get("/cdx/search/cdx", include_in_schema=False)
def wayback(request: Request, door: AtDoor) -> Response:
    """Captures in the Wayback Machine's form."""
    return _answer(request, door, "wayback")


def _answer(request: Request, door: Door, form: Form) -> Response:
    try:
        asked = read_query(request.query_params.multi_items(), form, door.serving.limits.rows)
    except ValueError as problem:
        return _told(400, f"{problem}.")
    if asked.query.page is not None:
        pages = door.index.cdx_pages(asked.query)
        if asked.count_pages:
            return _pages(pages, asked, form)
        # A client goes on until it is told that it asks for too much: an empty page would have it ask for ever.
        if asked.query.page >= max(pages, 1):
            return _told(400, f"Page {asked.query.page} invalid: there are {pages}")
        return _page(door, asked, form)
    with door.heavy.one() if _is_heavy(asked) else nullcontext():
        lines, key = _lines(door, asked, form)
    # Where nothing was found among those that were looked at, there may be some behind them.
    if not lines and not key and form == "pywb":
        return _told(404, f"No Captures found for: {asked.url}")
    text = "".join(_written(iter(lines), asked, form, key if asked.resume_key else None))
    headers = {"link": f'<{_further(request, door, key)}>; rel="next"'} if key else {}
    return Response(text, media_type=_media_type(asked, form), headers=headers)


def _told(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status_code=status)


def _is_heavy(asked: Asked) -> bool:
    """True for what may look at very many captures: a replay's own questions are never held up."""
    if asked.query.page is not None:
        return asked.query.keys[0].behind is not None or asked.query.page_size > PAGE
    return asked.query.keys[0].behind is not None and (asked.limit > _FEW or bool(asked.tests))


def _pages(pages: int, asked: Asked, form: Form) -> Response:
    if form == "wayback":
        return Response(f"{pages}\n", media_type=_TEXT)
    size = asked.query.page_size
    return JSONResponse({"pages": pages, "pageSize": size, "blocks": pages})


def _page(door: Door, asked: Asked, form: Form) -> Response:
    """A page, whole or not at all. It is written into a file first: it may be long, and its reader slow."""
    write = _writer(asked, form)
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when it is sent
    looked_at = 0

    def lines() -> Iterator[str]:
        nonlocal looked_at
        for _, row in _chosen(islice(door.patient_index.cdx(asked.query), MOST_ON_A_PAGE + 1), asked):
            looked_at += 1
            if row is not None:
                yield write(row)

    with door.heavy.one() if _is_heavy(asked) else nullcontext():
        pieces = _written(lines(), asked, form, None)
        while some := "".join(islice(pieces, _AT_ONCE)):
            file.write(some.encode())
    if looked_at > MOST_ON_A_PAGE or (not file.tell() and form == "pywb"):
        file.close()
        if looked_at > MOST_ON_A_PAGE:
            return _told(413, f"This page has more than {MOST_ON_A_PAGE:,} captures. {NARROWER}")
        return _told(404, f"No Captures found for: {asked.url}")
    headers = {"content-length": str(file.tell())}
    return Streamed(in_pieces(file), media_type=_media_type(asked, form), headers=headers)


def _lines(door: Door, asked: Asked, form: Form) -> tuple[list[str], str | None]:
    """The lines of an answer, and the key to go on with where there may be more."""
    write = _writer(asked, form)
    written: list[str] = []
    last: CdxLine | None = None
    found = islice(door.index.cdx(asked.query), MOST_LOOKED_AT + 1)
    lines = (_confirmed(door, line) for line in found) if asked.query.closest and form == "pywb" else found
    for number, (line, row) in enumerate(_chosen(lines, asked)):
        if len(written) >= asked.limit or number >= MOST_LOOKED_AT:
            return _ordered(written, asked), None if asked.last or asked.query.closest else _key(last)
        last = line
        if row is not None:
            written.append(write(row))
    return _ordered(written, asked), None


def _further(request: Request, door: Door, key: str) -> str:
    """Where an answer goes on."""
    words = [(name, value) for name, value in request.query_params.multi_items() if name != "resumeKey"]
    return f"{door.base_url}{request.url.path}?{urlencode([*words, ('resumeKey', key)])}"


def _confirmed(door: Door, line: CdxLine) -> CdxLine:
    """A 304 as the answer that it confirms, where that is held and may be seen."""
    if line.profile != "server-not-modified" or line.refers_to_id is None:
        return line
    original = door.index.cdx_line(line.refers_to_id)
    if original is None or original.kind == "revisit":
        return line
    return original._replace(url=line.url, urlkey=line.urlkey, fetched_at=line.fetched_at)


def _chosen(lines: Iterable[CdxLine], asked: Asked) -> Iterator[tuple[CdxLine, Row | None]]:
    """Each capture with its fields where it passes, else with None: those count as looked at all the same."""
    alike, skipped = None, 0
    for line in lines:
        row = fields_of(line)
        passes = all(test(row) for test in asked.tests)
        if passes and asked.collapse is not None:
            before, alike = alike, row[asked.collapse[0]][: asked.collapse[1]]
            passes = alike != before
        if passes and skipped < asked.offset:
            skipped, passes = skipped + 1, False
        yield line, row if passes else None


def _ordered(lines: list[str], asked: Asked) -> list[str]:
    return lines[::-1] if asked.last else lines


def _key(line: CdxLine | None) -> str | None:
    return resume_key((line.urlkey, line.fetched_at, line.record_id)) if line else None


def fields_of(line: CdxLine) -> Row:
    """A capture in pywb's fields; what there is none of is "-"."""
    return {
        "urlkey": line.urlkey.replace(" ", "%20"),
        "timestamp": stamp(line.fetched_at),
        **cdx_fields(line),
        "redirect": line.redirect_url or "-",
    }


def _writer(asked: Asked, form: Form) -> Callable[[Row], str]:
    """How a capture is written in the form asked for."""
    fields = asked.fields
    if asked.output == "json" and form == "wayback":
        return lambda row: _json([row[SAME.get(name, name)] for name in fields])
    if asked.output == "json":
        return lambda row: _json({name: row[SAME.get(name, name)] for name in fields})
    if asked.output == "cdxj":
        return lambda row: cdxj(row, fields)
    return lambda row: " ".join(row[SAME.get(name, name)].replace(" ", "%20") or "-" for name in fields)


def cdxj(row: Row, fields: Iterable[str] = FIELDS["pywb"]) -> str:
    """One line of a CDXJ file: key and timestamp to sort by, then the other fields as JSON."""
    rest = {name: row[SAME.get(name, name)] for name in fields if name not in {"urlkey", "timestamp"}}
    return f"{row['urlkey']} {row['timestamp']} {_json(rest)}"


_json = json.JSONEncoder(ensure_ascii=False).encode


def _media_type(asked: Asked, form: Form) -> str:
    if asked.output == "json" and form == "wayback":
        return "application/json"
    return {"json": _NDJSON, "cdxj": _CDXJ, "text": _TEXT}[asked.output]


def _written(lines: Iterator[str], asked: Asked, form: Form, key: str | None) -> Iterator[str]:
    """An answer in pieces; the key to go on with stands at its end, set apart by a blank line."""
    if asked.output == "json" and form == "wayback":
        yield from _lists(lines, asked, key)
        return
    for line in lines:
        yield f"{line}\n"
    if key:
        yield f"\n{key}\n"


def _lists(lines: Iterator[str], asked: Asked, key: str | None) -> Iterator[str]:
    """Wayback's JSON: nothing at all where nothing was found, else the names of the fields first."""
    first = next(lines, None)
    if first is None and key is None:
        yield "[]\n"
        return
    yield f"[{_json(list(asked.fields))}"
    for line in chain([first] if first else [], lines):
        yield f",\n{line}"
    if key:
        yield f",\n[],\n{_json([key])}"
    yield "]\n"
