"""/web/20260301060504im_/URL: page requisites, that is images, stylesheets, fonts, audio and video.

Nothing is fetched live, or served under a type that a browser would execute. Requisites are looked up by time.
"""

import re
import secrets
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from newsarchive.export.withheld_records import WITHHELD_BYTES, names_withheld
from newsarchive.extract.decode import decode, media_type
from newsarchive.urls.wb_url import archived_url, format_timestamp, quote_url, timestamp_middle
from newsarchive.web import archived_response
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.memento import memento_headers
from newsarchive.web.pages.calendar import render_not_archived
from newsarchive.web.responses.streaming import ClosingStreamingResponse
from newsarchive.web.snapshot import css
from newsarchive.web.snapshot.media_types import Display, choose_display, safe_media_type
from newsarchive.web.snapshot.replay_links import BARE, EmbedKind, ReplayLinks
from newsarchive.web.snapshot.rewrite import SanitizedPage, TooLarge, sanitize_page
from newsarchive.web.thumbnails import get_thumbnail
from storage.errors import NotFound, PayloadError, StorageError
from storage.index.conditions.withheld import find_withheld_urls, load_mask, load_names
from storage.index.queries import articles, cdx, timeline
from storage.index.reader import Reader
from storage.index.views.articles import CaptureView
from storage.index.views.cdx import CdxLine
from storage.model import Outcome
from storage.warc.payload import decode_entity
from storage.warc.record import header
from storage.warc.streaming import ResponseStream

router = APIRouter()

EMBED_TOKEN = secrets.token_hex(5)
"""Part of the URLs that the archive's own frames embed; new at each start."""
CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
MAX_REDIRECTS = 10
_PICTURES = re.compile("image/|(application|binary)/octet-stream", re.IGNORECASE)
CACHE_CONTROL = "private, max-age=600"


def _add_routes(kind: EmbedKind) -> None:
    """Add the two routes of a kind: URLs with the token, which the archive's own frames use, and URLs without."""

    def requisite(request: Request, context: Context, digits: int) -> Response:
        token = request.path_params.get("token", "")
        is_ours = secrets.compare_digest(token.removesuffix(BARE).encode(), EMBED_TOKEN.encode())
        is_foreign = request.headers.get("sec-fetch-site") in ("cross-site", "same-site") and not is_ours
        if request.headers.get("service-worker") or is_foreign:
            raise HTTPException(403, "Archived resources may be embedded by the archive's own pages only.")
        url = archived_url(request.scope, f"/web/{digits}{kind}{token}/")
        time = timestamp_middle(str(digits))
        capture = context.index.ask(timeline.find_nearest_capture, url, time, to_the_second=False) if time else None
        capture = follow_redirects(context, capture)[-1] if capture else None
        line = context.index.ask(cdx.get_cdx_line, capture.id) if capture and not is_redirect(capture) else None
        if capture is None or line is None or names_withheld(context.index, context.archive.places, line):
            return Response("not archived", 404, media_type="text/plain")
        if kind is EmbedKind.THUMBNAIL:
            return _send_thumbnail(context, capture)
        return _send_requisite(context, capture, line, kind, token)

    for token in ("{token}", ""):
        router.add_api_route(f"/web/{{digits:int}}{kind}{token}/{{url:path}}", requisite)


for _kind in (EmbedKind.IMAGE, EmbedKind.STYLE, EmbedKind.OTHER, EmbedKind.THUMBNAIL):
    _add_routes(_kind)


def _send_requisite(
    context: RequestContext, capture: CaptureView, line: CdxLine, kind: EmbedKind, token: str
) -> Response:
    """Return a body under a type that its bytes confirm. Large bodies are streamed, except stylesheets."""
    with ExitStack() as opened:
        try:
            stream = opened.enter_context(archived_response.open_archived_response(context, line))
            body = archived_response.read_beginning(stream.chunks)
            is_decoded = archived_response.content_coding(stream.headers) is not None or kind is EmbedKind.STYLE
            is_large = len(body) >= archived_response.MAX_IN_MEMORY and not is_decoded
            if not is_large:
                entity = b"".join((body, *stream.chunks))
                body = decode_entity(entity, stream.headers, context.archive.config.max_body_size)
        except (NotFound, PayloadError):
            return Response("not archived whole", 404, media_type="text/plain")
        claimed = (header(stream.headers, "Content-Type") or capture.mime or "").partition(";")[0].strip()
        found = safe_media_type(kind, claimed, body) if (stream.status or 200) < 400 else None
        if found == "text/css":
            body = _rewrite_stylesheet(context, capture, decode(body, stream.headers), token).encode("utf-8", "replace")
        headers = _headers(found)
        if is_large:
            sent = archived_response.stream_body(opened.pop_all(), body, stream.chunks)
            return ClosingStreamingResponse(sent, headers=headers)
        return Response(body, headers=headers)


def _send_thumbnail(context: RequestContext, capture: CaptureView) -> Response:
    """Return the kept thumbnail of a picture, or make it."""
    index, body = context.archive.index, b""
    if context.shows_thumbnails and (capture.status or 200) < 400 and _PICTURES.match(capture.mime or "image/"):
        body = get_thumbnail(
            context.archive.folder,
            capture.payload_digest or capture.record_id,
            load=lambda: load_capture(context, capture).body,
            is_archived=lambda: index.ask(cdx.get_cdx_line, capture.id) is not None,
        )
    if not body:
        return Response("no picture", 404, media_type="text/plain")
    return Response(body, headers=_headers("image/jpeg"))


def _headers(found: str | None) -> dict[str, str]:
    headers = {"content-security-policy": CSP, "cache-control": CACHE_CONTROL, "vary": "sec-fetch-site"}
    if found is None:
        return headers | {"content-disposition": "attachment", "content-type": "application/octet-stream"}
    # The sandboxed frame has an opaque origin, so that everything it embeds is cross-origin.
    headers["cross-origin-resource-policy"] = "cross-origin"
    if found.startswith("font/"):
        # Browsers fetch fonts as cross-origin even from the page's host.
        headers["access-control-allow-origin"] = "*"
    return headers | {"content-type": "text/css; charset=utf-8" if found == "text/css" else found}


def follow_redirects(context: RequestContext, capture: CaptureView) -> list[CaptureView]:
    """Return a capture and the captures of its redirects, each the nearest in time; stops before a loop."""
    chain = [capture]
    while len(chain) < MAX_REDIRECTS and chain[-1].redirect_url and is_redirect(chain[-1]):
        further = context.index.ask(
            timeline.find_nearest_capture, chain[-1].redirect_url, chain[-1].fetched_at, to_the_second=False
        )
        if further is None or any(further.id == each.id for each in chain):
            break
        chain.append(further)
    return chain[:1] if is_redirect(chain[-1]) else chain


def is_redirect(capture: CaptureView) -> bool:
    """Return True for a redirect other than 304."""
    return capture.status is not None and 300 <= capture.status < 400 and capture.status != 304


def _rewrite_stylesheet(context: RequestContext, capture: CaptureView, text: str, token: str) -> str:
    links = ReplayLinks(timestamp=format_timestamp(capture.fetched_at), token=token)
    if token.endswith(BARE):
        text = css.hide_fixed(text)
    urls: dict[str, None] = {}
    css.rewrite_css(text, capture.url, lambda url, _kind: urls.setdefault(url))
    archived = context.index.ask(timeline.select_archived_urls, urls)
    return css.rewrite_css(text, capture.url, lambda url, kind: links.embed_url(url, kind) if url in archived else None)


# /web/20260301060504/https://news.example/a: an archived page in a frame.
#
#     /web/20260301/URL            redirects to the nearest capture, as /web/20260301060504~20260301/URL if its time
#                                  differs from the requested one, so that the frame can show the difference
#     /web/20260301060504/URL      page of the archive with a banner and a sandboxed frame with
#     /web/20260301060504mp_/URL   the sanitised archived HTML (newsarchive/web/snapshot)
#     /web/20260301060504bare_/URL, 20260301060504mp_bare_/URL   both without overlays, such as "please log in"
#     /web/URL, /web/*/URL         the newest capture; the calendar
#
# There are three independent layers of protection: the HTML is sanitised of scripts and of everything that fetches; its
# own policy allows no execution and no external requests; the frame is a sandbox without an origin.

FRAME_CSP = (
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; default-src 'none'; "
    "img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; media-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""Policy of an archived page. A click may navigate the whole window: all links lead to pages of the archive."""
MAX_TEXT_SIZE = 200_000
"""Bytes of a text that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCapture:
    """A capture with its response."""

    capture: CaptureView
    answer: ResponseStream | None
    """None if it is not available; `problem` has the reason."""
    body: bytes
    """Decoded body."""
    problem: str = ""

    @property
    def display(self) -> Display:
        """Return the way in which the body is shown."""
        return choose_display(self.capture.mime or media_type(self.answer.headers if self.answer else ()), self.body)

    def sanitize(self, index: Reader) -> SanitizedPage | TooLarge | None:
        """Return the sanitised page, without what is withheld."""
        assert self.answer is not None
        page = sanitize_page(decode(self.body, self.answer.headers), self.capture.url)
        if index.exclude and isinstance(page, SanitizedPage):
            urls = {url for _, url, _ in page.links} | {page.refresh_url or ""}
            withheld = index.ask(find_withheld_urls, urls | page.requisites().keys())
            names = index.ask(load_names, withheld).values()
            texts = [element.text_content() for element, url, _ in page.links if url in withheld]
            version = index.ask(articles.get_version, self.capture.version_id or 0) if withheld else None
            own_text = " ".join(each.text for each in version.all_paragraphs) if version else ""
            page.withhold(withheld, index.ask(load_mask, [*texts, *chain.from_iterable(names)]).apply, own_text)
        return page


def load_capture(context: RequestContext, capture: CaptureView) -> LoadedCapture:
    """Return a capture with its response, as far as available."""
    line = context.find(cdx.get_cdx_line, capture.id, what="such capture")
    answer, body, reason = None, b"", ""
    try:
        opened = archived_response.open_archived_response(context, line)
        with StorageError.replace_os_errors("warc-unreadable", warc=line.warc), opened as answer:
            entity = b"".join(answer.chunks)
        display = choose_display(capture.mime or media_type(answer.headers), entity)
        is_data = display is Display.TEXT or capture.outcome in {Outcome.FEED, Outcome.SITEMAP}
        if is_data and names_withheld(context.index, context.archive.places, line):
            raise NotFound(WITHHELD_BYTES)
        body = decode_entity(entity, answer.headers, context.archive.config.max_body_size)
    except NotFound as problem:
        answer, reason = None, str(problem)
    except PayloadError as problem:
        reason = str(problem)
    return LoadedCapture(capture=capture, answer=answer, body=body, problem=reason)


@router.get("/web/*/{url:path}")
def redirect_to_calendar(request: Request) -> Response:
    """Redirect to the calendar."""
    url = quote_url(archived_url(request.scope, "/web/*/")).replace("&", "%26")
    return RedirectResponse(f"/calendar?url={url}", 302)


@router.get("/web/{digits:int}mp_bare_/{url:path}")
@router.get("/web/{digits:int}mp_/{url:path}")
def frame_content(request: Request, context: Context, digits: int) -> Response:
    """Return the sanitised archived HTML."""
    if request.headers.get("service-worker"):
        raise HTTPException(403, "Archived scripts may not be service workers of the archive.")
    bare = BARE if request.url.path.startswith(f"/web/{digits}mp_{BARE}/") else ""
    url, time = archived_url(request.scope, f"/web/{digits}mp_{bare}/"), parse_time_or_404(str(digits))
    if request.headers.get("sec-fetch-dest") == "document":
        # Opened directly it would look like a page of the archive, without its banner.
        return RedirectResponse(f"/web/{digits}{bare}/{quote_url(url)}", 302, {"vary": "sec-fetch-dest"})
    capture = context.find(timeline.find_nearest_capture, url, time, what=f"capture of {url}")
    if (at := format_timestamp(capture.fetched_at)) != str(digits):
        return RedirectResponse(f"/web/{at}mp_{bare}/{quote_url(capture.url)}", 302)
    shown = load_capture(context, capture)
    page = shown.sanitize(context.index) if shown.answer and shown.display is Display.HTML else None
    if not isinstance(page, SanitizedPage):
        raise HTTPException(404, "This capture cannot be shown as a page.")
    if bare:
        page.hide_overlays()
    links = ReplayLinks(timestamp=at, token=EMBED_TOKEN + bare)
    archived = context.index.ask(timeline.select_archived_urls, page.requisites())
    html = page.to_html(links.page_url, lambda url, kind: links.embed_url(url, kind) if url in archived else None)
    headers = {"content-security-policy": FRAME_CSP, "x-dns-prefetch-control": "off", "vary": "sec-fetch-dest"}
    return HTMLResponse(html, headers=headers)


@router.get("/web/{digits:int}~{requested:int}/{url:path}")
@router.get("/web/{digits:int}bare_/{url:path}")
@router.get("/web/{digits:int}/{url:path}")
def snapshot(request: Request, context: Context, digits: int) -> Response:
    """Return the capture of a second, or redirect to the nearest; with the time that was requested, if it is given."""
    requested = request.path_params.get("requested")
    target = digits if requested is None else requested
    bare = BARE if request.url.path.startswith(f"/web/{digits}{BARE}/") else ""
    url = archived_url(request.scope, f"/web/{digits}{bare}/" if requested is None else f"/web/{digits}~{requested}/")
    first = context.index.ask(timeline.find_nearest_capture, url, parse_time_or_404(str(digits)))
    if first is None:
        return render_not_archived(context, url)
    chain = follow_redirects(context, first)
    capture = chain[-1]
    at = format_timestamp(capture.fetched_at)
    if at != str(digits) or len(chain) > 1:
        distance = "" if at.startswith(str(target)) else f"~{target}"
        return RedirectResponse(f"/web/{at}{bare or distance}/{quote_url(capture.url)}", 302)
    if capture.redirect_url and is_redirect(capture):
        return render_not_archived(context, capture.redirect_url, redirected=(capture,))
    shown = load_capture(context, capture)
    return _render_snapshot(context, shown, None if requested is None else parse_time_or_404(str(requested)), bare)


@router.get("/web/http{rest:path}")
def redirect_to_newest(request: Request, context: Context) -> Response:
    """Redirect to the newest capture."""
    url = archived_url(request.scope, "/web/")
    capture = context.index.ask(timeline.find_nearest_capture, url, context.now)
    if capture is None:
        return render_not_archived(context, url)
    return RedirectResponse(f"/web/{format_timestamp(capture.fetched_at)}/{quote_url(capture.url)}", 302)


def parse_time_or_404(digits: str) -> datetime:
    """Parse a timestamp; 404 if it is invalid."""
    if (time := timestamp_middle(digits)) is None:
        raise HTTPException(404, f"{digits} is not a timestamp (up to 14 digits, YYYYMMDDhhmmss).")
    return time


def _render_snapshot(context: RequestContext, shown: LoadedCapture, requested: datetime | None, bare: str) -> Response:
    capture = shown.capture
    here = format_timestamp(capture.fetched_at)
    links = ReplayLinks(timestamp=here, token=EMBED_TOKEN)
    page = shown.sanitize(context.index) if shown.answer and shown.display is Display.HTML else None
    is_text = shown.display is Display.TEXT
    requisites = page.requisites() if isinstance(page, SanitizedPage) else {}
    ask = context.index.ask
    found = ask(timeline.select_archived_urls, requisites) | ask(find_withheld_urls, requisites)
    response = context.render(
        "snapshot.html",
        capture=capture,
        status_sent=(shown.answer.status or 200) if shown.answer else capture.status,
        kind=shown.display.name.lower() if not shown.problem else "problem",
        problem=page.reason if isinstance(page, TooLarge) else shown.problem,
        too_large=isinstance(page, TooLarge) or (shown.display is Display.HTML and page is None),
        title=(page.title if isinstance(page, SanitizedPage) else "") or capture.title or capture.url,
        refresh_url=page.refresh_url if isinstance(page, SanitizedPage) else None,
        frame=ReplayLinks(timestamp=here, token=bare).embed_url(capture.url, EmbedKind.FRAMED),
        bare=bare,
        image=links.embed_url(capture.url, EmbedKind.IMAGE),
        text=decode(shown.body[:MAX_TEXT_SIZE], shown.answer.headers) if shown.answer and is_text else "",
        is_cut=len(shown.body) > MAX_TEXT_SIZE,
        size=len(shown.body),
        requested=requested,
        span=context.index.ask(timeline.get_capture_span, capture.url),
        beside=context.index.ask(timeline.get_adjacent_times, capture.url, capture.fetched_at),
        missing=[each for each in requisites.items() if each[0] not in found],
        here=here,
    )
    response.headers.update(memento_headers(context, capture.url, capture.fetched_at))
    return response
