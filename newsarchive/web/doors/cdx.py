"""/cdx and /cdx/search/cdx: the index of captures, as pywb's and Wayback's servers give it.

    /cdx                  urlkey timestamp {"url": ..., "mime": ..., ...}      output=json: one object a line
    /cdx/search/cdx       urlkey timestamp original mimetype ...               output=json: a list of lists, names first

An answer has a bounded number of lines, whatever is asked for: who wants more asks for pages, or goes on with the
resume key.

In the order of distances (sort=closest), which is how a replay asks, a 304 comes with the place, status and type of the
answer that it confirms: pywb would show the empty 304 itself.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import islice

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from newsarchive.web.door import AtDoor, Door
from newsarchive.web.doors.cdxquery import FIELDS, SAME, Asked, Form, Row, read_query, resume_key
from newsarchive.web.stamps import stamp
from storage.index.cdxviews import CdxLine

router = APIRouter(tags=["captures"])

MOST_LOOKED_AT = 100_000
"""Captures that one answer looks at for those that its filters let through."""
_FEW = 1000
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
        return JSONResponse({"message": f"{problem}."}, status_code=400)
    if asked.query.page is not None:
        pages = door.index.cdx_pages(asked.query)
        if asked.count_pages:
            return _pages(pages, asked, form)
        # A client goes on until it is told that it asks for too much: an empty page would have it ask for ever.
        if asked.query.page >= max(pages, 1):
            return JSONResponse({"message": f"Page {asked.query.page} invalid: there are {pages}"}, status_code=400)
    with door.heavy.one() if _is_heavy(asked) else nullcontext():
        lines, key = _lines(door, asked, form)
    if not lines and form == "pywb":
        return JSONResponse({"message": f"No Captures found for: {asked.url}"}, status_code=404)
    key = key if asked.resume_key else None
    if asked.output == "json" and form == "wayback":
        return Response(_lists(lines, asked, key), media_type="application/json")
    media_type = {"json": _NDJSON, "cdxj": _CDXJ, "text": _TEXT}[asked.output]
    # A blank line sets the key apart.
    further = ["", key] if key else []
    return Response("".join(f"{line}\n" for line in (*lines, *further)), media_type=media_type)


def _is_heavy(asked: Asked) -> bool:
    """True for what may look at very many captures: a replay's own questions are never held up."""
    return asked.query.keys[0].behind is not None and (asked.limit > _FEW or bool(asked.tests))


def _pages(pages: int, asked: Asked, form: Form) -> Response:
    if form == "wayback":
        return Response(f"{pages}\n", media_type=_TEXT)
    size = asked.query.page_size
    return JSONResponse({"pages": pages, "pageSize": size, "blocks": pages})


def _lines(door: Door, asked: Asked, form: Form) -> tuple[list[str], str | None]:
    """The lines of an answer, and the key to go on with where there may be more. A page is given whole."""
    limit = asked.limit if asked.query.page is None else MOST_LOOKED_AT
    write = _writer(asked, form)
    written: list[str] = []
    last: CdxLine | None = None
    found = islice(door.index.cdx(asked.query), MOST_LOOKED_AT + 1)
    lines = (_confirmed(door, line) for line in found) if asked.query.closest and form == "pywb" else found
    for number, (line, row) in enumerate(_chosen(lines, asked)):
        if len(written) >= limit or number >= MOST_LOOKED_AT:
            return _ordered(written, asked), _key(last)
        last = line
        if row is not None:
            written.append(write(row))
    return _ordered(written, asked), None


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
    is_revisit = line.kind == "revisit"
    return {
        "urlkey": line.urlkey.replace(" ", "%20"),
        "timestamp": stamp(line.fetched_at),
        "url": line.url,
        "mime": "warc/revisit" if is_revisit else line.mime or "unk",
        "status": "-" if line.status is None else str(line.status),
        "digest": line.payload_digest or "-",
        "length": str(line.length),
        "offset": str(line.offset),
        "filename": line.warc,
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


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lists(lines: list[str], asked: Asked, key: str | None) -> str:
    """Wayback's JSON: nothing at all where nothing was found, else the names of the fields first."""
    if not lines:
        return "[]\n"
    further = ["[]", _json([key])] if key else []
    return "[" + ",\n".join((_json(list(asked.fields)), *lines, *further)) + "]\n"
