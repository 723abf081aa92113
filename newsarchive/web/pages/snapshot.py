"""/web/20260301060504/https://news.example/a: an archived page in a frame.

    /web/20260301/URL            redirects to the nearest capture, as /web/20260301060504~20260301/URL if its time
                                 differs from the requested one, so that the frame can show the difference
    /web/20260301060504/URL      page of the archive with a banner and a sandboxed frame with
    /web/20260301060504mp_/URL   the sanitised archived HTML (newsarchive/web/snapshot)
    /web/URL, /web/*/URL         the newest capture; the calendar

There are three independent layers of protection: the HTML is sanitised of scripts and of everything that fetches; its
own policy allows no execution and no external requests; the frame is a sandbox without an origin.
"""

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from newsarchive.export.withheld_records import WITHHELD_BYTES, names_withheld
from newsarchive.extract.decode import decode
from newsarchive.web.archived_response import ArchivedResponse, load_response
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.jinja_env import format_offset
from newsarchive.web.memento import memento_headers
from newsarchive.web.pages.not_found import render_not_archived
from newsarchive.web.pages.requisites import EMBED_TOKEN, follow_redirects, is_redirect
from newsarchive.web.snapshot.media_types import Display, choose_display
from newsarchive.web.snapshot.replay_links import EmbedKind, ReplayLinks
from newsarchive.web.snapshot.rewrite import Requisite, SanitizedPage, TooLarge, sanitize_page
from newsarchive.web.timestamps import format_timestamp, timestamp_middle
from newsarchive.web.wb_url import archived_url, quote_url
from storage.errors import NotFound, PayloadError
from storage.index.conditions.withheld import find_withheld_urls, load_mask
from storage.index.queries.cdx import get_cdx_line
from storage.index.queries.timeline import (
    find_nearest_capture,
    get_adjacent_times,
    get_capture_span,
    select_archived_urls,
)
from storage.index.reader import Reader
from storage.index.views.articles import CaptureView

router = APIRouter(include_in_schema=False)

FRAME_CSP = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; default-src 'none'; "
    "img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; media-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""Policy of an archived page. A click may navigate the whole window: all links lead to pages of the archive."""
MAX_TEXT_SIZE = 200_000
"""Bytes of a text that are shown."""
MAX_MISSING = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCapture:
    """A capture with its response."""

    capture: CaptureView
    answer: ArchivedResponse | None
    """None if it is not available; `problem` has the reason."""
    body: bytes
    """Decoded body."""
    problem: str = ""

    @property
    def display(self) -> Display:
        """Return the way in which the body is shown."""
        return choose_display(self.capture.mime or media_type(self.answer), self.body)

    def sanitize(self, index: Reader) -> SanitizedPage | TooLarge | None:
        """Return the sanitised page, without what is withheld."""
        assert self.answer is not None
        page = sanitize_page(decode(self.body, self.answer.headers), self.capture.url)
        if index.exclude and isinstance(page, SanitizedPage):
            urls = {url for _, url, _ in page.links} | {page.refresh_url or ""}
            withheld = index.ask(find_withheld_urls, urls | {each.url for each in page.requisites()})
            anchors = [element.text_content() for element, url, _ in page.links if url in withheld]
            page.withhold(withheld, index.ask(load_mask, withheld, anchors).apply)
        return page


def media_type(answer: ArchivedResponse | None) -> str:
    """Return the declared media type of a response."""
    return ((answer.get("Content-Type") if answer else "") or "").partition(";")[0].strip().lower()


def load_capture(context: RequestContext, capture: CaptureView) -> LoadedCapture:
    """Return a capture with its response, as far as available."""
    line = context.index.ask(get_cdx_line, capture.id)
    if line is None:
        raise HTTPException(404)
    try:
        answer = load_response(context, line)
        if choose_display(capture.mime or media_type(answer), answer.entity) is Display.TEXT and names_withheld(
            context.index, context.archive.places, line
        ):
            raise NotFound(WITHHELD_BYTES)
    except NotFound as problem:
        return LoadedCapture(capture=capture, answer=None, body=b"", problem=str(problem))
    try:
        return LoadedCapture(capture=capture, answer=answer, body=answer.decode(context.archive.config.max_body_size))
    except PayloadError as problem:
        return LoadedCapture(capture=capture, answer=answer, body=b"", problem=str(problem))


@router.get("/web/*/{url:path}")
def redirect_to_calendar(request: Request) -> Response:
    """Redirect to the calendar."""
    return RedirectResponse(f"/calendar?url={quote_url(archived_url(request, '/web/*/')).replace('&', '%26')}", 302)


@router.get("/web/{digits:int}mp_/{url:path}")
def frame_content(request: Request, context: Context, digits: int) -> Response:
    """Return the sanitised archived HTML."""
    if request.headers.get("service-worker"):
        raise HTTPException(403, "Archived scripts may not be service workers of the archive.")
    url, time = archived_url(request, f"/web/{digits}mp_/"), parse_time_or_404(str(digits))
    if request.headers.get("sec-fetch-dest") == "document":
        # Opened directly it would look like a page of the archive, without its banner.
        return RedirectResponse(f"/web/{digits}/{quote_url(url)}", 302, {"vary": "sec-fetch-dest"})
    capture = context.index.ask(find_nearest_capture, url, time)
    if capture is None:
        raise HTTPException(404, f"The archive has no capture of {url}")
    if format_timestamp(capture.fetched_at) != str(digits):
        return RedirectResponse(f"/web/{format_timestamp(capture.fetched_at)}mp_/{quote_url(capture.url)}", 302)
    shown = load_capture(context, capture)
    page = shown.sanitize(context.index) if shown.answer and shown.display is Display.HTML else None
    if not isinstance(page, SanitizedPage):
        raise HTTPException(404, "This capture cannot be shown as a page.")
    links = ReplayLinks(timestamp=format_timestamp(capture.fetched_at), token=EMBED_TOKEN)
    archived = context.index.ask(select_archived_urls, (each.url for each in page.requisites()))
    html = page.to_html(links.page_url, lambda url, kind: links.embed_url(url, kind) if url in archived else None)
    headers = {"content-security-policy": FRAME_CSP, "x-dns-prefetch-control": "off", "vary": "sec-fetch-dest"}
    return HTMLResponse(html, headers=headers)


@router.get("/web/{digits:int}~{requested:int}/{url:path}")
def snapshot_with_offset(request: Request, context: Context, digits: int, requested: int) -> Response:
    """Return a capture with its distance from the requested time."""
    return _respond(context, archived_url(request, f"/web/{digits}~{requested}/"), str(digits), str(requested))


@router.get("/web/{digits:int}/{url:path}")
def snapshot(request: Request, context: Context, digits: int) -> Response:
    """Return the capture of a second, or redirect to the nearest."""
    return _respond(context, archived_url(request, f"/web/{digits}/"), str(digits), None)


@router.get("/web/http{rest:path}")
def redirect_to_newest(request: Request, context: Context) -> Response:
    """Redirect to the newest capture."""
    url = archived_url(request, "/web/")
    capture = context.index.ask(find_nearest_capture, url, context.now)
    if capture is None:
        return render_not_archived(context, url)
    return RedirectResponse(f"/web/{format_timestamp(capture.fetched_at)}/{quote_url(capture.url)}", 302)


def parse_time_or_404(digits: str) -> datetime:
    """Parse a timestamp; 404 if it is invalid."""
    time = timestamp_middle(digits)
    if time is None:
        raise HTTPException(404, f"{digits} is not a timestamp (up to 14 digits, YYYYMMDDhhmmss).")
    return time


def _respond(context: RequestContext, url: str, digits: str, requested: str | None) -> Response:
    time = parse_time_or_404(digits)
    first = context.index.ask(find_nearest_capture, url, time)
    if first is None:
        return render_not_archived(context, url, time)
    chain = follow_redirects(context, first)
    capture = chain[-1]
    at = format_timestamp(capture.fetched_at)
    if at != digits or len(chain) > 1:
        target = requested or digits
        distance = "" if at.startswith(target) else f"~{target}"
        return RedirectResponse(f"/web/{at}{distance}/{quote_url(capture.url)}", 302)
    if capture.redirect_url and is_redirect(capture):
        return render_not_archived(context, capture.redirect_url, time, redirected=(capture,))
    return _render_snapshot(
        context, load_capture(context, capture), parse_time_or_404(requested) if requested else None
    )


def _render_snapshot(context: RequestContext, shown: LoadedCapture, requested: datetime | None) -> Response:
    capture = shown.capture
    here = format_timestamp(capture.fetched_at)
    links = ReplayLinks(timestamp=here, token=EMBED_TOKEN)
    page = shown.sanitize(context.index) if shown.answer and shown.display is Display.HTML else None
    missing = _missing_requisites(context, page) if isinstance(page, SanitizedPage) else ()
    status = shown.answer.status if shown.answer else capture.status
    response = context.render(
        "snapshot.html",
        capture=capture,
        status_sent=status,
        kind=shown.display.name.lower() if not shown.problem else "problem",
        problem=page.reason if isinstance(page, TooLarge) else shown.problem,
        too_large=isinstance(page, TooLarge) or (shown.display is Display.HTML and page is None),
        title=(page.title if isinstance(page, SanitizedPage) else "") or capture.title or capture.url,
        refresh_url=page.refresh_url if isinstance(page, SanitizedPage) else None,
        frame=links.embed_url(capture.url, EmbedKind.FRAMED).replace(
            f"{EmbedKind.FRAMED}{EMBED_TOKEN}", EmbedKind.FRAMED, 1
        ),
        image=links.embed_url(capture.url, EmbedKind.IMAGE),
        raw=f"/web/{here}id_/{quote_url(capture.url)}",
        text=_decode_text(shown) if shown.display is Display.TEXT else "",
        is_cut=len(shown.body) > MAX_TEXT_SIZE,
        size=len(shown.body),
        requested=requested,
        distance=format_offset(requested, capture.fetched_at) if requested else "",
        span=context.index.ask(get_capture_span, capture.url),
        beside=context.index.ask(get_adjacent_times, capture.url, capture.fetched_at),
        url_at=lambda when: f"/web/{format_timestamp(when)}/{quote_url(capture.url)}",
        missing=missing[:MAX_MISSING],
        missing_count=len(missing),
        here=here,
    )
    response.headers.update(memento_headers(context, capture.url, capture.fetched_at))
    return response


def _missing_requisites(context: RequestContext, page: SanitizedPage) -> tuple[Requisite, ...]:
    requisites = page.requisites()
    archived = context.index.ask(select_archived_urls, (each.url for each in requisites))
    withheld = context.index.ask(find_withheld_urls, (each.url for each in requisites))
    return tuple(each for each in requisites if each.url not in archived and each.url not in withheld)


def _decode_text(shown: LoadedCapture) -> str:
    return decode(shown.body[:MAX_TEXT_SIZE], shown.answer.headers if shown.answer else ())
