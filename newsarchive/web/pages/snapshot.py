"""/web/20260301060504/https://news.example/a: the page as it looked then, in a frame of ours.

    /web/20260301/URL            leads to the nearest capture, as /web/20260301060504~20260301/URL where that is another
                                 time than was asked for, so that the frame can say how far off it is
    /web/20260301060504/URL      our page: banner, and a sandboxed frame with
    /web/20260301060504mp_/URL   the archived HTML, made safe (newsarchive/web/snapshot)
    /web/URL, /web/*/URL         the newest capture; the calendar

Three walls, each of which holds alone: scripts and whatever fetches are taken out of the HTML; it is served under a
policy of its own that lets nothing run and nothing be fetched from elsewhere; the frame is a sandbox without an origin.
"""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from newsarchive.extract.decode import decode
from newsarchive.web.archived_response import Held, held
from newsarchive.web.context import AtDoor, Door
from newsarchive.web.memento import memento_headers
from newsarchive.web.pages.durations import apart
from newsarchive.web.pages.not_found import not_archived
from newsarchive.web.pages.requisites import SEAL
from newsarchive.web.snapshot.media_types import Look, look
from newsarchive.web.snapshot.replay_links import Around, Kind
from newsarchive.web.snapshot.rewrite import Requisite, Snapshot, TooLarge, read
from newsarchive.web.timestamps import middle, stamp
from newsarchive.web.wb_url import asked_url, in_path
from storage.errors import NotFound, PayloadError
from storage.index.views.articles import CaptureView

router = APIRouter(include_in_schema=False)

FRAME_CSP = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; default-src 'none'; "
    "img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; media-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""Of an archived page. Links may change the whole window, by a click: they all lead to pages of ours."""
HOPS = 10
LONGEST_TEXT = 200_000
"""Bytes of a text that are shown."""
MOST_MISSING = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A capture with what it holds."""

    capture: CaptureView
    answer: Held | None
    """None where its bytes are not to be had; `problem` says why."""
    body: bytes
    """Codings undone."""
    problem: str = ""

    @property
    def look(self) -> Look:
        """How it is shown."""
        return look(self.capture.mime or media_type(self.answer), self.body)

    def page(self) -> Snapshot | TooLarge | None:
        """The page, made safe."""
        assert self.answer is not None
        return read(decode(self.body, self.answer.headers), self.capture.url)


def media_type(answer: Held | None) -> str:
    """The media type that an answer claims."""
    return ((answer.get("Content-Type") if answer else "") or "").partition(";")[0].strip().lower()


def load(door: Door, capture: CaptureView) -> Shown:
    """What a capture holds, as far as it can be had."""
    line = door.index.cdx_line(capture.id)
    if line is None:
        raise HTTPException(404)
    try:
        answer = held(door, line)
    except NotFound as problem:
        return Shown(capture=capture, answer=None, body=b"", problem=str(problem))
    try:
        return Shown(capture=capture, answer=answer, body=answer.decoded(door.archive.config.max_body))
    except PayloadError as problem:
        return Shown(capture=capture, answer=answer, body=b"", problem=str(problem))


@router.get("/web/*/{url:path}")
def any_time(request: Request) -> Response:
    """To the calendar."""
    return RedirectResponse(f"/calendar?url={in_path(asked_url(request, '/web/*/')).replace('&', '%26')}", 302)


@router.get("/web/{digits:int}mp_/{url:path}")
def framed(request: Request, door: AtDoor, digits: int) -> Response:
    """The archived HTML, made safe."""
    if request.headers.get("service-worker"):
        raise HTTPException(403, "Archived scripts are not to become service workers of the archive.")
    url, moment = asked_url(request, f"/web/{digits}mp_/"), asked_moment(str(digits))
    if request.headers.get("sec-fetch-dest") == "document":
        # By itself it would look like a page of ours, without a word of what it is.
        return RedirectResponse(f"/web/{digits}/{in_path(url)}", 302, {"vary": "sec-fetch-dest"})
    capture = door.index.nearest(url, moment)
    if capture is None:
        raise HTTPException(404, f"The archive holds no capture of {url}")
    if stamp(capture.fetched_at) != str(digits):
        return RedirectResponse(f"/web/{stamp(capture.fetched_at)}mp_/{in_path(capture.url)}", 302)
    shown = load(door, capture)
    page = shown.page() if shown.answer and shown.look is Look.HTML else None
    if not isinstance(page, Snapshot):
        raise HTTPException(404, "This capture is not shown as a page.")
    around = Around(stamp=stamp(capture.fetched_at), seal=SEAL)
    there = door.index.held(each.url for each in page.requisites())
    html = page.html(around.page, lambda url, kind: around.embedded(url, kind) if url in there else None)
    headers = {"content-security-policy": FRAME_CSP, "x-dns-prefetch-control": "off", "vary": "sec-fetch-dest"}
    return HTMLResponse(html, headers=headers)


@router.get("/web/{digits:int}~{asked:int}/{url:path}")
def distant(request: Request, door: AtDoor, digits: int, asked: int) -> Response:
    """One capture, and how far it is from the time that was asked for."""
    return _snapshot(door, asked_url(request, f"/web/{digits}~{asked}/"), str(digits), str(asked))


@router.get("/web/{digits:int}/{url:path}")
def snapshot(request: Request, door: AtDoor, digits: int) -> Response:
    """The capture of that second; where there is none, to the nearest."""
    return _snapshot(door, asked_url(request, f"/web/{digits}/"), str(digits), None)


@router.get("/web/http{rest:path}")
def newest(request: Request, door: AtDoor) -> Response:
    """To the newest capture."""
    url = asked_url(request, "/web/")
    capture = door.index.nearest(url, door.now)
    if capture is None:
        return not_archived(door, url)
    return RedirectResponse(f"/web/{stamp(capture.fetched_at)}/{in_path(capture.url)}", 302)


def asked_moment(digits: str) -> datetime:
    """The moment that a timestamp asks for; 404 where it is none."""
    moment = middle(digits)
    if moment is None:
        raise HTTPException(404, f"{digits} is no timestamp: wants up to 14 digits, YYYYMMDDhhmmss.")
    return moment


def _snapshot(door: Door, url: str, digits: str, asked: str | None) -> Response:
    moment = asked_moment(digits)
    first = door.index.nearest(url, moment)
    if first is None:
        return not_archived(door, url, moment)
    chain = _followed(door, first)
    capture = chain[-1]
    at = stamp(capture.fetched_at)
    if at != digits or len(chain) > 1:
        wanted = asked or digits
        distance = "" if at.startswith(wanted) else f"~{wanted}"
        return RedirectResponse(f"/web/{at}{distance}/{in_path(capture.url)}", 302)
    if capture.redirect_url and _is_redirect(capture):
        return not_archived(door, capture.redirect_url, moment, redirected=(capture,))
    return _framing(door, load(door, capture), asked_moment(asked) if asked else None)


def _followed(door: Door, capture: CaptureView) -> list[CaptureView]:
    """A capture and those that its redirects lead to, each the nearest in time; it ends before it turns in a ring."""
    chain = [capture]
    while len(chain) < HOPS and chain[-1].redirect_url and _is_redirect(chain[-1]):
        further = door.index.nearest(chain[-1].redirect_url, chain[-1].fetched_at, to_the_second=False)
        if further is None or any(further.id == each.id for each in chain):
            break
        chain.append(further)
    return chain[:1] if _is_redirect(chain[-1]) else chain


def _is_redirect(capture: CaptureView) -> bool:
    return capture.status is not None and 300 <= capture.status < 400 and capture.status != 304


def _framing(door: Door, shown: Shown, asked: datetime | None) -> Response:
    capture = shown.capture
    here = stamp(capture.fetched_at)
    around = Around(stamp=here, seal=SEAL)
    page = shown.page() if shown.answer and shown.look is Look.HTML else None
    missing = _missing(door, page) if isinstance(page, Snapshot) else ()
    status = shown.answer.status if shown.answer else capture.status
    response = door.page(
        "snapshot.html",
        capture=capture,
        status_sent=status,
        kind=shown.look.name.lower() if not shown.problem else "problem",
        problem=page.reason if isinstance(page, TooLarge) else shown.problem,
        too_large=isinstance(page, TooLarge) or (shown.look is Look.HTML and page is None),
        title=(page.title if isinstance(page, Snapshot) else "") or capture.title or capture.url,
        leads_to=page.leads_to if isinstance(page, Snapshot) else None,
        frame=around.embedded(capture.url, Kind.FRAMED).replace(f"{Kind.FRAMED}{SEAL}", Kind.FRAMED, 1),
        image=around.embedded(capture.url, Kind.IMAGE),
        raw=f"/web/{here}id_/{in_path(capture.url)}",
        text=_text(shown) if shown.look is Look.TEXT else "",
        is_cut=len(shown.body) > LONGEST_TEXT,
        size=len(shown.body),
        asked=asked,
        distance=apart(asked, capture.fetched_at) if asked else "",
        span=door.index.span(capture.url),
        beside=door.index.beside(capture.url, capture.fetched_at),
        address_at=lambda when: f"/web/{stamp(when)}/{in_path(capture.url)}",
        missing=missing[:MOST_MISSING],
        missing_count=len(missing),
        here=here,
    )
    response.headers.update(memento_headers(door, capture.url, capture.fetched_at))
    return response


def _missing(door: Door, page: Snapshot) -> tuple[Requisite, ...]:
    wanted = page.requisites()
    there = door.index.held(each.url for each in wanted)
    return tuple(each for each in wanted if each.url not in there)


def _text(shown: Shown) -> str:
    return decode(shown.body[:LONGEST_TEXT], shown.answer.headers if shown.answer else ())
