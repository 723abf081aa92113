"""/cdx and /cdx/search/cdx: the index of captures, as pywb's and Wayback's servers give it.

    /cdx                  urlkey timestamp {"url": ..., "mime": ..., ...}      output=json: one object a line
    /cdx/search/cdx       urlkey timestamp original mimetype ...               output=json: a list of lists, names first

An answer has a bounded number of lines, whatever is asked for: who wants more asks for pages, or goes on with the
resume key.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from newsarchive.web.door import AtDoor, Door
from newsarchive.web.doors.cdxquery import FIELDS, SAME, Asked, Form, Row, read_query, resume_key
from newsarchive.web.stamps import stamp
from storage.index.views import CdxLine

router = APIRouter(tags=["captures"])

MOST_LOOKED_AT = 100_000
"""Captures that one answer looks at for those that its filters let through."""
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
    lines, key = _lines(door, asked)
    if not lines and form == "pywb":
        return JSONResponse({"message": f"No Captures found for: {asked.url}"}, status_code=404)
    return _written(lines, key, asked, form)


def _pages(pages: int, asked: Asked, form: Form) -> Response:
    if form == "wayback":
        return Response(f"{pages}\n", media_type=_TEXT)
    size = asked.query.page_size
    return JSONResponse({"pages": pages, "pageSize": size, "blocks": pages})


def _lines(door: Door, asked: Asked) -> tuple[list[Row], str | None]:
    """The lines of an answer, and the key to go on with where there may be more."""
    limit = asked.limit if asked.query.page is None else MOST_LOOKED_AT
    last: CdxLine | None = None
    chosen: list[Row] = []
    looked_at, skipped, alike = 0, 0, None
    for line in islice(door.index.cdx(asked.query), MOST_LOOKED_AT):
        if len(chosen) >= limit:
            return _ordered(chosen, asked), _key(last)
        row, last = fields_of(line), line
        looked_at += 1
        if not all(test(row) for test in asked.tests):
            continue
        if asked.collapse is not None:
            before, alike = alike, row[asked.collapse[0]][: asked.collapse[1]]
            if alike == before:
                continue
        if skipped < asked.offset:
            skipped += 1
            continue
        chosen.append(row)
    return _ordered(chosen, asked), _key(last) if looked_at == MOST_LOOKED_AT else None


def _ordered(rows: list[Row], asked: Asked) -> list[Row]:
    return rows[::-1] if asked.last else rows


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


def _written(rows: list[Row], key: str | None, asked: Asked, form: Form) -> Response:
    key = key if asked.resume_key else None
    chosen = [_chosen(row, asked.fields) for row in rows]
    if asked.output == "json" and form == "wayback":
        return JSONResponse(_as_lists(chosen, asked.fields, key))
    if asked.output == "json":
        return _text((json.dumps(row, ensure_ascii=False) for row in chosen), key, _NDJSON)
    if asked.output == "cdxj":
        return _text((cdxj(row, asked.fields) for row in rows), key, _CDXJ)
    return _text((" ".join(_one_word(value) for value in row.values()) for row in chosen), key, _TEXT)


def _as_lists(rows: list[Row], fields: tuple[str, ...], key: str | None) -> list[list[str]]:
    """Wayback's JSON: nothing at all where nothing was found, else the names of the fields first."""
    if not rows:
        return []
    further = [[], [key]] if key else []
    return [list(fields), *(list(row.values()) for row in rows), *further]


def _chosen(row: Row, fields: Iterable[str]) -> Row:
    return {name: row[SAME.get(name, name)] for name in fields}


def cdxj(row: Row, fields: Iterable[str] = FIELDS["pywb"]) -> str:
    """One line of a CDXJ file: key and timestamp to sort by, then the other fields as JSON."""
    rest = {name: value for name, value in _chosen(row, fields).items() if name not in {"urlkey", "timestamp"}}
    return f"{row['urlkey']} {row['timestamp']} {json.dumps(rest, ensure_ascii=False)}"


def _one_word(value: str) -> str:
    return value.replace(" ", "%20") or "-"


def _text(lines: Iterable[str], key: str | None, media_type: str) -> Response:
    def written() -> Iterator[str]:
        for line in lines:
            yield line + "\n"
        if key:
            yield f"\n{key.replace(' ', '+')}\n"

    return Response("".join(written()), media_type=media_type)
