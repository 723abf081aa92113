"""/warcs/NAME.warc.gz: the archive's WARC files, whole or by range, for programs that read single records.

    Range: bytes=3411-5822   one record          Range: bytes=-500   the end          none: the whole file

A complete file never changes, one that is being written only grows: both have an ETag, for If-None-Match and If-Range.

If access rules exclude anything (blocked URLs, hidden sites, an embargo), a request must name exactly the range of one
record that the index may show, and that names nothing excluded. Other ranges would disclose what pages and CDX exclude.
"""

import re

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from newsarchive.export.withheld_records import names_withheld
from newsarchive.web.context import Context
from newsarchive.web.responses.conditional import Validators
from newsarchive.web.responses.streaming import ClosingStreamingResponse, read_chunks
from storage.index.queries.cdx import get_cdx_line_at, has_warc_file
from storage.places.places import TOKEN

router = APIRouter()

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@=,-]{0,254}")
_OUTSIDE = (-1, -1)


@router.get("/warcs/{name}")
def warc_file(request: Request, context: Context, name: str) -> Response:
    """Return a file or a range of it."""
    # No other files of the folder or bucket are served. Tokens of time servers have a digest and a time alone.
    is_token = TOKEN.fullmatch(name) is not None and (context.archive.config.warc_folder / name).exists()
    if not is_token and not (_NAME.fullmatch(name) and context.archive.index.read(has_warc_file, name)):
        raise HTTPException(404, f"The archive has no WARC file {name}")
    places = context.archive.places
    seen = places.stat(name)
    size = seen.size
    validators = Validators(tag=f'"{seen.fingerprint}"', changed=seen.modified_at)
    # Ranges apply to GET only (RFC 9110 14.2), and to the state of the file that the client has.
    is_head = bool(request.scope.get("is_head"))
    ranged = None if is_head or not validators.allows_range(request.headers) else request.headers.get("range")
    byte_range = _parse_range(ranged, size)
    headers = {
        **validators.headers,
        "accept-ranges": "bytes",
        "content-type": "application/timestamp-reply" if is_token else "application/warc",
        "content-disposition": f'attachment; filename="{name}"',
    }
    begin, end = byte_range or (0, size)
    if context.index.exclude and not is_token:
        line = context.index.ask(get_cdx_line_at, name, begin)
        if line is None or line.length != end - begin or names_withheld(context.index, places, line):
            how = "Its WARC files are available only record by record, by the offsets and lengths of /cdx"
            raise HTTPException(403, f"Parts of this archive are not published. {how}")
    if validators.is_not_modified(request.headers):
        return Response(status_code=304, headers=validators.headers)
    if byte_range == _OUTSIDE:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    if byte_range:
        headers["content-range"] = f"bytes {begin}-{end - 1}/{size}"
    headers["content-length"] = str(end - begin)
    status = 206 if byte_range else 200
    if is_head:
        return Response(status_code=status, headers=headers)
    body = read_chunks(places.file(name).open, begin, end)
    return ClosingStreamingResponse(body, status_code=status, headers=headers)


def _parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return begin and end of a range; None, for the whole file, if there is no valid single range (RFC 9110 14.2)."""
    found = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        begin, end = max(size - int(last), 0), size
    else:
        begin, end = int(first), min(int(last) + 1 if last else size, size)
        if last and int(last) < begin:
            return None
    return (begin, end) if begin < end else _OUTSIDE
