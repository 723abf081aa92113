"""/web/20260301060504im_/URL: page requisites, that is images, stylesheets, fonts, audio and video.

Nothing is served under a type that a browser would execute. Requisites are looked up by time, redirects are followed,
and nothing is fetched live.
"""

import secrets
from contextlib import ExitStack

from fastapi import APIRouter, HTTPException, Request, Response

from newsarchive.export.withheld_records import names_withheld
from newsarchive.extract.decode import decode
from newsarchive.web.archived_response import (
    MAX_IN_MEMORY,
    ArchivedResponse,
    content_coding,
    open_archived_response,
    read_beginning,
    stream_body,
)
from newsarchive.web.context import Context, RequestContext
from newsarchive.web.responses.streaming import ClosingStreamingResponse
from newsarchive.web.snapshot import css
from newsarchive.web.snapshot.media_types import is_font, safe_media_type
from newsarchive.web.snapshot.replay_links import EmbedKind, ReplayLinks
from newsarchive.web.timestamps import format_timestamp, timestamp_middle
from newsarchive.web.wb_url import archived_url
from storage.errors import NotFound, PayloadError
from storage.index.queries.cdx import get_cdx_line
from storage.index.queries.timeline import find_nearest_capture, select_archived_urls
from storage.index.views.articles import CaptureView
from storage.index.views.cdx import CdxLine
from storage.warc.record import header

router = APIRouter(include_in_schema=False)

EMBED_TOKEN = secrets.token_hex(5)
"""Part of the URLs that the archive's own frames embed; new at each start."""
CSP = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
MAX_REDIRECTS = 10
CACHE_CONTROL = "private, max-age=600"


def _add_routes(kind: EmbedKind) -> None:
    """Add the two routes of a kind: URLs with the token, which the archive's own frames use, and URLs without."""

    def with_token(request: Request, context: Context, digits: int, token: str) -> Response:
        return _serve_requisite(request, context, digits, kind, token)

    def without_token(request: Request, context: Context, digits: int) -> Response:
        return _serve_requisite(request, context, digits, kind, "")

    router.add_api_route(f"/web/{{digits:int}}{kind}{{token}}/{{url:path}}", with_token)
    router.add_api_route(f"/web/{{digits:int}}{kind}/{{url:path}}", without_token)


for _kind in (EmbedKind.IMAGE, EmbedKind.STYLE, EmbedKind.OTHER):
    _add_routes(_kind)


def _serve_requisite(request: Request, context: RequestContext, digits: int, kind: EmbedKind, token: str) -> Response:
    is_ours = secrets.compare_digest(token.encode(), EMBED_TOKEN.encode())
    if request.headers.get("service-worker") or (
        request.headers.get("sec-fetch-site") in ("cross-site", "same-site") and not is_ours
    ):
        raise HTTPException(403, "Archived resources may be embedded by the archive's own pages only.")
    url = archived_url(request, f"/web/{digits}{kind}{token}/")
    time = timestamp_middle(str(digits))
    capture = context.index.ask(find_nearest_capture, url, time, to_the_second=False) if time else None
    capture = follow_redirects(context, capture)[-1] if capture else None
    line = context.index.ask(get_cdx_line, capture.id) if capture and not is_redirect(capture) else None
    if capture is None or line is None or names_withheld(context.index, context.archive.places, line):
        return Response("not archived", 404, media_type="text/plain")
    return _send_requisite(context, capture, line, kind, token)


def _send_requisite(
    context: RequestContext, capture: CaptureView, line: CdxLine, kind: EmbedKind, token: str
) -> Response:
    """Return a body under a type that its bytes confirm. Large bodies are streamed, except stylesheets."""
    with ExitStack() as opened:
        try:
            stream = opened.enter_context(open_archived_response(context, line))
            body = read_beginning(stream.chunks)
            is_large = (
                len(body) >= MAX_IN_MEMORY and content_coding(stream.headers) is None and kind is not EmbedKind.STYLE
            )
            if not is_large:
                whole = ArchivedResponse(
                    status=stream.status or 200, headers=stream.headers, entity=b"".join((body, *stream.chunks))
                )
                body = whole.decode(context.archive.config.max_body_size)
        except (NotFound, PayloadError):
            return Response("not archived whole", 404, media_type="text/plain")
        claimed = (header(stream.headers, "Content-Type") or capture.mime or "").partition(";")[0].strip()
        found = safe_media_type(kind, claimed, body) if (stream.status or 200) < 400 else None
        if found == "text/css":
            body = _rewrite_stylesheet(context, capture, decode(body, stream.headers), token).encode("utf-8", "replace")
        headers = _headers(found)
        if is_large:
            return ClosingStreamingResponse(stream_body(opened.pop_all(), body, stream.chunks), headers=headers)
        return Response(body, headers=headers)


def _headers(found: str | None) -> dict[str, str]:
    headers = {"content-security-policy": CSP, "cache-control": CACHE_CONTROL, "vary": "sec-fetch-site"}
    if found is None:
        return headers | {"content-disposition": "attachment", "content-type": "application/octet-stream"}
    # The sandboxed frame has an opaque origin, so that everything it embeds is cross-origin.
    headers["cross-origin-resource-policy"] = "cross-origin"
    if is_font(found):
        headers["access-control-allow-origin"] = "*"
    return headers | {"content-type": "text/css; charset=utf-8" if found == "text/css" else found}


def follow_redirects(context: RequestContext, capture: CaptureView) -> list[CaptureView]:
    """Return a capture and the captures of its redirects, each the nearest in time; stops before a loop."""
    chain = [capture]
    while len(chain) < MAX_REDIRECTS and chain[-1].redirect_url and is_redirect(chain[-1]):
        further = context.index.ask(
            find_nearest_capture, chain[-1].redirect_url, chain[-1].fetched_at, to_the_second=False
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
    urls: dict[str, None] = {}
    css.rewrite_css(text, capture.url, lambda url, _kind: urls.setdefault(url))
    archived = context.index.ask(select_archived_urls, urls)
    return css.rewrite_css(text, capture.url, lambda url, kind: links.embed_url(url, kind) if url in archived else None)
