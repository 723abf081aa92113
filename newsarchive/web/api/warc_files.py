"""/warcs/NAME.warc.gz: the archive's own files, whole or in part, for programs that read records by offset and length.

    Range: bytes=3411-5822   one record          Range: bytes=-500   the end          none: the whole file

A file that is whole never changes, one that is being written only grows: both have an ETag, by which If-None-Match
spares the bytes and If-Range keeps parts of two states apart.

Where anything is not to be shown (blocked addresses, hidden sites, an embargo), a file is closed but for its allowed
captures: a request is answered only where its range is exactly one record of which the index says that it may be seen.
Others would hand out what pages and CDX leave out.
"""

import re
from collections.abc import Iterator

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from newsarchive.web.context import AtDoor, Door
from newsarchive.web.responses.conditional import Validators
from newsarchive.web.responses.streaming import Streamed
from storage.places import WarcFile

router = APIRouter(include_in_schema=False)

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@=,-]{0,254}")
_PIECE = 1 << 18
_OUTSIDE = (-1, -1)


@router.get("/warcs/{name}")
def warc(request: Request, door: AtDoor, name: str) -> Response:
    """A file, or a range of its bytes."""
    # Nothing else of the folder or the bucket is given out.
    if not _NAME.fullmatch(name) or not door.index.knows_warc(name):
        raise HTTPException(404, f"The archive has no WARC file {name}")
    places = door.archive.places
    seen = places.look(name)
    size = seen.size
    validators = Validators(tag=f'"{seen.mark}"', changed=seen.changed)
    # Ranges are for GET alone (RFC 9110 14.2), and for the file whose beginning the client has.
    is_head = bool(request.scope.get("is_head"))
    ranged = None if is_head or not validators.let_range(request.headers) else request.headers.get("range")
    wanted = _wanted(ranged, size)
    headers = {
        **validators.headers,
        "accept-ranges": "bytes",
        "content-type": "application/warc",
        "content-disposition": f'attachment; filename="{name}"',
    }
    begin, end = wanted or (0, size)
    if door.index.exclude and not _is_allowed(door, name, begin, end):
        raise HTTPException(
            403,
            "Some of what this archive holds is not shown. Of its WARC files it gives single records, by the offsets "
            "and lengths that /cdx names, and nothing else",
        )
    if validators.are_known(request.headers):
        return Response(status_code=304, headers=validators.headers)
    if wanted == _OUTSIDE:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{size}"})
    if wanted:
        headers["content-range"] = f"bytes {begin}-{end - 1}/{size}"
    headers["content-length"] = str(end - begin)
    status = 206 if wanted else 200
    if is_head:
        return Response(status_code=status, headers=headers)
    return Streamed(_bytes(places.file(name), begin, end), status_code=status, headers=headers)


def _wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """Begin and end of the bytes that are wanted; None for all of them, as for a header of another form (RFC 9110
    14.2), also for one of many ranges.
    """
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


def _is_allowed(door: Door, name: str, begin: int, end: int) -> bool:
    line = door.index.cdx_line_at(name, begin)
    return line is not None and line.length == end - begin


def _bytes(whole: WarcFile, begin: int, end: int) -> Iterator[bytes]:
    with whole.open() as file:
        file.seek(begin)
        while begin < end and (piece := file.read(min(_PIECE, end - begin))):
            begin += len(piece)
            yield piece
