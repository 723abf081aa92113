"""/web/20260301060504im_/URL: what archived pages embed. Images, stylesheets, fonts, sound and film, and nothing else
under a type that a browser would do something with. Looked up by time; redirects followed; never fetched live.
"""

import secrets
from contextlib import ExitStack

from fastapi import APIRouter, HTTPException, Request, Response

from newsarchive.extract.decode import decode
from newsarchive.web.archived_response import LARGE, Held, beginning, coding_of, held_in_pieces, poured
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.responses.streaming import Streamed
from newsarchive.web.snapshot import css
from newsarchive.web.snapshot.media_types import is_font, served
from newsarchive.web.snapshot.replay_links import Around, Kind
from newsarchive.web.timestamps import middle, stamp
from newsarchive.web.wb_url import asked_url
from storage.errors import NotFound, PayloadError
from storage.index.views.articles import CaptureView
from storage.index.views.cdx import CdxLine
from storage.warc.record import header

router = APIRouter(include_in_schema=False)

SEAL = secrets.token_hex(5)
"""Stands in the addresses of what our own frames embed. Anew with each start."""
CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
HOPS = 5
KEEP = "private, max-age=600"


@router.get("/web/{digits:int}im_{seal}/{url:path}")
def sealed_image(request: Request, door: AtDoor, digits: int, seal: str) -> Response:
    """An image that a page of ours embeds."""
    return _requisite(request, door, digits, Kind.IMAGE, seal)


@router.get("/web/{digits:int}cs_{seal}/{url:path}")
def sealed_style(request: Request, door: AtDoor, digits: int, seal: str) -> Response:
    """A stylesheet that a page of ours embeds."""
    return _requisite(request, door, digits, Kind.STYLE, seal)


@router.get("/web/{digits:int}oe_{seal}/{url:path}")
def sealed_other(request: Request, door: AtDoor, digits: int, seal: str) -> Response:
    """A font, sound or film that a page of ours embeds."""
    return _requisite(request, door, digits, Kind.OTHER, seal)


@router.get("/web/{digits:int}im_/{url:path}")
def image(request: Request, door: AtDoor, digits: int) -> Response:
    """An image."""
    return _requisite(request, door, digits, Kind.IMAGE, "")


@router.get("/web/{digits:int}cs_/{url:path}")
def style(request: Request, door: AtDoor, digits: int) -> Response:
    """A stylesheet."""
    return _requisite(request, door, digits, Kind.STYLE, "")


@router.get("/web/{digits:int}oe_/{url:path}")
def other(request: Request, door: AtDoor, digits: int) -> Response:
    """A font, sound or film."""
    return _requisite(request, door, digits, Kind.OTHER, "")


def _requisite(request: Request, door: Door, digits: int, kind: Kind, seal: str) -> Response:
    is_ours = secrets.compare_digest(seal.encode(), SEAL.encode())
    if request.headers.get("service-worker") or (
        request.headers.get("sec-fetch-site") in ("cross-site", "same-site") and not is_ours
    ):
        raise HTTPException(403, "What is archived is embedded by the archive's own pages only.")
    url = asked_url(request, f"/web/{digits}{kind}{seal}/")
    moment = middle(str(digits))
    capture = door.index.nearest(url, moment, to_the_second=False) if moment else None
    capture = _end(door, capture) if capture else None
    line = door.index.cdx_line(capture.id) if capture else None
    if capture is None or line is None:
        return Response("not archived", 404, media_type="text/plain")
    return _handed_over(door, capture, line, kind, seal)


def _handed_over(door: Door, capture: CaptureView, line: CdxLine, kind: Kind, seal: str) -> Response:
    """Its body under a type that its bytes bear out. A film flows; a stylesheet is rewritten, and so held whole."""
    with ExitStack() as opened:
        try:
            flow = opened.enter_context(held_in_pieces(door, line))
            body = beginning(flow.pieces)
            is_large = len(body) >= LARGE and coding_of(flow.headers) is None and kind is not Kind.STYLE
            if not is_large:
                whole = Held(status=flow.status or 200, headers=flow.headers, entity=b"".join((body, *flow.pieces)))
                body = whole.decoded(door.archive.config.max_body)
        except (NotFound, PayloadError):
            return Response("not archived whole", 404, media_type="text/plain")
        claimed = (header(flow.headers, "Content-Type") or capture.mime or "").partition(";")[0].strip()
        found = served(kind, claimed, body) if (flow.status or 200) < 400 else None
        if found == "text/css":
            body = _sheet(door, capture, decode(body, flow.headers), seal).encode("utf-8", "replace")
        headers = _headers(found)
        if is_large:
            return Streamed(poured(opened.pop_all(), body, flow.pieces), headers=headers)
        return Response(body, headers=headers)


def _headers(found: str | None) -> dict[str, str]:
    headers = {"content-security-policy": CSP, "cache-control": KEEP, "vary": "sec-fetch-site"}
    if found is None:
        return headers | {"content-disposition": "attachment", "content-type": "application/octet-stream"}
    # The frame has no origin of its own, so that to a browser all that it embeds comes from elsewhere.
    headers["cross-origin-resource-policy"] = "cross-origin"
    if is_font(found):
        headers["access-control-allow-origin"] = "*"
    return headers | {"content-type": "text/css; charset=utf-8" if found == "text/css" else found}


def _end(door: Door, capture: CaptureView) -> CaptureView | None:
    """Where the redirects of a capture end."""
    for _ in range(HOPS):
        if not capture.redirect_url or capture.status is None or not 300 <= capture.status < 400:
            return capture
        further = door.index.nearest(capture.redirect_url, capture.fetched_at, to_the_second=False)
        if further is None:
            return None
        capture = further
    return None


def _sheet(door: Door, capture: CaptureView, text: str, seal: str) -> str:
    around = Around(stamp=stamp(capture.fetched_at), seal=seal)
    named: dict[str, None] = {}
    css.rewritten(text, capture.url, lambda url, _kind: named.setdefault(url))
    there = door.index.held(named)
    return css.rewritten(text, capture.url, lambda url, kind: around.embedded(url, kind) if url in there else None)
