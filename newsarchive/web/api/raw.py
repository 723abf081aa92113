"""/web/20260301060504id_/https://news.example/a: the archived answer itself, byte for byte.

Status, Content-Type and body are the archived ones; the other headers come as X-Archive-Orig-*, as Wayback machines
name them. A content coding (gzip, br) is kept where the client takes it, for the payload digest is over the coded
bytes, and undone where it does not. A timestamp that is no capture's own leads to the nearest capture. What is large
flows from the file to the client in pieces.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from newsarchive.web.archived_response import (
    LARGE,
    Held,
    as_read,
    beginning,
    coding_of,
    held_in_pieces,
    is_taken,
    poured,
)
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.memento import memento_headers, nearest
from newsarchive.web.responses.conditional import Validators
from newsarchive.web.responses.streaming import Streamed
from newsarchive.web.timestamps import middle, stamp
from newsarchive.web.wb_url import asked_url, in_path
from storage.index.views.cdx import CdxLine
from storage.warc.record import Headers, header

router = APIRouter(include_in_schema=False)

CSP = "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
"""Opened by itself, an archived page runs nothing, fetches nothing and sends nothing."""
_ORIGINAL = "x-archive-orig-"
_MOST_HEADERS = 100
_LONGEST_VALUE = 4000
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_AS_PAGE = frozenset({"document", "iframe", "frame", "embed", "object"})
_MARKUP = re.compile(r"html|xml", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([-\w.:]+)", re.IGNORECASE)
_WITHOUT_BODY = frozenset({204, 205, 304})
_NO_TAG = re.compile(r"[^-\w.:]", re.ASCII)


@router.get("/web/{digits}id_/{url:path}")
def raw(request: Request, door: AtDoor, digits: str) -> Response:
    """One archived answer."""
    if request.headers.get("service-worker"):
        raise HTTPException(403, "Archived scripts are not to become service workers of the archive")
    prefix = f"/web/{digits}id_/"
    url = asked_url(request, prefix)
    moment = middle(digits)
    if moment is None:
        raise HTTPException(400, f"{digits} is no timestamp: wants up to 14 digits, YYYYMMDDhhmmss")
    line = nearest(door.index, url, moment)
    if line is None:
        raise HTTPException(404, f"The archive holds no capture of {url}")
    if stamp(line.fetched_at) != digits:
        return _elsewhere(door, line)
    return _answer(request, door, line)


def _elsewhere(door: Door, line: CdxLine) -> Response:
    headers = memento_headers(door, line.url, line.fetched_at)
    del headers["memento-datetime"]
    return Response(status_code=302, headers={"location": _raw_uri(line), **headers})


def _raw_uri(line: CdxLine) -> str:
    """Relative to the host: an absolute address would be another origin to a client that came through a proxy."""
    return f"/web/{stamp(line.fetched_at)}id_/{in_path(line.url)}"


def _answer(request: Request, door: Door, line: CdxLine) -> Response:
    accepted = request.headers.get("accept-encoding", "")
    with ExitStack() as opened:
        flow = opened.enter_context(held_in_pieces(door, line))
        status = flow.status or 200
        headers = _headers(request, door, line, flow.headers)
        begin = beginning(flow.pieces)
        coding = coding_of(flow.headers)
        if len(begin) < LARGE:
            whole = Held(status=status, headers=flow.headers, entity=begin)
            body, coding = as_read(whole, accepted, door.archive.config.max_body)
        elif is_taken(coding, accepted):
            body = None
        else:
            # A coding is undone in memory: what is large has to find a place for that.
            with door.heavy.one():
                whole = Held(status=status, headers=flow.headers, entity=b"".join((begin, *flow.pieces)))
                body, coding = as_read(whole, accepted, door.archive.config.max_body)
        validators = _validators(line, coding)
        if validators.are_known(request.headers):
            return Response(status_code=304, headers=validators.headers | {"vary": headers["vary"]})
        headers |= validators.headers | ({"content-encoding": coding} if coding else {})
        status = status if 200 <= status <= 599 else 502
        if status in _WITHOUT_BODY:
            del headers["content-type"]
            return Response(status_code=status, headers=headers)
        if body is not None:
            return Response(body, status_code=status, headers=headers)
        sent = iter(()) if request.scope.get("is_head") else poured(opened.pop_all(), begin, flow.pieces)
        return Streamed(sent, status_code=status, headers=headers)


def _headers(request: Request, door: Door, line: CdxLine, archived: Headers) -> dict[str, str]:
    """What an answer says, but for its coding and its validators."""
    headers = {
        **dict(original_headers(archived)),
        **memento_headers(door, line.url, line.fetched_at),
        "content-security-policy": CSP,
        "vary": "accept-encoding, sec-fetch-dest",
        "accept-ranges": "none",
        "content-type": _value(_shown_type(request, header(archived, "Content-Type") or "application/octet-stream")),
    }
    if line.redirect_url:
        headers["location"] = f"/web/{stamp(line.fetched_at)}id_/{in_path(line.redirect_url)}"
    part = header(archived, "Content-Range")
    if part and line.status == 206:
        # The answer is a part, and says which; without it a 206 makes no sense (RFC 9110 15.3.7).
        headers["content-range"] = _value(part)
    return headers


def _validators(line: CdxLine, coding: str | None) -> Validators:
    """A capture never changes; coded and not it is two representations, and each has its own tag (RFC 9110 8.8.3.3)."""
    name = line.record_id.removeprefix("urn:uuid:")
    return Validators(tag=f'"{_NO_TAG.sub("-", f"{name}-{coding}" if coding else name)}"')


def _shown_type(request: Request, claimed: str) -> str:
    """The archived Content-Type; for a browser that would open it as a page, plain text.

    No policy keeps a browser from connecting to a host that a page names as `preconnect`. Programs do not open pages.
    """
    if request.headers.get("sec-fetch-dest") not in _AS_PAGE or not _MARKUP.search(claimed):
        return claimed
    charset = _CHARSET.search(claimed)
    return f"text/plain; charset={charset[1]}" if charset else "text/plain"


def original_headers(headers: Headers) -> Iterator[tuple[str, str]]:
    """Archived headers under names that mean nothing to a browser; odd and overlong ones are left out.

    >>> list(original_headers((("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Bad name", "x"))))
    [('x-archive-orig-set-cookie', 'a=1, b=2')]
    >>> list(original_headers((("X-Empty", ""), ("X-Empty", ""))))
    [('x-archive-orig-x-empty', ',')]
    """
    kept: dict[str, str] = {}
    for name, value in headers[:_MOST_HEADERS]:
        if _TOKEN.fullmatch(name) and len(value) <= _LONGEST_VALUE:
            key = _ORIGINAL + name.lower()
            # Without the strip, two empty ones would end in a space, which no header may.
            kept[key] = f"{kept[key]}, {_value(value)}".strip() if key in kept else _value(value)
    yield from kept.items()


def _value(value: str) -> str:
    """A value that a header of ours can hold: latin-1 without control characters."""
    return _CONTROL.sub(" ", value).encode("latin-1", "replace").decode("latin-1").strip()
