"""/web/20260301060504id_/https://news.example/a: the archived response itself, byte for byte.

Status, Content-Type and body are the archived ones; other headers are returned as X-Archive-Orig-*, as in the Wayback
Machine. A content coding (gzip, br) is kept if the client accepts it, because the payload digest is over the coded
bytes, and removed if not. A timestamp without a capture redirects to the nearest capture. Large bodies are streamed
from the file.
"""

import re
from contextlib import ExitStack, nullcontext, suppress

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from newsarchive.export.withheld_records import WITHHELD_BYTES, names_withheld
from newsarchive.urls.wb_url import archived_url, format_timestamp, quote_url, timestamp_middle
from newsarchive.web import archived_response
from newsarchive.web.archived_response import stream_body
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.memento import memento_headers, nearest_capture
from newsarchive.web.responses.conditional import Validators
from newsarchive.web.responses.streaming import ClosingStreamingResponse
from storage.errors import PayloadError
from storage.index.views.cdx import CdxLine
from storage.warc.payload import decode_entity
from storage.warc.record import Headers, header

router = APIRouter()

CSP = "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
"""Opened directly, an archived page runs no scripts, fetches nothing and sends nothing."""
_PREFIX = "x-archive-orig-"
_MAX_HEADERS = 100
_MAX_VALUE = 4000
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_PAGE_DESTINATIONS = frozenset({"document", "iframe", "frame", "embed", "object"})
_MARKUP = re.compile(r"html|xml", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([-\w.:]+)", re.IGNORECASE)
_BODILESS = frozenset({204, 205, 304})
_NOT_IN_TAG = re.compile(r"[^-\w.:]", re.ASCII)


@router.get("/web/{digits}id_/{url:path}")
def raw_capture(request: Request, context: Context, digits: str) -> Response:
    """Return the archived response of a capture."""
    if request.headers.get("service-worker"):
        raise HTTPException(403, "Archived scripts may not be service workers of the archive")
    url = archived_url(request.scope, f"/web/{digits}id_/")
    if (time := timestamp_middle(digits)) is None:
        raise HTTPException(400, f"{digits} is not a timestamp (up to 14 digits, YYYYMMDDhhmmss)")
    if (line := nearest_capture(context.index, url, time)) is None:
        raise HTTPException(404, f"The archive has no capture of {url}")
    if names_withheld(context.index, context.archive.places, line):
        raise HTTPException(403, WITHHELD_BYTES)
    if format_timestamp(line.fetched_at) != digits:
        headers = memento_headers(context, line.url, line.fetched_at)
        del headers["memento-datetime"]
        # A relative URL: an absolute one would be another origin for a client behind a proxy.
        location = f"/web/{format_timestamp(line.fetched_at)}id_/{quote_url(line.url)}"
        return Response(status_code=302, headers={"location": location, **headers})
    return _respond(request, context, line)


def _respond(request: Request, context: RequestContext, line: CdxLine) -> Response:
    accepted = request.headers.get("accept-encoding", "")
    with ExitStack() as opened:
        stream = opened.enter_context(archived_response.open_archived_response(context, line))
        status = stream.status or 200
        headers = _headers(request, context, line, stream.headers)
        start = archived_response.read_beginning(stream.chunks)
        coding = archived_response.content_coding(stream.headers)
        is_decoded = not archived_response.accepts_coding(coding, accepted)
        body, is_short = None, len(start) < archived_response.MAX_IN_MEMORY
        if is_short or is_decoded:
            # Decoding is done in memory: a large body needs a slot.
            with nullcontext() if is_short else context.heavy_requests.slot(), context.work.measure():
                body = b"".join((start, *stream.chunks))
                with suppress(PayloadError):  # an invalid coding is kept
                    if is_decoded:
                        body = decode_entity(body, stream.headers, context.archive.config.max_body_size)
                        coding = None
        # Each content coding is a representation with its own tag (RFC 9110 8.8.3.3).
        tag = "-".join(filter(None, [line.record_id.removeprefix("urn:uuid:"), coding]))
        validators = Validators(tag=f'"{_NOT_IN_TAG.sub("-", tag)}"')
        if validators.is_not_modified(request.headers):
            return Response(status_code=304, headers=validators.headers | {"vary": headers["vary"]})
        headers |= validators.headers | ({"content-encoding": coding} if coding else {})
        if not 200 <= status <= 599:
            # Not a status of HTTP (some sites send 999): the capture is shown, which has not failed.
            headers[f"{_PREFIX}status"], status = str(status), 200
        if status in _BODILESS:
            del headers["content-type"]
            return Response(status_code=status, headers=headers)
        if body is not None:
            return Response(body, status_code=status, headers=headers)
        sent = iter(()) if request.scope.get("is_head") else stream_body(opened.pop_all(), start, stream.chunks)
        return ClosingStreamingResponse(sent, status_code=status, headers=headers)


def _headers(request: Request, context: RequestContext, line: CdxLine, archived: Headers) -> dict[str, str]:
    """Return the headers without the content coding and the validators."""
    headers = {
        **original_headers(archived),
        **memento_headers(context, line.url, line.fetched_at),
        "content-security-policy": CSP,
        "vary": "accept-encoding, sec-fetch-dest",
        "accept-ranges": "none",
        "content-type": _header_value(_safe_content_type(request, archived)),
    }
    if line.redirect_url:
        headers["location"] = f"/web/{format_timestamp(line.fetched_at)}id_/{quote_url(line.redirect_url)}"
    if (part := header(archived, "Content-Range")) and line.status == 206:
        # A 206 requires Content-Range (RFC 9110 15.3.7).
        headers["content-range"] = _header_value(part)
    return headers


def _safe_content_type(request: Request, archived: Headers) -> str:
    """Return the archived Content-Type, or text/plain if a browser would open markup as a page.

    No policy prevents a browser from connecting to a host that a page names as `preconnect`.
    """
    claimed = header(archived, "Content-Type") or "application/octet-stream"
    if request.headers.get("sec-fetch-dest") not in _PAGE_DESTINATIONS or not _MARKUP.search(claimed):
        return claimed
    charset = _CHARSET.search(claimed)
    return f"text/plain; charset={charset[1]}" if charset else "text/plain"


def original_headers(headers: Headers) -> dict[str, str]:
    """Return archived headers under names without a meaning for browsers; invalid and overlong ones are skipped.

    >>> original_headers((("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Bad name", "x")))
    {'x-archive-orig-set-cookie': 'a=1, b=2'}
    >>> original_headers((("X-Empty", ""), ("X-Empty", "")))
    {'x-archive-orig-x-empty': ','}
    """
    kept: dict[str, str] = {}
    for name, value in headers[:_MAX_HEADERS]:
        if _TOKEN.fullmatch(name) and len(value) <= _MAX_VALUE:
            key = _PREFIX + name.lower()
            # Two empty values would otherwise end in a space, which a header must not.
            kept[key] = f"{kept[key]}, {_header_value(value)}".strip() if key in kept else _header_value(value)
    return kept


def _header_value(value: str) -> str:
    """Return a value as a valid header: Latin-1 without control characters."""
    return _CONTROL.sub(" ", value).encode("latin-1", "replace").decode("latin-1").strip()
